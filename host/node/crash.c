/* crash.c - see crash.h. In the handler: no lock, no allocation, no stdio; only memory that stays where it is while a node runs
 * (cells, types, versions). */
#include "node/crash.h"
#include "base/util.h"
#include "node/node.h"
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OURS 0
#elif defined(__has_feature)
#define OURS (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define OURS 1
#endif

enum { CRASH_NODES = 8, TEXT_BYTES = 2048 };

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* The one process-wide table: a handler gets no argument. */
static struct {
    _Atomic(struct node *)
        node[CRASH_NODES]; /* the main thread writes (release); the handler reads (acquire) */
    _Atomic(bool) busy;    /* a report is under way */
} table;

/* --- text --- */
struct text_out {
    char p[TEXT_BYTES];
    size_t n;
};

static void
put(struct text_out *t, const char *s)
{
    while (*s != '\0' && t->n < sizeof t->p)
        t->p[t->n++] = *s++;
}

static void
put_number(struct text_out *t, uint64_t v, unsigned base)
{
    char digits[24];
    size_t n = sizeof digits;

    digits[--n] = '\0';
    do
        digits[--n] = "0123456789abcdef"[v % base];
    while ((v /= base) != 0);
    put(t, base == 16 ? "0x" : "");
    put(t, &digits[n]);
}

/* --- what it was --- */
static const char *
signal_name(int sig)
{
    switch (sig) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    default:
        return "SIGABRT";
    }
}

static uintptr_t
code_address(const void *context)
{
    const ucontext_t *u = context;

#if defined(__x86_64__)
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)u->uc_mcontext.pc;
#else
    (void)u;
    return 0;
#endif
}

/* The code that faulted, as a tool can look it up: addr2line -e FILE OFFSET. */
static void
put_code(struct text_out *t, const struct node *n, uintptr_t pc)
{
    struct version *v;
    uintptr_t start, end;
    size_t pos = 0;

    while (n->runtime != NULL && (v = catalogue_next(runtime_catalogue(n->runtime), &pos)) != NULL) {
        image_code(&v->image, &start, &end);
        if (pc < start || pc >= end)
            continue;
        put(t, "  code: plugin ");
        put(t, v->manifest->name);
        put(t, " ");
        put(t, v->manifest->version);
        put(t, ", ");
        put(t, v->path);
        put(t, " + ");
        put_number(t, pc - v->image.base, 16);
        put(t, "\n");
        return;
    }
    put(t, "  code: at ");
    put_number(t, pc, 16);
    put(t, ", not a plugin's: the host or a library\n");
}

static void
put_actor(struct text_out *t, struct node *n, const struct worker *w)
{
    uint32_t slot = atomic_load_explicit(&w->slot, memory_order_relaxed);
    const struct cell *c = slot == 0 || slot >= n->sys.cfg.max_cells ? NULL : cell_at(&n->sys, slot);
    const struct behaviour *b = c == NULL ? NULL : atomic_load_explicit(&c->beh, memory_order_relaxed);
    const struct msg_type *m = types_get(&n->sys.types, atomic_load_explicit(&w->type, memory_order_relaxed));
    char path[256];

    if (c == NULL || b == NULL) {
        put(t, "  no actor was in hand\n");
        return;
    }
    names_path(&n->sys, c, path, sizeof path);
    put(t, "  actor: ");
    put(t, path);
    put(t, " (");
    put_number(t, slot, 10);
    put(t, ".");
    put_number(t, cell_gen(c), 10);
    put(t, "), behaviour ");
    put(t, b->name);
    put(t, " ");
    put(t, b->version);
    put(t, ", message ");
    put(t, m == NULL ? "none" : m->schema->name);
    put(t, atomic_load_explicit(&w->in_host, memory_order_relaxed) != 0 ? ", inside a call of the host\n"
                                                                        : "\n");
}

/* The node whose worker runs this thread; else the first. */
static struct node *
whose(const struct worker *w)
{
    struct node *first = NULL;

    for (size_t i = 0; i < CRASH_NODES; i++) {
        struct node *n = atomic_load_explicit(&table.node[i], memory_order_acquire);

        if (n != NULL && w != NULL && w->sched == &n->sys.sched)
            return n;
        first = first == NULL ? n : first;
    }
    return first;
}

static void
report(int sig, const siginfo_t *info, const void *context)
{
    const struct worker *w = worker_current();
    struct node *n = whose(w);
    struct text_out t = {.n = 0};
    char thread[16] = "";

    prctl(PR_GET_NAME, thread);
    put(&t, "actord: crashed: ");
    put(&t, signal_name(sig));
    if (sig != SIGABRT) {
        put(&t, " at address ");
        put_number(&t, (uintptr_t)info->si_addr, 16);
    }
    put(&t, " in thread '");
    put(&t, thread);
    put(&t, "'");
    if (n != NULL) {
        put(&t, " of node ");
        put(&t, n->boot.config->node.name);
    }
    put(&t, "\n");
    if (n != NULL)
        put_code(&t, n, code_address(context));
    if (n != NULL && w != NULL)
        put_actor(&t, n, w);
    put(&t, "  a fault in a plugin ends its node; a core dump, if enabled, has the rest\n");
    (void)!write(STDERR_FILENO, t.p, t.n);
    if (n != NULL && n->boot.config->log.file != NULL)
        (void)!write(n->boot.log_file.fd, t.p, t.n);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
    signal(sig, SIG_DFL); /* what happens next is what would have happened */
    if (!atomic_exchange_explicit(&table.busy, true, memory_order_acq_rel))
        report(sig, info, context);
    else
        sleep(1);           /* another thread was first: let it finish */
    if (info->si_code <= 0) /* sent, not caused: it does not happen again by itself */
        raise(sig);
}

void
crash_add(struct node *n)
{
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    if (!OURS)
        return;
    thread_fault_stack(); /* the main thread's */
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < CRASH_NODES; i++) {
        if (atomic_load_explicit(&table.node[i], memory_order_relaxed) == NULL) {
            atomic_store_explicit(&table.node[i], n, memory_order_release);
            break;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        sigaction(faults[i], &sa, NULL);
}

void
crash_remove(struct node *n)
{
    for (size_t i = 0; i < CRASH_NODES; i++)
        if (n != NULL && atomic_load_explicit(&table.node[i], memory_order_relaxed) == n)
            atomic_store_explicit(&table.node[i], NULL, memory_order_release);
}
