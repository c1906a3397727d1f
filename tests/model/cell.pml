/* cell.pml - part of sched.pml: the slice and the orders of actor/, and the take-over. */

/* --- one turn --- */

/* cell 0 publishes a message for each other cell, outbox_publish_ */
#if FORWARD
inline forward(w, m) {
    f = 1;
    do
    :: f < CELLS ->
        to = FIRST + SENT + (m - FIRST) * FORWARD + f - 1;
        push(f, to, to, idle);
        to = 0;
        if
        :: idle -> idle = false; push_slot(w, f)
        :: else
        fi;
        f++
    :: else -> f = 0; break
    od
}
#endif

/* Once each, and each sender's in the order sent. */
inline account(m) {
    assert(!done[m]);
    done[m] = true;
    if
    :: m < FIRST + SENT -> assert((m - FIRST) % SENDS == last[(m - FIRST) / SENDS]); last[(m - FIRST) / SENDS]++
    :: else
    fi;
    handled++
}

#if SPARES
/* The handler runs between host_leave and host_enter; worker_held is the door. */
/*= host/actor/turn.h: atomic_store_explicit(&x->w.in_host, 1, memory_order_relaxed); atomic_signal_fence */
/*= host/actor/turn.h: if (unlikely(!host_try_enter(x))) host_held_(x); */
inline outside(w) {
    inside[w] = false;
    inside[w] = true;                                        /* host_try_enter: store, then look */
    if
    :: detached[w] != ATTACHED && !M(NO_DOOR) ->
        do
        :: n = hold[w];
            atomic { waits[w] = n; n = 0 }
            if
            :: detached[w] != HELD -> break
            :: else
            fi
        od
    :: else
    fi
}
#endif

/* --- what is not plain mail --- */

/* actor_attend: orders, then holding still. gone: the cell is no longer ours. */
/*= host/actor/attend.c: if (a & (ATTN_ORDERS | ATTN_STOP | ATTN_SWAP)) return false; */
inline attend(c, gone) {
    do
    :: a = attn[c];
        if
        :: a & ORDERS ->
            attn[c] = attn[c] & ~ORDERS;                     /* take_orders */
            atomic {
                if
                :: orders > 0 && failed -> attn[c] = attn[c] & ~HOLD; failed = false /* the directive */
                :: else
                fi;
                orders = 0
            }
        :: !(a & ORDERS) && a & HOLD ->
            atomic {                                         /* attend.c's park() */
                if
                :: attn[c] & ORDERS && !M(HOLD_WITHOUT_LOOK)
                :: else -> attn[c] = attn[c] | PARKED; run_end(c); gone = true; break
                fi
            }
        :: else -> break
        fi
    od;
    a = 0
}

/* After going idle the slice looks at attn again: an order may have come before the mailbox said IDLE. */
/*= host/actor/slice.c: next = mbox_next(&c->mb, run->m); give_back(x, s, run->m, run->n); if (unlikely(next != NULL)) break; if (unlikely(attends(c)) && mbox_wake(&c->mb)) goto again; */
/*= host/actor/slice.c: if (!mbox_sleep(&c->mb)) goto again; if (unlikely(attends(c)) && mbox_wake(&c->mb)) goto again; */
inline idle_again(c, back) {
    if
    :: attn[c] != 0 ->
        atomic {
            wake_cell(c, back);
            if
            :: back -> assert(queued[c] == 0 && running[c] == 0); running[c]++
            :: else
            fi
        }
    :: else
    fi
}

/* A control order for cell 0 from a thread that is no worker: cell_order, then cell_poke. */
#if POKES || FAIL
/*= host/actor/cells.c: uint32_t old = atomic_fetch_or_explicit(&c->attn, bit, */
/*= host/actor/cells.c: if (old & ATTN_PARKED) worker_push_ring(&x->w, &c->task); */
inline poke_cell() {
    atomic {
        if
        :: a & PARKED ->
            won = ((attn[0] & PARKED) != 0 || M(UNPARK_CELL_WITHOUT_TEST));
            attn[0] = attn[0] & ~PARKED
        :: else -> wake_cell(0, won)
        fi
    }
}

/* directive: it answers a failure */
proctype Poker(bool directive) {
    byte who, a;
    bool won, any;

end_unasked:
    atomic { !directive || failed -> orders++ }
    if
    :: M(WAKE_BEFORE_BIT) -> poke_cell(); attn[0] = attn[0] | ORDERS
    :: else -> atomic { a = attn[0]; attn[0] = a | ORDERS } poke_cell()
    fi;
    a = 0;
    if
    :: won -> won = false; inject(0, false)
    :: else
    fi
}
#endif

