/* main.c - the program: see actord.h. */
#include "node/actord.h"

int
main(int argc, char **argv)
{
    return actord_main(argc, argv);
}
