/* Writes a file as soon as it is loaded: proves that inspect and check load nothing. */
#include "body.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void
write_a_file(void)
{
    const char *path = getenv("ACTOR_TEST_CONSTRUCTOR");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        close(fd);
}
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
