/* sched.pml - a cell's way from idle to a worker and back: mailbox, run queues, injection, parking, take-over.
 *
 *   Producer --push--> mailbox --was idle--> injection queue --> Worker --slice--> idle, or queued again
 *                                            slot, ring <--steal--> other workers
 *
 * Memory is sequentially consistent here; the weak orders are orders.c's part. What other threads see changes in steps of one
 * access each; a comment names the function of the code that a step stands for. What is policy in the code is a free choice
 * here: how many tasks a thief takes and when it tries, when a worker looks at the injection queue first, when the streak in the
 * slot ends, when a slice ends early, which sleeper is woken. So the result holds for any such policy.
 *
 * Safety: asserts. No lost wake: when nothing can move, everything is handled (Monitor); in the LIVE build also: under weak
 * fairness it always comes to that. MUTANT in the environment is the number of one re-check to remove, see mutants.h.
 */
c_decl {
    \#include <stdlib.h>
};
#include "mutants.h"
byte mutant;
#define M(n) (mutant == n)

#ifndef WORKERS
#define WORKERS   2
#endif
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef SENDS
#define SENDS     2
#endif
#ifndef FORWARD
#define FORWARD   0 /* a turn of cell 0 sends one message to each of so many other cells */
#endif
#ifndef POKES
#define POKES     0 /* control orders for cell 0 */
#endif
#ifndef FAIL
#define FAIL      0 /* 1: the first message fails, and cell 0 is held until an order frees it */
#endif
#ifndef CHAIN
#define CHAIN     0 /* 1: a producer publishes its messages as one chain */
#endif
#ifndef LEAVES
#define LEAVES    0 /* 1: a worker may hand its work over and go to sleep */
#endif
#ifndef HAND
#define HAND      0 /* 1: what becomes runnable may also be handed to a sleeper */
#endif
#ifndef SPARES
#define SPARES    0 /* 1: the watchdog may take over worker 0 */
#endif
#define CELLS   (1 + FORWARD)
#define ALL     (WORKERS + SPARES)
#define FIRST   2 /* message numbers lie above IDLE and EMPTY */
#define SENT    (PRODUCERS * SENDS)
#define MSGS    (SENT * CELLS)
#define RING    2
#define NONE    255

/* --- mailbox/mbox.h, actor/cell.h --- */
#define IDLE    0
#define EMPTY   1
#define ORDERS  1 /* attn bits */
#define HOLD    2
#define PARKED  4
byte tail[CELLS], head[CELLS], next[FIRST + MSGS], attn[CELLS];
byte orders;           /* in cell 0's control lane */
bool failed;           /* cell 0 waits for a directive */

/* --- sched/runq.h: one a worker; they change hands at take-over --- */
byte slot[ALL], ring[ALL * RING], rhead[ALL], rtail[ALL], steals[ALL], seen[ALL], stolen[ALL];
bool qlock[ALL];

/* --- sched/worker.h, scheduler.h, base/thread.h --- */
#define ATTACHED 0
#define HELD     1
#define DETACHED 2
byte runq[ALL];        /* worker.runq */
byte workers[WORKERS]; /* sched.workers: who runs seat i */
byte detached[ALL], hold[ALL], waits[ALL];
bool foreign[ALL], inside[ALL];
chan injected = [CELLS] of { byte };
byte parked;
bool leaving;          /* one worker at a time */
bool asleep[ALL], sleeping[ALL], notified[ALL]; /* listed as a sleeper; parker PARKED, NOTIFIED */
#if HAND
byte given[ALL];       /* what a sleeper was woken to do */
#endif

/* --- what must hold --- */
byte queued[CELLS], running[CELLS], last[PRODUCERS], handled;
bool done[FIRST + MSGS];
#define DONE (handled == MSGS && orders == 0 && !failed)

/* A cell is in one queue at most and run by one worker at most, never both. */
inline queue_in(t)  { assert(queued[t] == 0 && running[t] == 0); queued[t]++ }
inline run_begin(t) { assert(queued[t] == 1 && running[t] == 0); queued[t]--; running[t]++ }
inline run_end(t)   { assert(running[t] == 1); running[t]-- }

