/* histogram.h - how long things took: 32 steps to each power of two, so a quantile is right within 3%. Add and read by one actor. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 32, HISTOGRAM_BUCKETS = 60 * HISTOGRAM_STEPS };
struct histogram {
    uint64_t n, bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned
histogram_index(uint64_t ns)
{
    const unsigned power = ns < HISTOGRAM_STEPS ? 0 : 63u - (unsigned)__builtin_clzll(ns) - 4;

    return power == 0 ? (unsigned)ns
                      : power * HISTOGRAM_STEPS + (unsigned)(ns >> (power - 1)) % HISTOGRAM_STEPS;
}
static inline void
histogram_add(struct histogram *h, uint64_t ns)
{
    h->n++;
    h->bucket[histogram_index(ns)]++;
}
/* The value that `per_mille` of 1,000 do not exceed, in ns; 0 of an empty one. */
static inline uint64_t
histogram_quantile(const struct histogram *h, uint64_t per_mille)
{
    uint64_t below = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->n != 0; i++) {
        below += h->bucket[i];
        if (below * 1000 >= h->n * per_mille) {
            const unsigned power = i / HISTOGRAM_STEPS;

            return power == 0 ? i : (HISTOGRAM_STEPS + (uint64_t)(i % HISTOGRAM_STEPS)) << (power - 1);
        }
    }
    return 0;
}

#endif
