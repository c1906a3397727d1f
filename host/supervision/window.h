/* window.h - "how many in the last T?", for one actor, in 40 bytes.
 *
 *   at[] count[]:   [oldest ....... newest]     ring of 6 groups
 *
 * A group leaves as a whole when its first event is too old. Up to 6 events are told apart, so limits up to 6
 * are exact. A greater limit n puts ceil(n / 6) events into a group and may count that many less one too few,
 * never too many. Times are milliseconds modulo 2^32, so spans may reach WINDOW_MAX_MS. One owner thread;
 * zeroed memory is an empty window.
 */
#ifndef SUPERVISION_WINDOW_H
#define SUPERVISION_WINDOW_H
#include <stdint.h>

#define WINDOW_GROUPS 6
#define WINDOW_MAX_MS UINT32_C(604800000) /* 7 days */

struct window {
    uint32_t at_ms[WINDOW_GROUPS]; /* the first event of the group */
    uint16_t count[WINDOW_GROUPS];
    uint8_t first, groups;
};

/* Forget what is older than span_ms (an age of just span_ms still counts). idle_ms: time since the last call
 * that added to this window or expired it, however long; it keeps the 32-bit times unambiguous. */
void window_expire(struct window *w, uint32_t now_ms, uint64_t idle_ms, uint32_t span_ms);
/* Events that are left. */
uint32_t window_count(const struct window *w);
/* One event now. limit: the greatest count that matters. Call window_expire first. */
void window_add(struct window *w, uint32_t now_ms, uint32_t limit);
void window_clear(struct window *w);

#endif