/* --- mailbox --- */

/* mbox_push: idle is true when the caller must schedule c */
/*= host/mailbox/mbox.h: uintptr_t prev = atomic_exchange_explicit(&mb->tail, (uintptr_t)last, */
/*= host/mailbox/mbox.h: return mbox_put(mb, first, last) == MBOX_WAS_IDLE; */
inline push(c, first, end, idle) {
    atomic { prev = tail[c]; tail[c] = end }
    atomic {
        if
        :: prev > EMPTY -> next[prev] = first; idle = false
        :: else -> head[c] = first; idle = (prev == IDLE || M(SCHEDULE_WHEN_EMPTY))
        fi;
        prev = 0
    }
}

/* mbox_wake */
/*= host/mailbox/mbox.h: return atomic_compare_exchange_strong_explicit(&mb->tail, &idle, MBOX_EMPTY, */
inline wake_cell(c, won) {
    won = (tail[c] == IDLE || M(WAKE_WITHOUT_TEST));
    if
    :: won -> tail[c] = EMPTY
    :: else
    fi
}

/* mbox_leave_. In the end nx is 0 when nothing was behind m, and then tail is `to`. head is the owner's until the swap. */
/*= host/mailbox/mbox.h: atomic_store_explicit(&mb->head, NULL, memory_order_relaxed); if (atomic_compare_exchange_strong_explicit(&mb->tail, &expect, to, */
inline leave(c, m, to, nx) {
    if
    :: !M(HEAD_AFTER_SWAP) -> head[c] = 0
    :: else
    fi;
    atomic {
        if
        :: tail[c] == m || M(LEAVE_WITHOUT_TEST) ->
            nx = 0;
            tail[c] = to;
            if
            :: to == IDLE -> run_end(c)
            :: else
            fi
        :: else -> nx = NONE
        fi
    }
    if
    :: nx == NONE -> atomic { next[m] != 0 -> nx = next[m] } /* a pusher is between its exchange and its store */
    :: M(HEAD_AFTER_SWAP) && nx == 0 -> head[c] = 0
    :: else
    fi
}

/* --- run queues --- */

inline ring_put(q, t) { ring[q * RING + rtail[q] % RING] = t; rtail[q]++ }
#define ROOM(q) (rtail[q] - rhead[q] < RING)

inline inject_queue(t, known) {
    if
    :: !known -> queue_in(t)
    :: else
    fi;
    assert(len(injected) < CELLS);
    injected!t
}

/* sched_inject: queue first, look for sleepers second */
/*= host/sched/scheduler.c: atomic_fetch_add_explicit(&s->injected, 1, memory_order_seq_cst); mutex_unlock(&s->inject_lock); */
/*= host/sched/scheduler.c: if (atomic_load_explicit(&s->parked, memory_order_seq_cst) != 0 && !SABOTAGE(lost_wake)) sched_wake_apart_(s); */
inline inject(t, known) {
#if HAND
    atomic {                                                 /* sched_hand */
        if
        :: parked != 0 ->
            if
            :: !known -> queue_in(t)
            :: else
            fi;
            unlist();
            given[who] = t;
            any = true
        :: true
        fi
    }
    if
    :: any -> any = false; notify()
    :: else -> inject_any(t, known)
    fi
#else
    inject_any(t, known)
#endif
}

inline inject_any(t, known) {
    atomic {
        if
        :: M(LOOK_BEFORE_QUEUE) -> any = (parked != 0)
        :: else -> inject_queue(t, known)
        fi
    }
    atomic {
        if
        :: M(LOOK_BEFORE_QUEUE) -> inject_queue(t, known)
        :: M(NO_WAKE) -> any = false
        :: else -> any = (parked != 0)
        fi
    }
    if
    :: any -> any = false; wake()
    :: else
    fi
}

/* worker_thread.c's wake(): off the list, in one step with what it is to do; then the parker */
/*= host/sched/worker_thread.c: t->asleep = false; t->given = given; */
/*= host/sched/worker_thread.c: if (t == NULL) return false; parker_unpark(&t->parker); */
inline wake() {
    atomic { unlist() }
    notify()
}

