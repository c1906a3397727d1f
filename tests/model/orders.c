/* orders.c - tries the scenarios with the orders as written, then with each order weakened in turn.
 *
 * orders EXPECTED [--deep] [--only SCENARIO] [--show KEY]
 *
 * EXPECTED lists the orders of the code under test that no scenario needs, with a reason each. All others must be refuted when they
 * are weakened: some execution of some scenario goes wrong. So a new atomic in a file that is compiled in here needs a scenario,
 * or a line there that says why not.
 */
#include "explore.h"
#include "litmus.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern struct explore_site *__start_explore_sites[], *__stop_explore_sites[];

static const struct group {
    const struct scenario *sc;
    const unsigned *n;
} groups[] = {
    {mbox_scenarios, &mbox_scenarios_n},
    {runq_scenarios, &runq_scenarios_n},
    {sched_scenarios, &sched_scenarios_n},
    {actor_scenarios, &actor_scenarios_n},
    {timer_scenarios, &timer_scenarios_n},
};
enum { SCENARIOS = 63, SELF = 63 }; /* bits of explore_site.ran */
static const struct scenario *all[SCENARIOS];
static uint64_t cost[SCENARIOS];
static int nall;
static bool deep;
static int failures;

static void
say(bool ok, const char *what, const char *text, struct explored e)
{
    failures += !ok;
    printf("%s %s: %s (%llu executions, %llu states)\n", ok ? "ok   " : "FAIL ", what, text,
           (unsigned long long)e.executions, (unsigned long long)e.states);
    fflush(stdout);
}

static void
self_test(void)
{
    for (unsigned i = 0; i < self_tests_n; i++) {
        const struct self_test *t = &self_tests[i];
        struct explored e = explore(&t->sc, SELF);
        bool ok = (e.bad == NULL) == t->fine;

        if (!ok || getenv("VERBOSE"))
            say(ok, t->sc.name, e.bad ? e.bad : "nothing found", e);
    }
    printf("ok    %u tests of the explorer itself\n", self_tests_n);
}

/* --- orders of the code --- */

static const char *
order_name(int o)
{
    switch (o) {
    case -1:
        return "none";
    case __ATOMIC_RELAXED:
        return "relaxed";
    case __ATOMIC_ACQUIRE:
        return "acquire";
    case __ATOMIC_RELEASE:
        return "release";
    case __ATOMIC_ACQ_REL:
        return "acq_rel";
    default:
        return "seq_cst";
    }
}

static const char *
under_host(const char *file)
{
    const char *p = strstr(file, "host/");

    return p == NULL ? NULL : p + 5;
}

/* One step weaker: up to two ways. */
static unsigned
weaker(const struct explore_site *s, int out[2])
{
    bool rmw = strcmp(s->op, "load") != 0 && strcmp(s->op, "store") != 0 && strcmp(s->op, "cas-fails") != 0;

    if (strcmp(s->op, "signal_fence") == 0 || strcmp(s->op, "barrier") == 0) {
        out[0] = -1;
        return 1;
    }
    switch (s->order) {
    case __ATOMIC_SEQ_CST:
        out[0] = rmw ? __ATOMIC_ACQ_REL : strcmp(s->op, "store") == 0 ? __ATOMIC_RELEASE : __ATOMIC_ACQUIRE;
        return 1;
    case __ATOMIC_ACQ_REL:
        out[0] = __ATOMIC_ACQUIRE;
        out[1] = __ATOMIC_RELEASE;
        return 2;
    case __ATOMIC_ACQUIRE:
    case __ATOMIC_RELEASE:
        out[0] = __ATOMIC_RELAXED;
        return 1;
    default:
        return 0;
    }
}

static bool
same_text(const struct explore_site *a, const struct explore_site *b)
{
    return strcmp(a->file, b->file) == 0 && strcmp(a->func, b->func) == 0 && strcmp(a->op, b->op) == 0 &&
           strcmp(a->what, b->what) == 0;
}

/* A header's operation is there once a file that includes it: copies have the same line. */
static bool
copies(const struct explore_site *a, const struct explore_site *b)
{
    return a->line == b->line && same_text(a, b);
}

static size_t
nsites(void)
{
    return (size_t)(__stop_explore_sites - __start_explore_sites);
}

static void
number_sites(void)
{
    for (size_t i = 0; i < nsites(); i++) {
        struct explore_site *s = __start_explore_sites[i];

        s->nth = 1;
        for (size_t k = 0; k < nsites(); k++) { /* distinct lines before it */
            const struct explore_site *o = __start_explore_sites[k];
            bool first = same_text(s, o) && o->line < s->line;

            for (size_t j = 0; j < k && first; j++)
                first = !copies(__start_explore_sites[j], o);
            s->nth += first;
        }
    }
}

static void
key_of(const struct explore_site *s, int to, char out[256])
{
    char nth[16] = "";

    if (s->nth > 1)
        snprintf(nth, sizeof nth, "#%d", s->nth);
    snprintf(out, 256, "%s %s %s(%s)%s %s->%s", under_host(s->file), s->func, s->op, s->what, nth,
             order_name(s->order), order_name(to));
}

