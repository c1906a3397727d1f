// Hardware floors for the actor scenarios, plain C11, no runtime.
// Usage: limit SCENARIO [cpu]   -> one line "limit scenario metric value unit" per figure.
// cpu: the calling thread's CPU time counts, where it shares the CPU with others.
// Built twice: -DPLAIN=0 (one locked exchange per send, Pony-style tagged tail)
// and -DPLAIN=1 (no atomics: what a same-worker fast path could reach).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifndef PLAIN
#define PLAIN 0
#endif
#define VAR (PLAIN ? "plain" : "mpsc")

static clockid_t the_clock = CLOCK_MONOTONIC;
static double now(void) {
  struct timespec t;
  clock_gettime(the_clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}
static void pin(int c) {
  cpu_set_t s;
  CPU_ZERO(&s);
  CPU_SET(c, &s);
  sched_setaffinity(0, sizeof s, &s);
}
static void out(const char *sc, const char *m, double v, const char *u) {
  printf("limit %s %s %.2f %s\n", sc, m, v, u);
  fflush(stdout);
}
static long rss(void) {
  long a = 0, b = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%ld %ld", &a, &b) != 2) b = 0;
  if (f) fclose(f);
  return b * 4096L;
}
static inline uint64_t rng(uint64_t *s) {
  uint64_t x = *s;
  x ^= x << 13; x ^= x >> 7; x ^= x << 17;
  return *s = x;
}

// ---------------------------------------------------------------- mini runtime
typedef struct msg {
  _Atomic(struct msg *) next;
  uint64_t v;
  struct actor *from;
  uint64_t pad;
} msg;
typedef struct actor {
  _Atomic(uintptr_t) head;
  msg *tail;
  void (*fn)(struct actor *, msg *);
  struct actor *rnext;
  uint64_t u0;
  struct actor *peer;
  uint64_t u1, u2;
} actor;
static msg *pool;
static char *bump, *bumpend;
static void *balloc(size_t n) {
  if (bump + n > bumpend) {
    size_t c = 64 << 20;
    bump = mmap(0, c, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bumpend = bump + c;
  }
  void *p = bump;
  bump += n;
  return p;
}
static inline msg *mget(void) {
  msg *m = pool;
  if (__builtin_expect(m != NULL, 1)) {
    pool = atomic_load_explicit(&m->next, memory_order_relaxed);
    return m;
  }
  return balloc(sizeof(msg));
}
static inline void mput(msg *m) {
  atomic_store_explicit(&m->next, pool, memory_order_relaxed);
  pool = m;
}
static actor *rq_h, *rq_t, *lifo;
static inline void rq_push(actor *a) { // newest goes to the one-deep slot, older one to the FIFO
  actor *o = lifo;
  lifo = a;
  if (o) {
    o->rnext = NULL;
    if (rq_t) rq_t->rnext = o; else rq_h = o;
    rq_t = o;
  }
}
static inline actor *rq_pop(void) {
  actor *a = lifo;
  if (a) { lifo = NULL; return a; }
  a = rq_h;
  if (a) { rq_h = a->rnext; if (!rq_h) rq_t = NULL; }
  return a;
}
static void ainit(actor *a, void (*fn)(actor *, msg *)) {
  msg *s = mget();
  atomic_store_explicit(&s->next, NULL, memory_order_relaxed);
  a->tail = s;
  a->fn = fn;
  atomic_store_explicit(&a->head, (uintptr_t)s | 1, memory_order_relaxed);
}
static inline void asend(actor *a, msg *m) {
  atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
#if PLAIN
  uintptr_t p = atomic_load_explicit(&a->head, memory_order_relaxed);
  atomic_store_explicit(&a->head, (uintptr_t)m, memory_order_relaxed);
#else
  uintptr_t p = atomic_exchange_explicit(&a->head, (uintptr_t)m, memory_order_acq_rel);
#endif
  msg *pm = (msg *)(p & ~(uintptr_t)1);
  atomic_store_explicit(&pm->next, m, memory_order_release);
  if (p & 1) rq_push(a);
}
static inline void send1(actor *to, actor *from, uint64_t v) {
  msg *m = mget();
  m->v = v;
  m->from = from;
  asend(to, m);
}
static int stop, batchmax = 100, yield; // yield: the actor in hand goes behind all others after this message
static inline void rq_push_last(actor *a) {
  a->rnext = NULL;
  if (rq_t) rq_t->rnext = a; else rq_h = a;
  rq_t = a;
}
static void loop(void) {
  actor *a;
  while (!stop && (a = rq_pop())) {
    int n = 0;
    for (;;) {
      msg *t = a->tail, *m = atomic_load_explicit(&t->next, memory_order_acquire);
      if (m && n < batchmax) {
        a->tail = m;
        mput(t);
        a->fn(a, m);
        n = yield ? batchmax : n + 1;
        continue;
      }
      if (m && yield) { yield = 0; rq_push_last(a); break; }
      if (m) { rq_push(a); break; }
      uintptr_t e = (uintptr_t)t;
#if PLAIN
      if (atomic_load_explicit(&a->head, memory_order_relaxed) == e) {
        atomic_store_explicit(&a->head, e | 1, memory_order_relaxed);
        break;
      }
#else
      if (atomic_compare_exchange_strong_explicit(&a->head, &e, e | 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
        break;
#endif
    }
  }
}

// ---------------------------------------------------------------- pingpong
static void pp(actor *a, msg *m) {
  if (m->v == 0) { stop = 1; return; }
  send1(a->peer, a, m->v - 1);
}
static void s_pingpong(void) {
  pin(0);
  actor *a = balloc(sizeof *a), *b = balloc(sizeof *b);
  ainit(a, pp); ainit(b, pp);
  a->peer = b; b->peer = a;
  uint64_t n = 4000000;
  double t = now();
  send1(a, NULL, n);
  loop();
  t = now() - t;
  char s[64];
  snprintf(s, sizeof s, "pingpong_samecore_%s", VAR);
  out(s, "throughput", n / t, "msg/s");
  out(s, "hop", t * 1e9 / n, "ns");
}
static _Alignas(128) atomic_int line;
static void *cl(void *x) {
  (void)x;
  pin(1);
  for (int i = 0; i < 2000000; i++) {
    while (atomic_load_explicit(&line, memory_order_acquire) != 2 * i + 1) ;
    atomic_store_explicit(&line, 2 * i + 2, memory_order_release);
  }
  return NULL;
}
static void s_line(void) {
  pin(0);
  pthread_t th;
  pthread_create(&th, 0, cl, 0);
  double t = now();
  for (int i = 0; i < 2000000; i++) {
    atomic_store_explicit(&line, 2 * i + 1, memory_order_release);
    while (atomic_load_explicit(&line, memory_order_acquire) != 2 * i + 2) ;
  }
  t = now() - t;
  pthread_join(th, 0);
  out("pingpong_crosscore_line", "throughput", 4e6 / t, "msg/s");
  out("pingpong_crosscore_line", "hop", t * 1e9 / 4e6, "ns");
}
// cross-core wake by futex-backed eventfd: what a parked worker costs
static int ev[2];
static void *efd(void *x) {
  (void)x;
  pin(1);
  uint64_t v;
  for (int i = 0; i < 100000; i++) {
    if (read(ev[0], &v, 8) != 8) abort();
    v = 1;
    if (write(ev[1], &v, 8) != 8) abort();
  }
  return NULL;
}
static void s_wake(void) {
  pin(0);
  ev[0] = eventfd(0, 0); ev[1] = eventfd(0, 0);
  pthread_t th;
  pthread_create(&th, 0, efd, 0);
  double t = now();
  uint64_t v;
  for (int i = 0; i < 100000; i++) {
    v = 1;
    if (write(ev[0], &v, 8) != 8) abort();
    if (read(ev[1], &v, 8) != 8) abort();
  }
  t = now() - t;
  pthread_join(th, 0);
  out("wake_parked_worker", "hop", t * 1e9 / 2e5, "ns");
}
// are the two CPUs siblings of one core? throughput of an ALU/port-bound loop alone and together
static double spinwork(double secs) {
  double t = now(), e;
  uint64_t a = 1, b = 2, c = 3, d = 4, f = 5, g = 6, n = 0;
  do {
    for (int i = 0; i < 100000; i++) {
      __asm__ volatile("add $1,%0;add $1,%1;add $1,%2;add $1,%3;add $1,%4;add $1,%5;"
                       "add $3,%0;add $3,%1;add $3,%2;add $3,%3;add $3,%4;add $3,%5"
                       : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(f), "+r"(g));
    }
    n += 100000;
  } while ((e = now() - t) < secs);
  return n * 12 / e;
}
static double res2;
static void *sw(void *x) { (void)x; pin(1); res2 = spinwork(0.5); return NULL; }
static void s_alu(int cpu) { pin(cpu); out("alu", "alone", spinwork(0.1) / 1e9, "Gadd/s"); } // the machine's phase, before a pass
static void s_smt(void) {
  pin(0);
  double alone = spinwork(0.5);
  pthread_t th;
  pthread_create(&th, 0, sw, 0);
  double both = spinwork(0.5);
  pthread_join(th, 0);
  out("smt_probe", "alone", alone / 1e9, "Gadd/s");
  out("smt_probe", "each_with_both_busy", (both + res2) / 2e9, "Gadd/s");
}

// ---------------------------------------------------------------- fan-in, 1P + 1C threads
#define FN 8000000
typedef struct node { _Atomic(struct node *) next; uint64_t v, p0, p1; } node;
static node *nodes;
static _Alignas(128) _Atomic(node *) qhead;
static _Alignas(128) node *qtail;
static int fbatch;
static _Alignas(128) atomic_int fgo;
static void *fprod(void *x) {
  (void)x;
  pin(1);
  while (!atomic_load(&fgo)) ;
  for (long i = 0; i < FN; i += fbatch) {
    node *f = &nodes[i], *l = f;
    f->v = i;
    for (int k = 1; k < fbatch; k++) {
      node *n = &nodes[i + k];
      n->v = i + k;
      atomic_store_explicit(&l->next, n, memory_order_relaxed);
      l = n;
    }
    atomic_store_explicit(&l->next, NULL, memory_order_relaxed);
    node *p = atomic_exchange_explicit(&qhead, l, memory_order_acq_rel);
    atomic_store_explicit(&p->next, f, memory_order_release);
  }
  return NULL;
}
static void s_fanin(int batch) {
  static node stub;
  pin(0);
  fbatch = batch;
  nodes = malloc(sizeof(node) * (size_t)(FN + 128));
  memset(nodes, 1, sizeof(node) * (size_t)(FN + 128));
  atomic_store(&qhead, &stub);
  qtail = &stub;
  pthread_t th;
  pthread_create(&th, 0, fprod, 0);
  usleep(20000);
  uint64_t sum = 0;
  double t = now();
  atomic_store(&fgo, 1);
  for (long i = 0; i < FN;) {
    node *n = atomic_load_explicit(&qtail->next, memory_order_acquire);
    if (!n) { __builtin_ia32_pause(); continue; }
    sum += n->v;
    qtail = n;
    i++;
  }
  t = now() - t;
  pthread_join(th, 0);
  if (sum != (uint64_t)FN * (FN - 1) / 2) abort();
  char s[64];
  snprintf(s, sizeof s, "fanin_crosscore_batch%d", batch);
  out(s, "throughput", FN / t, "msg/s");
}
// bounded SPSC ring of 32-byte values: no nodes at all
typedef struct slot { uint64_t v, p[3]; } slot;
#define RN 4096
static slot ringb[RN];
static _Alignas(128) atomic_ulong rw;
static _Alignas(128) atomic_ulong rr;
static void *rprod(void *x) {
  (void)x;
  pin(1);
  while (!atomic_load(&fgo)) ;
  unsigned long w = 0, seen = 0;
  while (w < FN) {
    while (w - seen > RN - 64) { seen = atomic_load_explicit(&rr, memory_order_acquire); }
    for (int k = 0; k < 32; k++, w++) { slot *s = &ringb[w & (RN - 1)]; s->v = w; s->p[0] = w; }
    atomic_store_explicit(&rw, w, memory_order_release);
  }
  return NULL;
}
static void s_ring_spsc(void) {
  pin(0);
  pthread_t th;
  pthread_create(&th, 0, rprod, 0);
  usleep(20000);
  uint64_t sum = 0;
  double t = now();
  atomic_store(&fgo, 1);
  unsigned long r = 0;
  while (r < FN) {
    unsigned long w = atomic_load_explicit(&rw, memory_order_acquire);
    if (r == w) { __builtin_ia32_pause(); continue; }
    for (; r < w; r++) sum += ringb[r & (RN - 1)].v;
    atomic_store_explicit(&rr, r, memory_order_release);
  }
  t = now() - t;
  pthread_join(th, 0);
  if (sum != (uint64_t)FN * (FN - 1) / 2) abort();
  out("fanin_crosscore_spscring32", "throughput", FN / t, "msg/s");
}
// same core: 8 producer actors send 100 each per turn to one consumer actor
static actor *fc;
static uint64_t fcount;
static void fcons(actor *a, msg *m) { (void)a; fcount += m->v; if (fcount == FN) stop = 1; }
static void fpa(actor *a, msg *m) {
  (void)m;
  for (int i = 0; i < 100; i++) send1(fc, a, 1);
  a->u0 += 100;
  if (a->u0 < 1000000) send1(a, a, 0), yield = 1;
}
static void s_fanin_same(int drain) {
  pin(0);
  if (drain) batchmax = 1 << 30; // consumer empties its mailbox each turn, so the backlog stays in cache
  fc = balloc(sizeof *fc);
  ainit(fc, fcons);
  double t = now();
  for (int i = 0; i < 8; i++) {
    actor *p = balloc(sizeof *p);
    ainit(p, fpa);
    p->u0 = 0;
    send1(p, p, 0);
  }
  loop();
  t = now() - t;
  char s[64];
  snprintf(s, sizeof s, "fanin_samecore%s_%s", drain ? "_drain" : "", VAR);
  out(s, "throughput", FN / t, "msg/s");
}

// ---------------------------------------------------------------- ring
static uint64_t rdone, rtok;
static void rf(actor *a, msg *m) {
  if (m->v == 0) { if (++rdone == rtok) stop = 1; return; }
  send1(a->peer, a, m->v - 1);
}
static void s_ring(int tok) {
  pin(0);
  rtok = tok;
  actor *a = balloc(sizeof(actor) * 1000);
  for (int i = 0; i < 1000; i++) { ainit(&a[i], rf); a[i].peer = &a[(i + 1) % 1000]; }
  uint64_t hops = 5000000;
  double t = now();
  for (int i = 0; i < tok; i++) send1(&a[i * (1000 / tok)], NULL, hops / tok);
  loop();
  t = now() - t;
  char s[64];
  snprintf(s, sizeof s, "ring_%dtok_samecore_%s", tok, VAR);
  out(s, "throughput", hops / t, "hop/s");
  out(s, "hop", t * 1e9 / hops, "ns");
}
// ---------------------------------------------------------------- spawn
static uint64_t scount;
static void sf(actor *a, msg *m) { a->u0 = m->v; scount++; }
static void s_spawn(void) {
  pin(0);
  long r0 = rss();
  double t = now();
  for (int i = 0; i < 1000000; i++) {
    actor *a = balloc(sizeof *a);
    ainit(a, sf);
    send1(a, NULL, i);
    if ((i & 1023) == 1023) loop();
  }
  loop();
  t = now() - t;
  if (scount != 1000000) abort();
  out("spawn", "per_spawn", t * 1e9 / 1e6, "ns");
  out("spawn", "rss_per_actor", (rss() - r0) / 1e6, "B");
}
// ---------------------------------------------------------------- skynet
static actor *afree;
static actor *anew(void) {
  actor *a = afree;
  if (a) { afree = a->rnext; return a; }
  a = balloc(sizeof *a);
  a->tail = NULL;
  return a;
}
static uint64_t skres;
static void sky(actor *a, msg *m);
static void skyspawn(actor *parent, uint64_t num, uint64_t size) {
  actor *c = anew();
  ainit(c, sky);
  c->peer = parent;
  c->u0 = 0; c->u1 = size; c->u2 = 0;
  send1(c, NULL, num);
}
static void sky(actor *a, msg *m) {
  if (m->from == NULL) {
    if (a->u1 == 1) {
      send1(a->peer, a, m->v);
      return;
    }
    uint64_t sz = a->u1 / 10, b = m->v;
    for (int i = 0; i < 10; i++) skyspawn(a, b + i * sz, sz);
    return;
  }
  a->u0 += m->v;
  if (++a->u2 == 10) {
    if (a->peer) send1(a->peer, a, a->u0); else { skres = a->u0; stop = 1; }
  }
}
static void s_skynet(void) {
  pin(0);
  double t = now();
  skyspawn(NULL, 0, 1000000);
  loop();
  t = now() - t;
  if (skres != 499999500000ull) abort();
  char s[64];
  snprintf(s, sizeof s, "skynet_samecore_%s", VAR);
  out(s, "time", t * 1e3, "ms");
}
// ---------------------------------------------------------------- big
static actor *bigs;
static uint64_t bigdone, seed = 88172645463325252ull;
static void bf(actor *a, msg *m) {
  if (m->v == 2) { // start or continue: one ping per pong, as the classic benchmark does
    for (int i = 0; i < 1; i++) send1(&bigs[rng(&seed) % 500], a, 0);
    return;
  }
  if (m->v == 0) { send1(m->from, a, 1); return; }
  if (++a->u0 == 2000) { if (++bigdone == 500) stop = 1; return; }
  send1(&bigs[rng(&seed) % 500], a, 0);
}
static void bfburst(actor *a, msg *m) { // send all 2000 pings at once, then count pongs
  if (m->v == 2) { for (int i = 0; i < 2000; i++) send1(&bigs[rng(&seed) % 500], a, 0); return; }
  if (m->v == 0) { send1(m->from, a, 1); return; }
  if (++a->u0 == 2000 && ++bigdone == 500) stop = 1;
}
static void s_big(int burst) {
  pin(0);
  bigs = balloc(sizeof(actor) * 500);
  double t = now();
  for (int i = 0; i < 500; i++) { ainit(&bigs[i], burst ? bfburst : bf); bigs[i].u0 = 0; }
  for (int i = 0; i < 500; i++) send1(&bigs[i], NULL, 2);
  loop();
  t = now() - t;
  char s[64];
  snprintf(s, sizeof s, "big%s_samecore_%s", burst ? "_burst" : "", VAR);
  out(s, "throughput", 2e6 / t, "msg/s");
}
// ---------------------------------------------------------------- ask
static actor *asrv;
static uint64_t adone;
static void as(actor *a, msg *m) { send1(m->from, a, m->v); }
static void ac(actor *a, msg *m) {
  (void)m;
  if (a->u0-- == 0) { if (++adone == 8) stop = 1; return; }
  send1(asrv, a, 7);
}
static void s_ask(void) {
  pin(0);
  asrv = balloc(sizeof *asrv);
  ainit(asrv, as);
  double t = now();
  for (int i = 0; i < 8; i++) {
    actor *c = balloc(sizeof *c);
    ainit(c, ac);
    c->u0 = 250000;
    send1(c, NULL, 0);
  }
  loop();
  t = now() - t;
  char s[64];
  snprintf(s, sizeof s, "ask_samecore_%s", VAR);
  out(s, "throughput", 2e6 / t, "ask/s");
}
// ---------------------------------------------------------------- timers: 3-level intrusive wheel
typedef struct tmr { struct tmr *n, *p; uint64_t due, x; } tmr;
#define WB 10
#define WS (1 << WB)
static tmr wheel[3][WS];
static uint64_t wnow, fired;
static inline void tlink(tmr *h, tmr *t) { t->n = h; t->p = h->p; h->p->n = t; h->p = t; }
static inline void tadd(tmr *t) {
  uint64_t d = t->due - wnow;
  int l = d < WS ? 0 : d < (1ull << 2 * WB) ? 1 : 2;
  tlink(&wheel[l][(t->due >> (l * WB)) & (WS - 1)], t);
}
static inline void tcancel(tmr *t) { t->n->p = t->p; t->p->n = t->n; t->n = NULL; }
static void ttick(void) {
  wnow++;
  for (int l = 2; l > 0; l--)
    if ((wnow & ((1ull << l * WB) - 1)) == 0) {
      tmr *h = &wheel[l][(wnow >> (l * WB)) & (WS - 1)], *t = h->n;
      h->n = h->p = h;
      while (t != h) { tmr *n = t->n; tadd(t); t = n; }
    }
  tmr *h = &wheel[0][wnow & (WS - 1)], *t = h->n;
  h->n = h->p = h;
  while (t != h) { tmr *n = t->n; fired++; t->n = NULL; t = n; }
}
static void s_timers(void) {
  pin(0);
  for (int l = 0; l < 3; l++) for (int i = 0; i < WS; i++) wheel[l][i].n = wheel[l][i].p = &wheel[l][i];
  uint32_t N = 1000000;
  tmr *ts = malloc(sizeof(tmr) * N);
  memset(ts, 1, sizeof(tmr) * N);
  double t = now();
  for (uint32_t i = 0; i < N; i++) { ts[i].due = wnow + 1 + rng(&seed) % 3600000; tadd(&ts[i]); }
  out("timers", "schedule", N / (now() - t), "op/s");
  t = now();
  for (uint32_t i = 0; i < N; i++) tcancel(&ts[i]);
  out("timers", "cancel", N / (now() - t), "op/s");
  t = now();
  for (uint32_t i = 0; i < N; i++) { ts[i].due = wnow + 1 + rng(&seed) % 100; tadd(&ts[i]); }
  while (fired < N) ttick();
  out("timers", "schedule_and_fire", N / (now() - t), "op/s");
}

// fan-in across cores with a small recycled node pool: nodes stay in cache, credits return in batches
#define RP 8192
static node rnodes[RP];
static _Alignas(128) atomic_ulong rcredit;
static void *recprod(void *x) {
  (void)x;
  pin(1);
  while (!atomic_load(&fgo)) ;
  unsigned long seen = 0;
  for (unsigned long i = 0; i < FN; i += fbatch) {
    while (i + fbatch - seen > RP - 64) seen = atomic_load_explicit(&rcredit, memory_order_acquire);
    node *f = &rnodes[i % RP], *l = f;
    f->v = i;
    for (int k = 1; k < fbatch; k++) {
      node *n = &rnodes[(i + k) % RP];
      n->v = i + k;
      atomic_store_explicit(&l->next, n, memory_order_relaxed);
      l = n;
    }
    atomic_store_explicit(&l->next, NULL, memory_order_relaxed);
    node *p = atomic_exchange_explicit(&qhead, l, memory_order_acq_rel);
    atomic_store_explicit(&p->next, f, memory_order_release);
  }
  return NULL;
}
static void s_recycle(int batch) {
  static node stub;
  pin(0);
  fbatch = batch;
  memset(rnodes, 0, sizeof rnodes);
  atomic_store(&qhead, &stub);
  qtail = &stub;
  pthread_t th;
  pthread_create(&th, 0, recprod, 0);
  usleep(20000);
  uint64_t sum = 0;
  double t = now();
  atomic_store(&fgo, 1);
  for (unsigned long i = 0; i < FN;) {
    node *n = atomic_load_explicit(&qtail->next, memory_order_acquire);
    if (!n) { __builtin_ia32_pause(); continue; }
    sum += n->v;
    qtail = n;
    if ((++i & 63) == 0) atomic_store_explicit(&rcredit, i - 1, memory_order_release);
  }
  t = now() - t;
  pthread_join(th, 0);
  if (sum != (uint64_t)FN * (FN - 1) / 2) abort();
  char s[64];
  snprintf(s, sizeof s, "fanin_crosscore_recycle_batch%d", batch);
  out(s, "throughput", FN / t, "msg/s");
}
// ping-pong between two spinning workers through per-worker MPSC queues and a function-pointer call
typedef struct xq { _Alignas(128) _Atomic(node *) head; _Alignas(128) node *tail; node stub; void (*fn)(int, node *); } xq;
static xq xqs[2];
static node xn[2][64];
static unsigned xi[2];
static atomic_int xstop;
static void xsend(int to, int me, uint64_t v) {
  node *n = &xn[me][xi[me]++ & 63];
  n->v = v;
  atomic_store_explicit(&n->next, NULL, memory_order_relaxed);
  node *p = atomic_exchange_explicit(&xqs[to].head, n, memory_order_acq_rel);
  atomic_store_explicit(&p->next, n, memory_order_release);
}
static void xf(int me, node *n) {
  if (n->v == 0) { atomic_store(&xstop, 1); return; }
  xsend(!me, me, n->v - 1);
}
static void *xworker(void *a) {
  int me = (int)(intptr_t)a;
  pin(me);
  xq *q = &xqs[me];
  while (!atomic_load_explicit(&xstop, memory_order_relaxed)) {
    node *n = atomic_load_explicit(&q->tail->next, memory_order_acquire);
    if (!n) continue;
    q->tail = n;
    q->fn(me, n);
  }
  return NULL;
}
static void s_xhop(void) {
  for (int i = 0; i < 2; i++) { atomic_store(&xqs[i].head, &xqs[i].stub); xqs[i].tail = &xqs[i].stub; xqs[i].fn = xf; }
  pthread_t th;
  pthread_create(&th, 0, xworker, (void *)1);
  usleep(20000);
  pin(0);
  double t = now();
  xsend(1, 0, 4000000);
  xworker((void *)0);
  pthread_join(th, 0);
  t = now() - t;
  out("pingpong_crosscore_mpsc", "throughput", 4e6 / t, "msg/s");
  out("pingpong_crosscore_mpsc", "hop", t * 1e9 / 4e6, "ns");
}
// wheel whose buckets are growable arrays of entries: firing streams instead of chasing links
typedef struct vent { tmr *t; uint64_t gen; } vent;
static struct vbucket { vent *e; uint32_t n, cap; } vwheel[WS];
static void s_timersvec(void) {
  pin(0);
  uint32_t N = 1000000;
  tmr *ts = malloc(sizeof(tmr) * N);
  memset(ts, 1, sizeof(tmr) * N);
  for (int i = 0; i < WS; i++) { vwheel[i].cap = 16384; vwheel[i].e = malloc(sizeof(vent) * 16384); memset(vwheel[i].e, 1, sizeof(vent) * 16384); }
  double t = now();
  for (uint32_t i = 0; i < N; i++) {
    ts[i].due = 1 + rng(&seed) % 100;
    ts[i].x = i;
    struct vbucket *b = &vwheel[ts[i].due & (WS - 1)];
    if (b->n == b->cap) b->e = realloc(b->e, sizeof(vent) * (b->cap *= 2));
    b->e[b->n++] = (vent){&ts[i], i};
  }
  for (int k = 1; k <= 100; k++) {
    struct vbucket *b = &vwheel[k];
    for (uint32_t i = 0; i < b->n; i++) {
      if (i + 16 < b->n) __builtin_prefetch(b->e[i + 16].t, 1);
      tmr *x = b->e[i].t;
      if (x->x == b->e[i].gen) { fired++; x->n = NULL; }
    }
    b->n = 0;
  }
  if (fired != N) abort();
  out("timers_vec", "schedule_and_fire", N / (now() - t), "op/s");
}
// ---------------------------------------------------------------- loopback TCP
static int lis(int *port) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t l = sizeof a;
  if (bind(s, (void *)&a, l) || listen(s, 1) || getsockname(s, (void *)&a, &l)) abort();
  *port = ntohs(a.sin_port);
  return s;
}
static int conn(int port) {
  int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port),
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(s, (void *)&a, sizeof a)) abort();
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return s;
}
static void wrall(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t k = write(fd, p, n);
    if (k < 0) { if (errno == EAGAIN || errno == EINTR) continue; abort(); }
    p += k; n -= k;
  }
}
#define FR 68
// frame = u32 length + 64 bytes; parser copies nothing, counts frames and sums one word each
static void s_rtell(int batch, long n) {
  int port, ls = lis(&port);
  pid_t c = fork();
  if (!c) {
    pin(1);
    int fd = conn(port);
    char pay[64];
    memset(pay, 7, 64);
    if (batch <= 1) {
      char f[FR] = {64, 0, 0, 0};
      for (long i = 0; i < n; i++) wrall(fd, f, FR);
    } else {
      char *b = malloc((size_t)FR * batch);
      for (long i = 0; i < n; i += batch) {
        char *p = b;
        for (int k = 0; k < batch; k++) {
          uint32_t len = 64;
          memcpy(p, &len, 4);
          memcpy(p + 4, pay, 64);
          p += FR;
        }
        wrall(fd, b, (size_t)FR * batch);
      }
    }
    close(fd);
    _exit(0);
  }
  pin(0);
  int fd = accept(ls, 0, 0);
  size_t cap = 1 << 18, have = 0;
  char *b = malloc(cap);
  long cnt = 0;
  uint64_t sum = 0;
  double t = now();
  for (;;) {
    ssize_t k = read(fd, b + have, cap - have);
    if (k <= 0) break;
    have += k;
    size_t o = 0;
    while (have - o >= 4) {
      uint32_t len;
      memcpy(&len, b + o, 4);
      if (have - o < 4 + (size_t)len) break;
      sum += b[o + 4];
      cnt++;
      o += 4 + len;
    }
    memmove(b, b + o, have - o);
    have -= o;
  }
  t = now() - t;
  waitpid(c, 0, 0);
  if (cnt < n || !(sum | 1)) abort();
  char s[64];
  snprintf(s, sizeof s, "remote_tell_batch%d", batch);
  out(s, "throughput", cnt / t, "msg/s");
}
static int dcmp(const void *a, const void *b) {
  double x = *(double *)a, y = *(double *)b;
  return x < y ? -1 : x > y;
}
// echo server answers every whole frame it read in one write; spin=1 polls without sleeping
static void s_rask(int inflight, int spin, long n) {
  int port, ls = lis(&port);
  pid_t c = fork();
  if (!c) {
    pin(1);
    int fd = accept(ls, 0, 0), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    char b[65536];
    size_t have = 0;
    for (;;) {
      if (!spin) epoll_wait(ep, &e, 1, -1);
      ssize_t k = read(fd, b + have, sizeof b - have);
      if (k == 0) _exit(0);
      if (k < 0) continue;
      have += k;
      size_t whole = have / FR * FR;
      wrall(fd, b, whole);
      memmove(b, b + whole, have - whole);
      have -= whole;
    }
  }
  pin(0);
  int fd = conn(port);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int ep = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN};
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  double *lat = malloc(sizeof(double) * n);
  char b[65536], o[65536];
  size_t have = 0;
  long sent = 0, got = 0;
  double t0 = now();
  for (int i = 0; i < inflight; i++, sent++) {
    char f[FR] = {64, 0, 0, 0};
    double t = now();
    memcpy(f + 4, &t, 8);
    memcpy(o + i * FR, f, FR);
  }
  wrall(fd, o, (size_t)inflight * FR);
  while (got < n) {
    if (!spin) epoll_wait(ep, &e, 1, -1);
    ssize_t k = read(fd, b + have, sizeof b - have);
    if (k < 0) continue;
    have += k;
    size_t p = 0, w = 0;
    double t = now();
    while (have - p >= FR) {
      double ts;
      memcpy(&ts, b + p + 4, 8);
      if (got < n) lat[got++] = t - ts;
      p += FR;
      if (sent < n) { memcpy(o + w, b + p - FR, FR); memcpy(o + w + 4, &t, 8); w += FR; sent++; }
    }
    if (w) wrall(fd, o, w);
    memmove(b, b + p, have - p);
    have -= p;
  }
  double el = now() - t0;
  close(fd);
  waitpid(c, 0, 0);
  qsort(lat, n, sizeof *lat, dcmp);
  char s[64];
  snprintf(s, sizeof s, "remote_ask_%dinflight%s", inflight, spin ? "_spin" : "");
  out(s, "p50", lat[n / 2] * 1e6, "us");
  out(s, "p99", lat[n * 99 / 100] * 1e6, "us");
  out(s, "throughput", n / el, "ask/s");
}
int main(int c, char **v) {
  const char *s = c > 1 ? v[1] : "";
#define IS(x) (!strcmp(s, x))
  if (c > 2) {
    if (strcmp(v[2], "cpu")) return fprintf(stderr, "unknown clock '%s'; there is cpu\n", v[2]), 2;
    the_clock = CLOCK_THREAD_CPUTIME_ID;
  }
  if (IS("pingpong")) s_pingpong();
  else if (IS("line")) s_line();
  else if (IS("wake")) s_wake();
  else if (IS("smt")) s_smt();
  else if (IS("alu")) s_alu(0);
  else if (IS("alu1")) s_alu(1);
  else if (IS("fanin1")) s_fanin(1);
  else if (IS("fanin8")) s_fanin(8);
  else if (IS("fanin64")) s_fanin(64);
  else if (IS("spsc")) s_ring_spsc();
  else if (IS("faninsame")) s_fanin_same(0);
  else if (IS("faninsamedrain")) s_fanin_same(1);
  else if (IS("recycle1")) s_recycle(1);
  else if (IS("recycle32")) s_recycle(32);
  else if (IS("xhop")) s_xhop();
  else if (IS("timersvec")) s_timersvec();
  else if (IS("ring1")) s_ring(1);
  else if (IS("ring100")) s_ring(100);
  else if (IS("spawn")) s_spawn();
  else if (IS("skynet")) s_skynet();
  else if (IS("big")) s_big(0);
  else if (IS("bigburst")) s_big(1);
  else if (IS("ask")) s_ask();
  else if (IS("timers")) s_timers();
  else if (IS("rtell1")) s_rtell(1, 1000000);
  else if (IS("rtell64")) s_rtell(64, 12800000);
  else if (IS("rtell1024")) s_rtell(1024, 20480000);
  else if (IS("rask1")) s_rask(1, 0, 100000);
  else if (IS("rask1spin")) s_rask(1, 1, 200000);
  else if (IS("rask64")) s_rask(64, 0, 1000000);
  else return fprintf(stderr, "unknown scenario '%s'\n", s), 2;
  return 0;
}