inline unlist() {
    if                                                       /* any of the sleepers */
    :: asleep[0] -> who = 0
    :: ALL > 1 && asleep[ALL > 1] -> who = 1
    :: ALL > 2 && asleep[(ALL > 2) * 2] -> who = 2
    :: parked == 0 -> who = NONE
    fi;
    if
    :: who != NONE -> asleep[who] = false; parked--
    :: else
    fi
}

inline notify() {
    atomic {
        if
        :: who != NONE -> notified[who] = (!M(UNPARK_ONLY_SLEEPER) || sleeping[who]) /* parker_unpark */
        :: else
        fi;
        who = 0
    }
}

/* runq_settle_ */
/*= host/sched/runq.c: lost = t != NULL && q->stolen == t; q->stolen = NULL; */
inline settle(q, t, gone) {
    atomic {
        !qlock[q] ->
        seen[q] = steals[q];
        gone = (t != NONE && stolen[q] == t);
        stolen[q] = NONE
    }
}

/* runq_push_ring, worker_push_ring. One step: no other looks at the entry before tail moves, and room only grows. */
inline push_ring(w, t, known) {
    atomic {
        if
        :: (!foreign[w] || M(DETACHED_KEEPS_QUEUE)) && ROOM(runq[w]) ->
            if
            :: !known -> queue_in(t)
            :: else
            fi;
            ring_put(runq[w], t);
            any = false
        :: else -> any = true
        fi
    }
    if
    :: any -> any = false; inject(t, known)                  /* worker_ring_slow_ */
    :: else
    fi
}

/* worker_push, runq_push_slot */
/*= host/sched/worker.h: if (unlikely(w->foreign)) { worker_push_slow_(w, t); */
/*= host/sched/runq.h: if (unlikely(atomic_load_explicit(&q->steals, memory_order_relaxed) != q->seen) && runq_settle_(q, old)) return NULL; */
inline push_slot(w, t) {
    if
    :: foreign[w] && !M(DETACHED_KEEPS_QUEUE) -> inject(t, false) /* worker_push_slow_ */
    :: else ->
        atomic { q = runq[w]; old = slot[q] }
        atomic { queue_in(t); slot[q] = t }
        if
        :: steals[q] != seen[q] && !M(OWNER_IGNORES_THIEF) ->
            settle(q, old, any);
            if
            :: any -> old = NONE; any = false
            :: else
            fi
        :: else
        fi;
        q = 0;
        if
        :: old != NONE -> push_ring(w, old, true)
        :: else
        fi;
        old = NONE
    fi
}

/* runq_pop. The slot's streak may be over, then the ring comes first. The nest is not modelled apart: it stands with the ring, as a place
 * that any thief may empty and after which the owner looks on; litmus_runq.c has its orders. */
/*= host/sched/runq.h: if (unlikely(t == NULL) || unlikely(++q->streak > RUNQ_LIFO_STREAK)) return runq_pop_other_(q, t); */
/*= host/sched/runq.c: waited = pop_in_turn(q); return waited != NULL ? waited : runq_pop(q); */
/*= host/sched/runq.h: if (unlikely(atomic_load_explicit(&q->steals, memory_order_relaxed) != q->seen)) return runq_pop_met_(q, t); return t; */
/*= host/sched/runq.c: if (!runq_settle_(q, t)) return t; */
inline pop(w, t) {
    atomic {
        q = runq[w];
        old = slot[q];
        if
        :: old == NONE || rhead[q] != rtail[q] -> any = true /* the ring, at once or first */
        :: old != NONE
        fi
    }
    if
    :: any ->
        any = false;
        pop_ring(q, t);
        if
        :: t != NONE || M(POP_GIVES_UP) -> old = NONE
        :: else
        fi
    :: else
    fi;
    if
    :: old != NONE ->
        slot[q] = NONE;
        if
        :: steals[q] != seen[q] && !M(OWNER_IGNORES_THIEF) ->
            settle(q, old, any);
            if
            :: any -> any = false; pop_ring(q, t)
            :: else -> t = old
            fi
        :: else -> t = old
        fi;
        old = NONE
    :: else
    fi;
    q = 0
}

