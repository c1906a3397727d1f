/* actord-sim - runs seeds through the simulation. See README.md. */
#include "swarm.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int
usage(FILE *to)
{
    fprintf(to, "actord-sim --seeds A..B    run these; every 100th twice, its hash must be the same\n"
                "actord-sim --seed N [--trace]    run one, show its options, and every step\n");
    return to == stdout ? 0 : 2;
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
report(const struct options *o, const struct run_report *r, const char *wrong, const char *self)
{
    if (wrong == NULL)
        return true;
    swarm_print(o, stdout);
    printf("FAILED seed %" PRIu64 ": %s\n  after %" PRIu64 " steps, %" PRIu64
           " virtual ms; replay: %s --seed %" PRIu64 " --trace\n",
           o->seed, wrong, r->steps, r->virtual_ms, self, o->seed);
    fflush(stdout);
    return false;
}

static int
run_one(uint64_t seed, bool trace, const char *self)
{
    struct run_report r;
    struct options o;
    const char *wrong;

    swarm_options(&o, seed);
    swarm_print(&o, stdout);
    wrong = swarm_run(&o, &r, trace ? stdout : NULL);
    printf("steps %" PRIu64 " turns %" PRIu64 " virtual ms %" PRIu64
           " actors %u swaps %u reverted %u stolen %u\nhash %016" PRIx64 "\n",
           r.steps, r.turns, r.virtual_ms, r.actors, r.swaps, r.reverted, r.steals, r.hash);
    return report(&o, &r, wrong, self) ? 0 : 1;
}

static int
run_many(uint64_t from, uint64_t to, const char *self)
{
    uint64_t turns = 0, virtual_ms = 0, swaps = 0, reverted = 0, steals = 0, twice = 0;
    double start = seconds();

    for (uint64_t seed = from; seed <= to; seed++) {
        struct run_report r, again;
        struct options o;
        const char *wrong;

        swarm_options(&o, seed);
        wrong = swarm_run(&o, &r, NULL);
        if (!report(&o, &r, wrong, self))
            return 1;
        if (seed % 100 == 0) {
            twice++;
            wrong = swarm_run(&o, &again, NULL);
            if (wrong != NULL || again.hash != r.hash) {
                report(&o, &again, wrong != NULL ? wrong : "run twice, it gives two hashes", self);
                return 1;
            }
        }
        turns += r.turns;
        virtual_ms += r.virtual_ms;
        swaps += r.swaps;
        reverted += r.reverted;
        steals += r.steals;
    }
    printf(
        "%" PRIu64 " seeds (%" PRIu64 " of them twice, equal) in %.1f s: %" PRIu64
        " turns, %.1f virtual hours, %" PRIu64 " swaps (%" PRIu64 " taken back), %" PRIu64 " tasks stolen\n",
        to - from + 1, twice, seconds() - start, turns, (double)virtual_ms / 3600e3, swaps, reverted, steals);
    /* a run that does little proves little */
    if (turns / (to - from + 1) < 100) {
        printf("FAILED: too little happens in a seed\n");
        return 1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    uint64_t from = 1, to = 2000, seed = 0;
    bool one = false, trace = false;

    for (int i = 1; i < argc; i++) {
        char *dots = i + 1 < argc ? strstr(argv[i + 1], "..") : NULL;

        if (strcmp(argv[i], "--help") == 0)
            return usage(stdout);
        if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
            one = true;
        } else if (strcmp(argv[i], "--seeds") == 0 && dots != NULL) {
            from = strtoull(argv[++i], NULL, 10);
            to = strtoull(dots + 2, NULL, 10);
        } else {
            return usage(stderr);
        }
    }
    if (to < from)
        return usage(stderr);
    return one ? run_one(seed, trace, argv[0]) : run_many(from, to, argv[0]);
}
