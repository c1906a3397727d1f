#include "actor/dead.h"
#include "base/err.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/util.h"
#include <criterion/criterion.h>
#include <string.h>

#define S UINT64_C(1000000000)

static struct env_fake fake;
static struct dead_ring *ring;
static struct dead_counts counts;
static uint64_t suppressed, next;
static struct dead_letter out[1000];

static void
setup(void)
{
    env_fake_init(&fake, 1);
    memset(&counts, 0, sizeof counts);
    cr_assert_eq(dead_ring_new(&ring, &fake.env, 0), 0);
}

static void
teardown(void)
{
    dead_ring_free(ring);
    cr_assert_eq(fake.live_bytes, 0);
}

TestSuite(dead, .init = setup, .fini = teardown);

static bool
add(enum dead_reason reason, uint64_t now, const char *payload)
{
    struct dead_letter l = {.real_ns = now,
                            .sender = actor_ref_make_(1, 4, 1),
                            .target = actor_ref_make_(1, 12, 3),
                            .type = 77,
                            .reason = reason,
                            .payload_bytes = (uint32_t)strlen(payload)};

    return dead_add(ring, &counts, &l, payload, now, false, &suppressed);
}

static uint64_t
sum(enum dead_reason reason)
{
    const struct dead_counts *const all[] = {&counts, NULL};

    return dead_sum(all, 2, reason);
}

Test(dead, letter_is_kept_as_it_was)
{
    struct dead_letter l = {.real_ns = 5,
                            .sender = actor_ref_make_(1, 2, 3),
                            .target = actor_ref_make_(1, 4, 5),
                            .type = 6,
                            .code = -7,
                            .reason = DEAD_failed,
                            .payload_bytes = 300};
    uint8_t payload[300];

    memset(payload, 0xab, sizeof payload);
    cr_assert(dead_add(ring, &counts, &l, payload, S, false, &suppressed));
    cr_assert_eq(dead_copy(ring, 0, out, 1000, &next), 1u);
    cr_assert_eq(out[0].seq, 1u);
    cr_assert_eq(next, 2u);
    cr_assert_eq(out[0].real_ns, 5u);
    cr_assert(actor_ref_eq(out[0].sender, l.sender));
    cr_assert(actor_ref_eq(out[0].target, l.target));
    cr_assert_eq(out[0].type, 6u);
    cr_assert_eq(out[0].code, -7);
    cr_assert_eq(out[0].reason, (uint32_t)DEAD_failed);
    cr_assert_eq(out[0].payload_bytes, 300u);
    cr_assert_eq(out[0].kept_bytes, (uint32_t)DEAD_PAYLOAD);
    cr_assert_eq(memcmp(out[0].payload, payload, DEAD_PAYLOAD), 0);
    cr_assert_eq(sum(DEAD_failed), 1u);
    cr_assert_eq(sum(DEAD_unhandled), 0u);
}

Test(dead, every_letter_is_counted_by_its_reason)
{
    for (unsigned r = 0; r < DEAD_REASONS; r++)
        for (unsigned i = 0; i <= r; i++)
            add((enum dead_reason)r, S, "");
    for (unsigned r = 0; r < DEAD_REASONS; r++)
        cr_assert_eq(sum((enum dead_reason)r), r + 1);
}