/* pop_ring */
inline pop_ring(q, t) {
    do
    :: rtail[q] == rhead[q] -> break
    :: atomic { rtail[q] != rhead[q] -> h = rhead[q]; one = ring[q * RING + h % RING] }
        atomic {
            if
            :: rhead[q] == h || M(CLAIM_WITHOUT_TEST) -> t = one; rhead[q] = h + 1; h = 0; one = NONE; break
            :: else -> h = 0; one = NONE
            fi
        }
    od
}

/* runq_steal_ring on queue q, for worker w; what is more than one goes to the thief's own ring */
/*= host/sched/runq.c: if (!atomic_compare_exchange_strong_explicit(&q->head, &h, h + n, */
inline steal_ring(w, q, t) {
    atomic {                                                 /* one or two */
        h = rhead[q];
        if
        :: rtail[q] != h -> n = 1; one = ring[q * RING + h % RING]
        :: rtail[q] - h > 1 -> n = 2; one = ring[q * RING + h % RING]; old = ring[q * RING + (h + 1) % RING]
        :: rtail[q] == h
        fi
    }
    atomic {
        if
        :: n > 0 && (rhead[q] == h || M(CLAIM_WITHOUT_TEST)) -> t = one; rhead[q] = h + n
        :: else -> old = NONE
        fi;
        h = 0; n = 0; one = NONE
    }
    if
    :: old != NONE -> push_ring(w, old, true)
    :: else
    fi;
    old = NONE
}

/* runq_steal_slot. The barrier on all threads lies between the two steps. */
/*= host/sched/runq.c: if (q->stolen == NULL) { */
/*= host/sched/runq.c: atomic_compare_exchange_strong_explicit(&q->slot, &seen, NULL, */
inline steal_slot(q, t) {
    atomic {
        !qlock[q] ->
        if
        :: stolen[q] == NONE || M(STEAL_BEFORE_SETTLED) -> qlock[q] = true; steals[q]++
        :: else
        fi
    }
    if
    :: qlock[q] ->
        t = slot[q];
        atomic {
            if
            :: t != NONE -> stolen[q] = t
            :: else
            fi;
            if
            :: t != NONE && (slot[q] == t || M(THIEF_STORES_NULL)) -> slot[q] = NONE
            :: else
            fi;
            qlock[q] = false
        }
    :: else
    fi
}

/* sched_inject_take: one, and a share of the others into the ring */
/*= host/sched/scheduler.c: for (t = first->next; took > 1; took--, t = next) { next = t->next; runq_push_ring(w->runq, t); */
inline take(w, t) {
    atomic {
        if
        :: len(injected) > 0 -> injected?t
        :: len(injected) == 0
        fi;
        if
        :: t != NONE && len(injected) > 0 && ROOM(runq[w]) -> injected?n; ring_put(runq[w], n); n = 0
        :: true
        fi
    }
}

/* worker_thread.c's steal(), from any other seat. Tries that would find nothing are left out. */
inline steal(w, t) {
    atomic {
        n = 0;
        do
        :: n < WORKERS ->
            q = runq[workers[n]];
            if
            :: q != runq[w] && rhead[q] != rtail[q] -> n = 1; break
            :: q != runq[w] && slot[q] != NONE -> n = 2; break /* its owner is long in one turn */
            :: n++
            fi
        :: n == WORKERS -> n = 0; break
        od
    }
    if
    :: n == 1 -> n = 0; steal_ring(w, q, t)
    :: n == 2 -> n = 0; steal_slot(q, t)
    :: else
    fi;
    q = 0
}

inline park_list(w) {
    asleep[w] = true;
    parked++;
    look = (!leaves || parked == WORKERS && !M(LEAVES_WITHOUT_LOOK))
}

