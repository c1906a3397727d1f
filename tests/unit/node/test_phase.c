/* test_phase.c - order of starting and stopping, and the one deadline. */
#include "node/phase.h"
#include <criterion/criterion.h>
#include <string.h>

struct world {
    char done[64];
    struct env_fake env;
    const char *fail;
    int asked;
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

/* Asked three times before it is done. */
static bool
stop_patient(void *c, const struct deadline *d)
{
    struct world *w = c;

    (void)d;
    if (++w->asked < 3)
        return false;
    return end(w, "p");
}

/* Never done. */
static bool
stop_stuck(void *c, const struct deadline *d)
{
    struct world *w = c;

    (void)d;
    w->asked++;
    return false;
}

static void
reload_it(void *c)
{
    strcat(((struct world *)c)->done, "r");
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

static const struct phase table[] = {
    {"log", start_a, stop_a, NULL}, {"disk", start_b, stop_b, NULL}, {"actors", start_c, stop_c, NULL}};

Test(phase, phases_stop_in_the_reverse_order_of_their_start)
{
    struct world w = {.done = ""};
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, table, 3, &w);
    cr_assert_eq(phases_start(&p, &e), 0);
    cr_expect_str_eq(phases_now(&p), "actors");
    deadline_init(&d, &w.env.env, 60000000000);
    cr_expect(phases_stop(&p, &d, NULL));
    cr_expect_str_eq(w.done, "abc-c-b-a");
    cr_expect(phases_stop(&p, &d, NULL)); /* once only */
    cr_expect_str_eq(w.done, "abc-c-b-a");
    cr_expect_null(phases_now(&p));
    cr_expect_eq(p.late, 0);
}

Test(phase, a_failing_start_names_the_phase_and_leaves_those_before_it_to_stop)
{
    struct world w = {.done = "", .fail = "c"};
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, table, 3, &w);
    cr_expect_eq(phases_start(&p, &e), -ERR_IO);
    cr_expect_str_eq(e.text, "actors: the disk is gone");
    deadline_init(&d, &w.env.env, 60000000000);
    cr_expect(phases_stop(&p, &d, NULL));
    cr_expect_str_eq(w.done, "ab-b-a");
}

Test(phase, a_phase_that_needs_time_is_asked_again_before_the_next_one)
{
    static const struct phase slow[] = {{"log", start_a, stop_a, NULL},
                                        {"slow", start_b, stop_patient, NULL}};
    struct world w = {.done = ""};
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, slow, 2, &w);
    cr_assert_eq(phases_start(&p, &e), 0);
    deadline_init(&d, &w.env.env, 60000000000);
    cr_expect_not(phases_stop(&p, &d, NULL));
    cr_expect_str_eq(phases_now(&p), "slow");
    cr_expect_not(phases_stop(&p, &d, NULL));
    cr_expect_str_eq(w.done, "ab");
    cr_expect(phases_stop(&p, &d, NULL));
    cr_expect_str_eq(w.done, "ab-p-a");
}

Test(phase, a_phase_past_the_deadline_is_told_cut_off_and_the_others_stop_all_the_same)
{
    static const struct phase slow[] = {
        {"log", start_a, stop_a, NULL}, {"stuck", start_b, stop_stuck, NULL}, {"top", start_c, NULL, NULL}};
    struct world w = {.done = ""};
    const char *late = NULL;
    struct deadline d;
    struct phases p;
    struct err e;

    env_fake_init(&w.env, 1);
    phases_init(&p, slow, 3, &w);
    cr_assert_eq(phases_start(&p, &e), 0);
    deadline_init(&d, &w.env.env, 3000000000);
    cr_expect_not(phases_stop(&p, &d, &late));
    cr_expect_null(late);
    w.env.mono_ns += 3000000000;
    cr_expect_not(phases_stop(&p, &d, &late)); /* asked a last time, then let go */
    cr_expect_str_eq(late, "stuck");
    cr_expect_eq(w.asked, 2);
    cr_expect(phases_stop(&p, &d, &late));
    cr_expect_null(late);
    cr_expect_eq(p.late, 1);
    cr_expect_str_eq(w.done, "abc-a");
}

Test(phase, a_reload_reaches_the_phases_that_want_it)
{
    static const struct phase some[] = {{"log", start_a, stop_a, reload_it}, {"disk", start_b, stop_b, NULL}};
    struct world w = {.done = ""};
    struct phases p;
    struct err e;

    phases_init(&p, some, 2, &w);
    phases_reload(&p); /* nothing runs yet */
    cr_assert_eq(phases_start(&p, &e), 0);
    phases_reload(&p);
    cr_expect_str_eq(w.done, "abr");
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