Test(dead, ring_keeps_the_newest_and_every_byte_of_them)
{
    struct rng r;
    char text[200];
    uint64_t bytes = 4096;
    size_t least = SIZE_MAX;

    rng_seed(&r, 5);
    for (unsigned round = 0; round < 20; round++, bytes += 8 * rng_below(&r, 20)) {
        dead_ring_free(ring);
        cr_assert_eq(dead_ring_new(&ring, &fake.env, bytes), 0);
        for (uint64_t seq = 1; seq <= 2000; seq++) {
            size_t len = rng_below(&r, sizeof text), n;

            /* The payload is a function of seq, so that a copy can be checked without the original. */
            memset(text, 0, sizeof text);
            memset(text, (int)(1 + seq % 255), len);
            add(DEAD_stopped, seq, text);
            if (seq % 7 != 0)
                continue;
            n = dead_copy(ring, 0, out, 1000, &next);
            cr_assert_gt(n, 0u);
            cr_assert_eq(next, seq + 1);
            for (size_t i = 0; i < n; i++) {
                cr_assert_eq(out[i].seq, seq - n + 1 + i);
                cr_assert_eq(out[i].real_ns, out[i].seq);
                for (uint32_t b = 0; b < out[i].kept_bytes; b++)
                    cr_assert_eq(out[i].payload[b], 1 + out[i].seq % 255);
            }
            if (seq > 200 && n < least)
                least = n;
        }
    }
    cr_assert_geq(least, 4096u / 224 - 1, "the room is used: at most one letter's worth is empty");
}

Test(dead, copy_goes_on_where_it_ended)
{
    size_t got = 0;

    for (unsigned i = 0; i < 10; i++)
        add(DEAD_expired, S, "x");
    next = 0;
    for (;;) {
        size_t n = dead_copy(ring, next, out, 3, &next);

        if (n == 0)
            break;
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(out[i].seq, ++got);
    }
    cr_assert_eq(got, 10u);
    cr_assert_eq(next, 11u);
    add(DEAD_expired, S, "x");
    cr_assert_eq(dead_copy(ring, next, out, 3, &next), 1u);
    cr_assert_eq(dead_copy(ring, 500, out, 3, &next), 0u);
    cr_assert_eq(next, 500u);
}

Test(dead, log_is_limited_by_reason_and_window_and_says_what_it_left_out)
{
    for (unsigned i = 0; i < DEAD_LOG_BURST; i++) {
        cr_assert(add(DEAD_no_actor, S + i, ""));
        cr_assert_eq(suppressed, 0u);
    }
    for (unsigned i = 0; i < 123; i++)
        cr_assert(!add(DEAD_no_actor, 2 * S, ""));
    cr_assert(!add(DEAD_no_actor, S / 2, ""), "a worker whose clock is behind opens no window");
    cr_assert(add(DEAD_unhandled, 2 * S, ""), "another reason has its own window");
    cr_assert(add(DEAD_no_actor, S + DEAD_LOG_WINDOW_NS, ""));
    cr_assert_eq(suppressed, 124u);
    cr_assert(add(DEAD_no_actor, S + DEAD_LOG_WINDOW_NS, ""));
    cr_assert_eq(suppressed, 0u, "reported once");
    cr_assert_eq(sum(DEAD_no_actor), DEAD_LOG_BURST + 126u, "all are counted");
}

Test(dead, burst_that_nothing_follows_is_reported_all_the_same)
{
    enum dead_reason reason = DEAD_failed;

    for (unsigned i = 0; i < DEAD_LOG_BURST + 5u; i++)
        add(DEAD_ask_timeout, S, "");
    cr_assert_eq(dead_unreported(ring, 2 * S, &reason), 0u, "its window is open");
    cr_assert_eq(dead_unreported(ring, S + DEAD_LOG_WINDOW_NS, &reason), 5u);
    cr_assert_eq(reason, DEAD_ask_timeout);
    cr_assert_eq(dead_unreported(ring, S + DEAD_LOG_WINDOW_NS, &reason), 0u);
}

Test(dead, quiet_type_is_counted_and_kept_but_not_logged)
{
    struct dead_letter l = {.reason = DEAD_unhandled};

    cr_assert(!dead_add(ring, &counts, &l, NULL, S, true, &suppressed));
    cr_assert_eq(sum(DEAD_unhandled), 1u);
    cr_assert_eq(dead_copy(ring, 0, out, 9, &next), 1u);
}

