/* actord.h - the daemon, from the command line to what it asks for.
 *
 * All of the host is in libactord.so, and the program only calls it, so that the host lies where the system maps libraries, as
 * plugins do. A processor remembers where a jump leads by the low bits of the address: each call from the program's own
 * place to a plugin's, and each way back, cost 1.3 cycles more here than one within 64 GiB (measured; four of them a message). A hop in
 * a busy ring took 9 % less.
 */
#ifndef NODE_ACTORD_H
#define NODE_ACTORD_H

/* The program's main(). The one symbol that the library exports. */
__attribute__((visibility("default"))) int actord_main(int argc, char **argv);

#endif
