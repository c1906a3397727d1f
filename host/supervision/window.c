/* window.c - see window.h. */
#include "supervision/window.h"
#include <string.h>

void
window_clear(struct window *w)
{
    memset(w, 0, sizeof *w);
}

void
window_expire(struct window *w, uint32_t now_ms, uint64_t idle_ms, uint32_t span_ms)
{
    if (idle_ms > span_ms) {
        window_clear(w);
        return;
    }
    /* All are at most WINDOW_MAX_MS older than the last call, which is at most that old: far from wrapping.
     */
    while (w->groups > 0 && now_ms - w->at_ms[w->first] > span_ms) {
        w->first = (uint8_t)((w->first + 1) % WINDOW_GROUPS);
        w->groups--;
    }
}

uint32_t
window_count(const struct window *w)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < w->groups; i++)
        sum += w->count[(w->first + i) % WINDOW_GROUPS];
    return sum;
}

void
window_add(struct window *w, uint32_t now_ms, uint32_t limit)
{
    uint32_t per_group = (limit + WINDOW_GROUPS - 1) / WINDOW_GROUPS;
    unsigned at = (unsigned)(w->first + w->groups + WINDOW_GROUPS - 1) % WINDOW_GROUPS; /* the newest */

    if (w->groups > 0 && w->count[at] < per_group && w->count[at] < UINT16_MAX) {
        w->count[at]++;
        return;
    }
    if (w->groups == WINDOW_GROUPS) {
        w->first = (uint8_t)((w->first + 1) % WINDOW_GROUPS);
        w->groups--;
    }
    at = (at + 1) % WINDOW_GROUPS;
    w->at_ms[at] = now_ms;
    w->count[at] = 1;
    w->groups++;
}
