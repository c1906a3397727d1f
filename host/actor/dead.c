/* dead.c - see dead.h. The ring:
 *
 *   buf:  [ letter | letter | ... | letter | gap ]
 *           ^ oldest       ^ at
 *
 * The next letter goes to `at`; what it overlaps is pushed out. A letter never wraps: what does not fit at
 * the end leaves a gap there.
 */
#include "actor/dead.h"
#include "base/err.h"
#include "base/thread.h"
#include "base/util.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In the ring a letter is cut to what it needs. */
struct kept {
    uint32_t bytes; /* of this record, a multiple of 8; 0: a gap up to the end */
    uint32_t pad;
    struct dead_letter l; /* up to payload[kept_bytes] */
};

struct log_window {
    uint64_t start_ns; /* of the first line */
    uint64_t suppressed;
    uint32_t lines; /* 0: no window is open */
};

struct dead_ring {
    struct env *env;
    struct mutex lock;            /* guards all below */
    uint64_t seq;                 /* of the next letter */
    size_t cap, oldest, at, live; /* live: letters in the ring */
    struct log_window log[DEAD_REASONS];
    _Alignas(8) uint8_t buf[];
};

int
dead_ring_new(struct dead_ring **ret, struct env *env, uint64_t ring_bytes)
{
    struct dead_ring *d;

    if (ring_bytes > UINT32_MAX)
        ring_bytes = UINT32_MAX;
    if (ring_bytes < DEAD_RING_BYTES_MIN)
        ring_bytes = DEAD_RING_BYTES_MIN;
    ring_bytes = (ring_bytes + 7) & ~UINT64_C(7);
    d = env_alloc(env, sizeof *d + ring_bytes);
    if (d == NULL)
        return -ERR_NOMEM;
    d->env = env;
    d->cap = ring_bytes;
    d->seq = 1;
    mutex_init(&d->lock);
    *ret = d;
    return 0;
}

void
dead_ring_free(struct dead_ring *d)
{
    if (d == NULL)
        return;
    mutex_fini(&d->lock);
    env_free(d->env, d, sizeof *d + d->cap);
}

/* --- the ring, under the lock --- */

static uint32_t
bytes_at(const struct dead_ring *d, size_t pos)
{
    uint32_t bytes;

    if (d->cap - pos < sizeof bytes)
        return 0;
    memcpy(&bytes, d->buf + pos, sizeof bytes);
    return bytes;
}

/* Where the record is that follows the end of another: a gap or the end of the buffer leads to its begin. */
static size_t
settle(const struct dead_ring *d, size_t pos)
{
    return pos == d->cap || bytes_at(d, pos) == 0 ? 0 : pos;
}

static void
push_out(struct dead_ring *d)
{
    d->live--;
    d->oldest = d->live == 0 ? d->at : settle(d, d->oldest + bytes_at(d, d->oldest));
}

/* Free [at, at + bytes): the oldest letter, if it begins in there, goes. */
static void
make_room(struct dead_ring *d, size_t bytes)
{
    if (d->cap - d->at < bytes) {
        /* Letters between here and the end are the oldest: they go with the gap. */
        while (d->live > 0 && d->oldest >= d->at)
            push_out(d);
        if (d->at < d->cap)
            memset(d->buf + d->at, 0, sizeof(uint32_t));
        d->at = 0;
        if (d->live == 0)
            d->oldest = 0;
    }
    while (d->live > 0 && d->oldest >= d->at && d->oldest < d->at + bytes)
        push_out(d);
}

static void
keep(struct dead_ring *d, const struct dead_letter *l, const void *payload)
{
    uint32_t n = payload == NULL ? 0 : l->payload_bytes < DEAD_PAYLOAD ? l->payload_bytes : DEAD_PAYLOAD;
    size_t head = offsetof(struct kept, l) + offsetof(struct dead_letter, payload);
    struct kept k;

    memset(&k, 0, sizeof k);
    k.bytes = (uint32_t)((head + n + 7) & ~(size_t)7);
    memcpy(&k.l, l, offsetof(struct dead_letter, payload));
    k.l.seq = d->seq++;
    k.l.kept_bytes = n;
    if (n > 0)
        memcpy(k.l.payload, payload, n);
    make_room(d, k.bytes);
    if (d->live == 0)
        d->oldest = d->at;
    memcpy(d->buf + d->at, &k, k.bytes);
    d->at += k.bytes;
    d->live++;
}

/* --- the log's window, under the lock --- */

static bool
may_log(struct log_window *w, uint64_t now, uint64_t *ret_suppressed)
{
    if (w->lines > 0 && now < w->start_ns + DEAD_LOG_WINDOW_NS) { /* workers' clocks differ a little */
        if (w->lines >= DEAD_LOG_BURST) {
            w->suppressed++;
            return false;
        }
    } else {
        w->start_ns = now;
        w->lines = 0;
    }
    w->lines++;
    *ret_suppressed = w->suppressed;
    w->suppressed = 0;
    return true;
}