/* worker_thread.c's park(): list ourselves, look again, sleep. Who leaves looks only when nobody else is awake. */
/*= host/sched/worker_thread.c: s->sleepers = me; look = atomic_fetch_add_explicit(&s->parked, 1, memory_order_seq_cst) + 1 == s->nworkers || !w->leaves; */
/*= host/sched/worker_thread.c: t = look && atomic_load_explicit(&s->injected, memory_order_seq_cst) ? sched_inject_take(s, w) : NULL; if (t == NULL && !stopping(w)) { */
/*= host/sched/worker_thread.c: if (me->asleep) { */
/*= host/sched/worker_thread.c: given = me->given; me->given = NULL; */
/*= host/sched/worker_thread.c: if (t != NULL && given != NULL) worker_push_ring(w, given); return t != NULL ? t : given; */
inline park(w, t) {
    atomic {
        if
        :: M(LOOK_BEFORE_LISTING) -> take(w, t)
        :: else -> park_list(w)
        fi
    }
#if LEAVES
    if
    :: leaves -> leaves = false; leaving = false             /* stay() */
    :: else
    fi;
#endif
    atomic {
        if
        :: M(LOOK_BEFORE_LISTING) -> park_list(w)
        :: M(NO_SECOND_LOOK)
        :: !look && !M(LOOK_BEFORE_LISTING)
        :: look && !M(LOOK_BEFORE_LISTING) && !M(NO_SECOND_LOOK) -> take(w, t)
        fi;
        look = false
    }
    if
    :: t == NONE && detached[w] != DETACHED ->
        sleeping[w] = true;
end_parked:
        atomic { notified[w] -> notified[w] = false; sleeping[w] = false }
    :: else
    fi;
    atomic {
        if
        :: asleep[w] -> asleep[w] = false; parked--
        :: else
        fi;
#if HAND
        old = given[w];
        given[w] = NONE;
        if
        :: t == NONE -> t = old; old = NONE
        :: t != NONE && M(GIVEN_IS_DROPPED) -> old = NONE
        :: else
        fi
#endif
    }
#if HAND
    if
    :: old != NONE -> push_ring(w, old, true)
    :: else
    fi;
    old = NONE
#endif
}

#if LEAVES
/* worker.c's hand_over: the others that are awake take it, nobody is woken */
/*= host/sched/worker.c: while ((t = runq_pop(w->runq)) != NULL) sched_queue_(w->sched, t); */
inline hand_over(w, t) {
    do
    :: pop(w, t);
        if
        :: t == NONE -> break
        :: else -> atomic { inject_queue(t, true); t = NONE }
        fi
    od
}
#endif

#include "cell.pml"

proctype Producer(byte p) {
    byte k, prev, who, m;
    bool idle, any;

#if CHAIN
    next[FIRST + p * SENDS] = FIRST + p * SENDS + 1;         /* the outbox links them, outbox_add */
    push(0, FIRST + p * SENDS, FIRST + p * SENDS + SENDS - 1, idle);
    if
    :: idle -> inject(0, false)
    :: else
    fi
#else
    do
    :: k < SENDS ->
        m = FIRST + p * SENDS + k;
        push(0, m, m, idle);
        m = 0;
        if
        :: idle -> idle = false; inject(0, false)
        :: else
        fi;
        k++
    :: else -> break
    od
#endif
}

proctype Monitor() {
    timeout;
    assert(DONE) /* nothing can move: a wake-up or a message was lost */
}

init {
    atomic {
        c_code { const char *e = getenv("MUTANT"); now.mutant = e ? atoi(e) : 0; };
        byte i;
        for (i : 0 .. ALL - 1) {
            slot[i] = NONE; stolen[i] = NONE; runq[i] = i; inside[i] = true
#if HAND
            given[i] = NONE
#endif
        }
        for (i : 0 .. WORKERS - 1) { workers[i] = i; run Worker(i) }
        for (i : 0 .. PRODUCERS - 1) { run Producer(i) }
#if POKES
        for (i : 1 .. POKES) { run Poker(false) }
#endif
#if FAIL
        run Poker(true);
#endif
#if SPARES
        run Watchdog();
#endif
#ifndef LIVE
        run Monitor();
#endif
        i = 0
    }
}

#ifdef LIVE
ltl served { <> DONE }
#endif
