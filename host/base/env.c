/* env.c - the real world, and a fake one for tests. */
#include "base/env.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_S     UINT64_C(1000000000)
#define REAL_2026_NS (UINT64_C(1767225600) * NS_PER_S)

static uint64_t
clock_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t
real_mono_ns(struct env *e)
{
    (void)e;
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t
real_real_ns(struct env *e)
{
    (void)e;
    return clock_ns(CLOCK_REALTIME);
}

static uint64_t
real_seed(struct env *e)
{
    uint64_t v;

    (void)e;
    /* 8 bytes are never cut short once the kernel's pool is ready; before that, and where the call is barred,
     * the clock is all there is. Seeds are not secrets. */
    if (getrandom(&v, sizeof v, GRND_NONBLOCK) != (ssize_t)sizeof v)
        v = clock_ns(CLOCK_MONOTONIC) * UINT64_C(0x9e3779b97f4a7c15) ^ clock_ns(CLOCK_REALTIME);
    return v;
}

static void *
real_alloc(struct env *e, size_t bytes)
{
    (void)e;
    return calloc(1, bytes);
}

static void
real_free(struct env *e, void *p, size_t bytes)
{
    (void)e;
    (void)bytes;
    free(p);
}

static void *
real_reserve(struct env *e, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)e;
    return p == MAP_FAILED ? NULL : p;
}

static void
real_release(struct env *e, void *p, size_t bytes)
{
    (void)e;
    if (p != NULL)
        munmap(p, bytes);
}

static void
real_discard(struct env *e, void *p, size_t bytes)
{
    (void)e;
    madvise(p, bytes, MADV_DONTNEED);
}

static const struct env the_real_env = {
    .mono_ns = real_mono_ns,
    .real_ns = real_real_ns,
    .seed = real_seed,
    .alloc = real_alloc,
    .free = real_free,
    .reserve = real_reserve,
    .release = real_release,
    .discard = real_discard,
};

struct env *
env_real(void)
{
    /* Only fakes have state behind the pointer; this one is never written, so it may stay constant. */
    return (struct env *)(uintptr_t)&the_real_env;
}

/* --- fake --- */

static uint64_t
fake_mono_ns(struct env *e)
{
    return ((struct env_fake *)e)->mono_ns;
}

static uint64_t
fake_real_ns(struct env *e)
{
    return REAL_2026_NS + ((struct env_fake *)e)->mono_ns - NS_PER_S;
}

static uint64_t
fake_seed(struct env *e)
{
    struct env_fake *f = (struct env_fake *)e;

    f->seed += UINT64_C(0x9e3779b97f4a7c15);
    return f->seed;
}

/* Does this call fail? fail_at counts down, so that setting it means "from now on". */
static bool
fake_fails(struct env_fake *f)
{
    f->allocs++;
    if (f->fail_at == 0 || --f->fail_at > 0)
        return false;
    if (f->fail_from)
        f->fail_at = 1;
    return true;
}

static void *
fake_alloc(struct env *e, size_t bytes)
{
    struct env_fake *f = (struct env_fake *)e;
    void *p;

    if (fake_fails(f))
        return NULL;
    p = calloc(1, bytes);
    if (p != NULL)
        f->live_bytes += bytes;
    return p;
}

static void
fake_free(struct env *e, void *p, size_t bytes)
{
    ((struct env_fake *)e)->live_bytes -= bytes;
    free(p);
}

static bool
fake_fault(struct env *e)
{
    return fake_fails((struct env_fake *)e);
}

static void *
fake_reserve(struct env *e, size_t bytes)
{
    return fake_fails((struct env_fake *)e) ? NULL : real_reserve(e, bytes);
}

void
env_fake_init(struct env_fake *f, uint64_t seed)
{
    *f = (struct env_fake){
        .env =
            {
                .mono_ns = fake_mono_ns,
                .real_ns = fake_real_ns,
                .seed = fake_seed,
                .alloc = fake_alloc,
                .free = fake_free,
                .reserve = fake_reserve,
                .release = real_release,
                .discard = real_discard,
                .fault = fake_fault,
            },
        .mono_ns = NS_PER_S,
        .seed = seed,
    };
}