bool
dead_add(struct dead_ring *d, struct dead_counts *mine, const struct dead_letter *l, const void *payload,
         uint64_t mono_ns, bool quiet, uint64_t *ret_suppressed)
{
    _Atomic(uint64_t) *count = &mine->v[l->reason];
    bool log = false;

    assert(l->reason < DEAD_REASONS);
    /* One writer: load and store, no locked operation. Relaxed; partner: the loads in sum(). */
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
    if (!mutex_trylock(&d->lock)) {
        count = &mine->not_kept;
        atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
                              memory_order_relaxed);
        return false;
    }
    keep(d, l, payload);
    if (!quiet)
        log = may_log(&d->log[l->reason], mono_ns, ret_suppressed);
    mutex_unlock(&d->lock);
    return log;
}

uint64_t
dead_unreported(struct dead_ring *d, uint64_t mono_ns, enum dead_reason *ret_reason)
{
    uint64_t n = 0;

    mutex_lock(&d->lock);
    for (unsigned r = 0; r < DEAD_REASONS && n == 0; r++) {
        struct log_window *w = &d->log[r];

        if (w->suppressed == 0 || mono_ns < w->start_ns + DEAD_LOG_WINDOW_NS)
            continue;
        n = w->suppressed;
        w->suppressed = 0;
        w->lines = 0;
        *ret_reason = (enum dead_reason)r;
    }
    mutex_unlock(&d->lock);
    return n;
}

size_t
dead_copy(struct dead_ring *d, uint64_t from, struct dead_letter *out, size_t max, uint64_t *ret_next)
{
    size_t n = 0, pos, left;

    mutex_lock(&d->lock);
    pos = d->oldest;
    *ret_next = d->seq > from ? d->seq : from;
    for (left = d->live; left > 0; left--) {
        struct kept k;
        uint32_t bytes = bytes_at(d, pos);

        memset(&k, 0, sizeof k);
        memcpy(&k, d->buf + pos, bytes);
        pos = left > 1 ? settle(d, pos + bytes) : pos;
        if (k.l.seq < from)
            continue;
        if (n == max) {
            *ret_next = k.l.seq;
            break;
        }
        out[n++] = k.l;
    }
    mutex_unlock(&d->lock);
    return n;
}

uint64_t
dead_sum(const struct dead_counts *const *all, size_t n, enum dead_reason reason)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (all[i] != NULL)
            sum += atomic_load_explicit(&all[i]->v[reason], memory_order_relaxed); /* partner: dead_add */
    return sum;
}

uint64_t
dead_sum_not_kept(const struct dead_counts *const *all, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (all[i] != NULL)
            sum += atomic_load_explicit(&all[i]->not_kept, memory_order_relaxed); /* partner: dead_add */
    return sum;
}

/* --- text --- */

static size_t __attribute__((format(printf, 3, 4))) put(char *buf, size_t at, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf + at, DEAD_LINE - at, fmt, ap);
    va_end(ap);
    if (n < 0)
        return at;
    return at + (size_t)n < DEAD_LINE ? at + (size_t)n : DEAD_LINE - 1;
}

static size_t
put_actor(char *buf, size_t at, const char *key, const char *name, actor_ref r)
{
    if (name != NULL)
        return put(buf, at, " %s=%.80s", key, name);
    if (actor_ref_is_nobody(r))
        return put(buf, at, " %s=nobody", key);
    return put(buf, at, " %s=%u.%llu", key, r.slot, (unsigned long long)r.gen);
}

const char *
dead_line(char buf[DEAD_LINE], const struct dead_letter *l, const char *type, const char *target,
          const char *sender, uint64_t suppressed)
{
    size_t at = put(buf, 0, "dead letter reason=%s", dead_reason_name((enum dead_reason)l->reason));

    at = type != NULL ? put(buf, at, " type=%.60s", type) : put(buf, at, " type=%u", l->type);
    at = put_actor(buf, at, "to", target, l->target);
    at = put_actor(buf, at, "from", sender, l->sender);
    if (l->code != 0)
        at = put(buf, at, " code=%d", l->code);
    at = put(buf, at, " bytes=%u", l->payload_bytes);
    if (suppressed > 0)
        put(buf, at, " (+%llu suppressed)", (unsigned long long)suppressed);
    return buf;
}

const char *
dead_reason_name(enum dead_reason r)
{
    static const char *const names[] = {
#define DEAD(name, text) #name,
#include "actor/dead.def"
#undef DEAD
    };

    return (unsigned)r < ARRAY_LEN(names) ? names[r] : "?";
}

const char *
dead_reason_text(enum dead_reason r)
{
    static const char *const texts[] = {
#define DEAD(name, text) text,
#include "actor/dead.def"
#undef DEAD
    };

    return (unsigned)r < ARRAY_LEN(texts) ? texts[r] : "?";
}
