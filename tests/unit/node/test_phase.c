/* test_phase.c - order of starting and stopping, and the one deadline. */
#include "node/phase.h"
#include <criterion/criterion.h>
#include <string.h>

struct world {
    char done[64];
    struct env_fake env;
    const char *fail;
};

static int
begin(struct world *w, const char *name, struct err *e)
{
    if (w->fail != NULL && strcmp(w->fail, name) == 0)
        return err_set(e, ERR_IO, "the disk is gone");
    strcat(w->done, name);
    return 0;
}

static bool
end(struct world *w, const char *name)
{
    strcat(w->done, "-");
    strcat(w->done, name);
    w->env.mono_ns += 4000000000; /* each takes 4 s */
    return true;
}

#define PHASE(x)                                            \
    static int start_##x(void *c, struct err *e)            \
    {                                                       \
        return begin(c, #x, e);                             \
    }                                                       \
    static bool stop_##x(void *c, const struct deadline *d) \
    {                                                       \
        (void)d;                                            \
        return end(c, #x);                                  \
    }
PHASE(a)
PHASE(b)
PHASE(c)

static bool
stop_late(void *c, const struct deadline *d)
{
    return end(c, "late") && deadline_left_ns(d) > 0;
}

static const struct phase table[] = {
    {"log", start_a, stop_a}, {"disk", start_b, stop_b}, {"actors", start_c, stop_c}};

Test(phase, phases_stop_in_the_reverse_order_of_their_start)
{
    struct world w = {.done = ""};
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, table, 3, &w);
    cr_assert_eq(phases_start(&p, &w.env.env, 1000000000, &e), 0);
    deadline_init(&d, &w.env.env, 60000000000);
    cr_expect_eq(phases_stop(&p, &d), 0);
    cr_expect_str_eq(w.done, "abc-c-b-a");
    cr_expect_eq(phases_stop(&p, &d), 0); /* once only */
    cr_expect_str_eq(w.done, "abc-c-b-a");
}

Test(phase, a_failing_start_stops_what_had_started_and_names_the_phase)
{
    struct world w = {.done = "", .fail = "c"};
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, table, 3, &w);
    cr_expect_eq(phases_start(&p, &w.env.env, 1000000000, &e), -ERR_IO);
    cr_expect_str_eq(w.done, "ab-b-a");
    cr_expect_str_eq(e.text, "actors: the disk is gone");
}

Test(phase, a_phase_past_the_deadline_is_counted_and_the_others_stop_all_the_same)
{
    static const struct phase slow[] = {
        {"log", start_a, stop_a}, {"slow", start_b, stop_late}, {"top", start_c, NULL}};
    struct world w = {.done = ""};
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, slow, 3, &w);
    cr_assert_eq(phases_start(&p, &w.env.env, 1000000000, &e), 0);
    deadline_init(&d, &w.env.env, 3000000000);
    cr_expect_eq(phases_stop(&p, &d), 1);
    cr_expect_str_eq(w.done, "abc-late-a");
}

Test(phase, the_time_left_shrinks_with_the_clock_and_to_a_tenth_on_hurry)
{
    struct env_fake f;
    struct deadline d;

    env_fake_init(&f, 1);
    deadline_init(&d, &f.env, 10000000000);
    cr_expect_eq(deadline_left_ms(&d), 10000);
    f.mono_ns += 2000000000;
    cr_expect_eq(deadline_left_ns(&d), 8000000000);
    deadline_hurry(&d);
    cr_expect_eq(deadline_left_ms(&d), 800);
    f.mono_ns += 799999999;
    cr_expect_eq(deadline_left_ms(&d), 1);
    f.mono_ns += 1;
    cr_expect_eq(deadline_left_ns(&d), 0);
    f.mono_ns += 1000000000;
    cr_expect_eq(deadline_left_ns(&d), 0);
}
