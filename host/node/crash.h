/* crash.h - a fault that ends the node says first where it came from: plugin, version, actor, message.
 *
 *   fault --> handler on the thread's own fault stack --> lines to standard error and the log file --> the default action
 *
 * The exit status, and a core dump if there is one, are as without it. Best effort: what is read may be what was damaged; a
 * second fault ends the report. Under AddressSanitizer and ThreadSanitizer their reports take its place.
 */
#ifndef NODE_CRASH_H
#define NODE_CRASH_H
struct node;

/* Main thread, of a process whose signals are ours (the daemon). Several nodes may be added; more than CRASH_NODES go unnamed. */
void crash_add(struct node *n);
/* Before anything of n is freed. NULL, and a node that was not added, are allowed. */
void crash_remove(struct node *n);

#endif
