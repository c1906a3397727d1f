/* env.c - the real world, and a fake one for tests. */
#include "base/env.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
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

/* Zeroed, and on a cache line of its own from one line on, as structs with _Alignas(64) need. Large blocks come from calloc, so
 * that pages nobody reaches are never touched; the others are cut to size, so that a sanitizer sees the byte behind. */
#define LINE        ((size_t)64)
#define LARGE_BYTES ((size_t)65536)

static void *
zeroed(size_t bytes)
{
    uint8_t *raw, *p;
    void *v;

    if (bytes < LINE)
        return calloc(1, bytes);
    if (bytes < LARGE_BYTES)
        return posix_memalign(&v, LINE, bytes) == 0 ? memset(v, 0, bytes) : NULL;
    raw = bytes <= SIZE_MAX - LINE ? calloc(1, bytes + LINE) : NULL;
    if (raw == NULL)
        return NULL;
    p = raw + LINE - ((uintptr_t)raw & (LINE - 1));
    p[-1] = (uint8_t)(p - raw); /* calloc aligns to 16, so there is room */
    return p;
}

static void
unzeroed(void *p, size_t bytes)
{
    if (p != NULL && bytes >= LARGE_BYTES)
        p = (uint8_t *)p - ((uint8_t *)p)[-1];
    free(p);
}

static void *
real_alloc(struct env *e, size_t bytes)
{
    (void)e;
    return zeroed(bytes);
}

static void
real_free(struct env *e, void *p, size_t bytes)
{
    (void)e;
    unzeroed(p, bytes);
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

#define HUGE_BYTES ((size_t)2 << 20)

/* Huge pages are asked for during this call only: else the kernel would later fill what was discarded in between, to make one
 * page of it. A kernel that does not know MADV_POPULATE_WRITE (before 5.14), or has no memory, does nothing. */
static void
real_populate(struct env *e, void *p, size_t bytes)
{
    (void)e;
    if (bytes >= HUGE_BYTES)
        madvise(p, bytes, MADV_HUGEPAGE);
    madvise(p, bytes, MADV_POPULATE_WRITE);
    if (bytes >= HUGE_BYTES)
        madvise(p, bytes, MADV_NOHUGEPAGE);
}

static void
real_trim(struct env *e)
{
    (void)e;
    malloc_trim(0);
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
    .populate = real_populate,
    .trim = real_trim,
};

struct env *
env_real(void)
{
    /* Only fakes have state behind the pointer; this one is never written, so it may stay constant. */
    return (struct env *)(uintptr_t)&the_real_env;
}

/* The line before the block is partly ours; its last word says where the allocation begins. */
enum { LINE_BYTES = 64 };

void *
env_alloc_lines(struct env *e, size_t bytes)
{
    char *raw = bytes > SIZE_MAX - LINE_BYTES ? NULL : env_alloc(e, bytes + LINE_BYTES), *p;

    if (raw == NULL)
        return NULL;
    p = raw + LINE_BYTES - (uintptr_t)raw % LINE_BYTES;
    ((void **)(void *)p)[-1] = raw; /* env gives 16 B alignment, so there is room */
    return p;
}

void
env_free_lines(struct env *e, void *p, size_t bytes)
{
    if (p != NULL)
        env_free(e, ((void **)p)[-1], bytes + LINE_BYTES);
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
    p = zeroed(bytes);
    if (p != NULL)
        f->live_bytes += bytes;
    return p;
}

static void
fake_free(struct env *e, void *p, size_t bytes)
{
    ((struct env_fake *)e)->live_bytes -= bytes;
    unzeroed(p, bytes);
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