/*= host/sched/worker_thread.c: t = runq_pop(w->runq); if (t == NULL) t = sched_inject_take(s, w); if (t == NULL) t = steal(w); */
/*= host/sched/worker_thread.c: if (unlikely(atomic_load_explicit(&w->detached, memory_order_relaxed) == WORKER_DETACHED)) break; */
/*= host/actor/slice.c: mbox_keep(&c->mb, next); goto yield; */
/*= host/mailbox/mbox.h: if (atomic_load_explicit(&mb->tail, memory_order_relaxed) == MBOX_EMPTY) return NULL; */
proctype Worker(byte w) {
    byte t = NONE, old = NONE, one = NONE, m, nx, to, f, q, h, n, a, prev, who;
    bool any, idle, gone, won, leaves, look;

loop:
    /* worker_next, then worker_thread.c's idle() */
#if LEAVES
    if
    :: leaves -> hand_over(w, t); goto sleep
    :: else
    fi;
#endif
    if
    :: len(injected) > 0 -> take(w, t)                       /* inject_left is 0 */
    :: true
    fi;
    if :: t == NONE -> pop(w, t)   :: else fi;
    if :: t == NONE -> take(w, t)  :: else fi;
    if :: t == NONE -> steal(w, t) :: else fi;
sleep:
    if :: t == NONE -> park(w, t)  :: else fi;
    atomic {
        if
        :: t == NONE && detached[w] == DETACHED -> goto out
        :: t == NONE && detached[w] != DETACHED -> goto loop
        :: else -> assert(detached[w] != DETACHED); run_begin(t)
        fi
    }

again: /* actor_run; t is the cell, m the message in hand */
    if
    :: attn[t] != 0 -> attend(t, gone)
    :: else
    fi;
    if
    :: gone -> goto slice_over
    :: else
    fi;
    m = head[t];                                             /* mbox_first */
    if
    :: m != 0
    :: m == 0 && tail[t] == EMPTY ->
        atomic {                                             /* mbox_sleep */
            if
            :: tail[t] == EMPTY || M(SLEEP_WITHOUT_TEST) -> tail[t] = IDLE; run_end(t)
            :: else -> goto again
            fi
        }
        if
        :: !M(NO_LOOK_AFTER_SLEEP) -> idle_again(t, won)
        :: else
        fi;
        if
        :: won -> won = false; goto again
        :: else -> goto slice_over
        fi
    :: m == 0 && tail[t] != EMPTY -> atomic { head[t] != 0 -> m = head[t] } /* a pusher has yet to store it */
    fi;

next_turn:
#if FAIL
    if
    :: m == FIRST && t == 0 ->                               /* unusual(), life_turn_failed: dead letter, held */
        leave(t, m, EMPTY, nx);
        atomic {
            account(m);
            m = 0;
            if
            :: nx != 0 -> head[t] = nx; nx = 0               /* mbox_keep */
            :: else
            fi
        }
        atomic { attn[t] = attn[t] | HOLD; failed = true }
        goto again
    :: else
    fi;
#endif
#if SPARES
    outside(w);
#endif
#if FORWARD
    if
    :: t == 0 -> forward(w, m)
    :: else
    fi;
#endif
    atomic { account(m); a = attn[t] }
    if
    :: a != 0 ->                                             /* unusual(): out of the queue, then attend */
        a = 0;
        leave(t, m, EMPTY, nx);
        atomic {
            m = 0;
            if
            :: nx != 0 -> head[t] = nx; nx = 0               /* mbox_keep */
            :: else
            fi
        }
        goto again
    :: else
    fi;
    nx = next[m];                                            /* run_next() */
    if
    :: nx == 0 -> leave(t, m, IDLE, nx)                      /* mbox_next */
    :: else
    fi;
    if
    :: nx == 0 ->
        m = 0;
        if
        :: !M(NO_LOOK_AFTER_NEXT) -> idle_again(t, won)
        :: else
        fi;
        if
        :: won -> won = false; goto again
        :: else -> goto slice_over
        fi
    :: nx != 0 -> atomic { m = nx; nx = 0 } goto next_turn
    :: nx != 0 ->                                            /* the slice is over */
        atomic {
            m = 0;
            if
            :: !M(YIELD_WITHOUT_KEEP) -> head[t] = nx        /* mbox_keep */
            :: else
            fi;
            nx = 0;
            run_end(t);
            queue_in(t)
        }
        push_ring(w, t, true)
    fi;

slice_over:
#if LEAVES
    if
    :: atomic { !leaving && !foreign[w] -> leaving = true; leaves = true } /* worker.c's spread() */
    :: true
    fi;
#endif
    atomic {
        gone = false;
        t = NONE;
        if
        :: detached[w] == DETACHED && !M(DETACHED_GOES_ON) -> goto out /* another thread runs our queue */
        :: else -> goto loop
        fi
    }
out:
    skip
}

#if SPARES
/*= host/sched/worker_thread.c: exchange_queues(old, w); old->foreign = old->once = true; old->again = 1; atomic_store_explicit(&s->workers[id], w, */
/*= host/sched/worker_thread.c: yes = atomic_load_explicit(&w->in_host, memory_order_acquire) == 0 || atomic_load_explicit(&w->waits, memory_order_acquire) == no; */
inline exchange_queues() {
    d_step { q = runq[0]; runq[0] = runq[WORKERS]; runq[WORKERS] = q; q = 0 }
}

/* sched_take_over of worker 0, twice at most: the second may find a worker that is just leaving the door. */
proctype Watchdog() {
    byte k, q;

    do
    :: k < 2 ->
        k++;
        detached[0] = HELD;                                  /* then the barrier on all threads */
        hold[0] = hold[0] + 1;                               /* leaves() */
        if
        :: !inside[0] || waits[0] == hold[0] || M(TAKE_WITHOUT_LOOK) ->
            exchange_queues();
            foreign[0] = true;
            workers[0] = WORKERS;
            if
            :: atomic { run Worker(WORKERS); detached[0] = DETACHED; break }
            :: atomic { workers[0] = 0; foreign[0] = false }  /* no thread could be had: all as before */
                exchange_queues();
                detached[0] = ATTACHED
            fi
        :: else -> detached[0] = ATTACHED
        fi
    :: break
    od
}
#endif
