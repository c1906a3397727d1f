/* explore_race.c - host code is compiled with -fsanitize=thread, so that each plain access calls in here; no sanitizer is linked.
 * Two accesses to one address, one of them a write, must be ordered by what their threads know of each other. */
#include "explore_race.h"
#include "explore_mem.h"
#include <string.h>

enum { CELLS = 1 << 14 };

static struct cell {
    const volatile void *addr;
    uint32_t run;                                   /* the execution that the clocks belong to */
    uint8_t writer, written, read[EXPLORE_THREADS]; /* clocks; written 0: by nobody */
    uint8_t readers, writers;                       /* bit t, over the whole search: atomic operations */
} cells[CELLS];
static uint32_t run = 1;

static struct cell *
cell_at(const volatile void *p)
{
    size_t i = ((uintptr_t)p * UINT64_C(0x9e3779b97f4a7c15)) >> 50;

    while (cells[i].addr != NULL && cells[i].addr != p)
        i = (i + 1) % CELLS;
    cells[i].addr = p;
    if (cells[i].run != run) {
        cells[i].run = run;
        cells[i].written = 0;
        memset(cells[i].read, 0, sizeof cells[i].read);
    }
    return &cells[i];
}

void
race_reset(void)
{
    run++;
}

void
race_forget(void)
{
    memset(cells, 0, sizeof cells);
}

bool
race_shares(const volatile void *p, int t, bool writes)
{
    struct cell *c;

    if (explore_on_stack((const void *)(uintptr_t)p))
        return false;
    c = cell_at(p);
    c->readers = (uint8_t)(c->readers | 1u << t);
    if (writes)
        c->writers = (uint8_t)(c->writers | 1u << t);
    return c->writers != 0 && (c->readers & (c->readers - 1)) != 0;
}

static void
access(const void *p, bool writes)
{
    int self = explore_running();
    const struct view *v;
    struct cell *c;

    if (self < 0 || explore_on_stack(p))
        return;
    v = explore_view();
    c = cell_at(p);
    if (c->written > 0 && c->writer != self && c->written > v->clock[c->writer])
        explore_bad("a race: plain data is used while another thread writes it");
    if (writes) {
        for (int t = 0; t < EXPLORE_THREADS; t++)
            if (t != self && c->read[t] > v->clock[t])
                explore_bad("a race: plain data is written while another thread reads it");
        c->writer = (uint8_t)self;
        c->written = v->clock[self];
    } else {
        c->read[self] = v->clock[self];
    }
}

/* What the compiler calls. */
#define HOOK(n)                              \
    void __tsan_read##n(void *p);            \
    void __tsan_write##n(void *p);           \
    void __tsan_unaligned_read##n(void *p);  \
    void __tsan_unaligned_write##n(void *p); \
    void __tsan_volatile_read##n(void *p);   \
    void __tsan_volatile_write##n(void *p);  \
    void __tsan_read##n(void *p)             \
    {                                        \
        access(p, false);                    \
    }                                        \
    void __tsan_write##n(void *p)            \
    {                                        \
        access(p, true);                     \
    }                                        \
    void __tsan_unaligned_read##n(void *p)   \
    {                                        \
        access(p, false);                    \
    }                                        \
    void __tsan_unaligned_write##n(void *p)  \
    {                                        \
        access(p, true);                     \
    }                                        \
    void __tsan_volatile_read##n(void *p)    \
    {                                        \
        access(p, false);                    \
    }                                        \
    void __tsan_volatile_write##n(void *p)   \
    {                                        \
        access(p, true);                     \
    }
HOOK(1)
HOOK(2)
HOOK(4)
HOOK(8)
HOOK(16)

void __tsan_read_range(void *p, size_t n);
void __tsan_write_range(void *p, size_t n);
void *__tsan_memcpy(void *to, const void *from, size_t n);
void *__tsan_memmove(void *to, const void *from, size_t n);
void *__tsan_memset(void *p, int v, size_t n);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_init(void);

void
__tsan_read_range(void *p, size_t n)
{
    for (size_t i = 0; i < n; i += 8)
        access((char *)p + i, false);
}

void
__tsan_write_range(void *p, size_t n)
{
    for (size_t i = 0; i < n; i += 8)
        access((char *)p + i, true);
}

/* newer compilers */
void *
__tsan_memcpy(void *to, const void *from, size_t n)
{
    return memcpy(to, from, n);
}

void *
__tsan_memmove(void *to, const void *from, size_t n)
{
    return memmove(to, from, n);
}

void *
__tsan_memset(void *p, int v, size_t n)
{
    return memset(p, v, n);
}

void
__tsan_func_entry(void *pc)
{
    (void)pc;
}

void
__tsan_func_exit(void)
{
}

void
__tsan_init(void)
{
}