Test(dead, line_names_what_is_known)
{
    char buf[DEAD_LINE];
    struct dead_letter l = {.sender = actor_ref_make_(1, 4, 1),
                            .target = actor_ref_make_(1, 12, 3),
                            .type = 77,
                            .code = 7,
                            .reason = DEAD_unhandled,
                            .payload_bytes = 24};

    cr_assert_str_eq(dead_line(buf, &l, "greeter.greet", "/user/a", NULL, 123),
                     "dead letter reason=unhandled type=greeter.greet to=/user/a from=4.1 code=7 bytes=24 "
                     "(+123 suppressed)");
    l.sender = ACTOR_NOBODY;
    l.code = 0;
    cr_assert_str_eq(dead_line(buf, &l, NULL, NULL, NULL, 0),
                     "dead letter reason=unhandled type=77 to=12.3 from=nobody bytes=24");
}

Test(dead, line_fits_whatever_the_names)
{
    char buf[DEAD_LINE + 1], name[1000];
    struct dead_letter l = {.code = INT32_MIN, .reason = 99, .payload_bytes = UINT32_MAX};

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    buf[DEAD_LINE] = '#';
    dead_line(buf, &l, name, name, name, UINT64_MAX);
    cr_assert_lt(strlen(buf), (size_t)DEAD_LINE);
    cr_assert_eq(buf[DEAD_LINE], '#');
    cr_assert_not_null(strstr(buf, "reason=?"));
    cr_assert_not_null(strstr(buf, "suppressed)"));
}

Test(dead, no_memory_is_reported)
{
    struct dead_ring *d = NULL;

    fake.fail_at = 1;
    cr_assert_eq(dead_ring_new(&d, &fake.env, 1 << 20), -ERR_NOMEM);
    cr_assert_null(d);
    dead_ring_free(NULL);
}

Test(dead, every_reason_has_its_words)
{
    for (unsigned r = 0; r < DEAD_REASONS; r++)
        cr_assert_gt(strlen(dead_reason_text((enum dead_reason)r)), 5u);
    cr_assert_str_eq(dead_reason_name(DEAD_no_actor), "no_actor");
    cr_assert_str_eq(dead_reason_name(DEAD_REASONS), "?");
}

/* --- threads --- */

enum { ADDERS = 4, LETTERS = 20000 };
struct adder {
    struct thread thread;
    struct dead_counts counts;
    uint64_t logged;
};

static void
adder_main(void *arg)
{
    struct adder *a = arg;

    for (unsigned i = 0; i < LETTERS; i++) {
        struct dead_letter l = {.reason = i % DEAD_REASONS, .payload_bytes = 8, .real_ns = i};
        uint64_t payload = i, n;

        a->logged += dead_add(ring, &a->counts, &l, &payload, S, false, &n);
    }
}

Test(dead, threads_add_and_copy_at_once_and_no_count_is_lost)
{
    static struct adder adders[ADDERS];
    const struct dead_counts *all[ADDERS];
    uint64_t total = 0, logged = 0, seen = 0;

    for (unsigned i = 0; i < ADDERS; i++) {
        all[i] = &adders[i].counts;
        cr_assert_eq(thread_start(&adders[i].thread, "adder", adder_main, &adders[i], 0), 0);
    }
    for (unsigned k = 0; k < 200; k++) {
        size_t n = dead_copy(ring, seen, out, 1000, &seen);

        for (size_t i = 0; i < n; i++) {
            uint64_t payload;

            memcpy(&payload, out[i].payload, sizeof payload);
            cr_assert_eq(out[i].real_ns, payload, "a letter is whole");
        }
    }
    for (unsigned i = 0; i < ADDERS; i++) {
        thread_join(&adders[i].thread);
        logged += adders[i].logged;
    }
    for (unsigned r = 0; r < DEAD_REASONS; r++)
        total += dead_sum(all, ADDERS, (enum dead_reason)r);
    cr_assert_eq(total, (uint64_t)ADDERS * LETTERS);
    dead_copy(ring, 0, out, 1000, &next);
    cr_assert_eq(next - 1 + dead_sum_not_kept(all, ADDERS), total, "each is kept or counted as not kept");
    cr_assert_leq(logged, (uint64_t)DEAD_REASONS * DEAD_LOG_BURST);
}
