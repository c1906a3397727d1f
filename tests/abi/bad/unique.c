/* A symbol that is unique in the process, as C++ makes for inline variables: two versions would share it. */
#include "body.h"
__asm__(".pushsection .data\n"
        ".globl shared_by_all\n"
        ".type shared_by_all, @gnu_unique_object\n"
        ".size shared_by_all, 4\n"
        "shared_by_all: .long 0\n"
        ".popsection\n");
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
