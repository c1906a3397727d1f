/* random.h - small fast generator (splitmix64 seeding, xoshiro256**-class quality); not for secrets. One owner thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H
#include <stdint.h>

struct rng {
    uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n); n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