static void
set(const struct explore_site *s, int order)
{
    for (size_t i = 0; i < nsites(); i++)
        if (copies(s, __start_explore_sites[i]))
            __start_explore_sites[i]->now = order;
}

static uint64_t
ran(const struct explore_site *s)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < nsites(); i++)
        if (copies(s, __start_explore_sites[i]))
            bits |= __start_explore_sites[i]->ran;
    return bits & ~(UINT64_C(1) << SELF);
}

/* --- EXPECTED --- */

static struct line {
    char key[256];
    bool used;
} lines[200];
static unsigned nlines;

static void
read_expected(const char *path)
{
    FILE *f = fopen(path, "r");
    char buf[512];

    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (fgets(buf, sizeof buf, f) != NULL && nlines < 200) {
        char *bar = strstr(buf, " | ");

        if (buf[0] == '#' || buf[0] == '\n')
            continue;
        if (bar == NULL || bar[3] == '\n') {
            printf("FAIL  %s: no reason: %s", path, buf);
            failures++;
            continue;
        }
        *bar = '\0';
        snprintf(lines[nlines++].key, sizeof lines->key, "%.255s", buf);
    }
    fclose(f);
}

/* A line that ends with * stands for all that begin alike. */
static struct line *
expected(const char *key)
{
    for (unsigned i = 0; i < nlines; i++) {
        size_t n = strlen(lines[i].key);

        if (n > 0 && lines[i].key[n - 1] == '*' ? strncmp(lines[i].key, key, n - 1) == 0
                                                : strcmp(lines[i].key, key) == 0)
            return &lines[i];
    }
    return NULL;
}

/* --- */

static void
weaken(const struct explore_site *s, int to, const char *show, unsigned *refuted, unsigned *listed)
{
    struct explored e = {0};
    struct line *l;
    char key[256], text[400];
    uint64_t bits = ran(s), tried = 0;
    int found = -1;

    key_of(s, to, key);
    if (show != NULL && strcmp(show, key) != 0)
        return;
    set(s, to);
    while (found < 0) { /* the cheapest first */
        int best = -1;

        for (int i = 0; i < nall; i++)
            if (bits >> i & 1 && !(tried >> i & 1) && (best < 0 || cost[i] < cost[best]))
                best = i;
        if (best < 0)
            break;
        tried |= UINT64_C(1) << best;
        e = explore(all[best], best);
        if (e.bad != NULL)
            found = best;
    }
    if (show != NULL && found >= 0) {
        printf("%s\n", all[found]->name);
        explore_show();
    }
    set(s, s->order);
    l = expected(key);
    if (l != NULL)
        l->used = true;
    if (found >= 0) {
        snprintf(text, sizeof text, "%s: %s%s", all[found]->name, e.bad,
                 l != NULL ? "; yet it is listed as not needed" : "");
        (*refuted)++;
        say(l == NULL, key, text, e);
    } else {
        (*listed) += l != NULL;
        if (l == NULL)
            say(false, key, bits == 0 ? "no scenario comes here" : "no scenario needs it", e);
    }
}

int
main(int argc, char **argv)
{
    const char *only = NULL, *show = NULL;
    unsigned refuted = 0, listed = 0;
    bool wrong = false;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--deep") == 0)
            deep = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--show") == 0 && i + 1 < argc)
            show = argv[++i];
    }
    if (argc < 2)
        return 2;
    read_expected(argv[1]);
    number_sites();
    self_test();
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (unsigned k = 0; k < *groups[i].n; k++)
            if ((deep || !groups[i].sc[k].long_one) && (only == NULL || strstr(groups[i].sc[k].name, only))) {
                if (nall == SCENARIOS)
                    abort();
                all[nall++] = &groups[i].sc[k];
            }
    for (int i = 0; i < nall; i++) {
        struct explored e = explore(all[i], i);

        cost[i] = e.executions;
        wrong |= e.bad != NULL;
        say(e.bad == NULL, all[i]->name, e.bad ? e.bad : "every execution is right", e);
        explore_show();
    }
    for (size_t i = 0; i < nsites() && !wrong && (only == NULL || show != NULL); i++) {
        const struct explore_site *s = __start_explore_sites[i];
        bool seen = under_host(s->file) == NULL;
        int to[2];
        unsigned n = weaker(s, to);

        for (size_t k = 0; k < i && !seen; k++)
            seen = copies(__start_explore_sites[k], s);
        for (unsigned k = 0; k < n && !seen; k++)
            weaken(s, to[k], show, &refuted, &listed);
    }
    for (unsigned i = 0; i < nlines; i++)
        if (!lines[i].used && !wrong && only == NULL && show == NULL) {
            printf("FAIL  listed, but no such order is in the code: %s\n", lines[i].key);
            failures++;
        }
    printf("%u weakened orders refuted, %u listed as not needed, %d failures\n", refuted, listed, failures);
    return failures != 0;
}
