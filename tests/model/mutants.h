/* One re-check of the code each, which sched.pml leaves out when MUTANT is its number. spin.py shows that each is missed.
 * NAME NUMBER: the scenario of spin.py that misses it; where, and what must be there */
#define SCHEDULE_WHEN_EMPTY      1  /* order: mbox_push: only the pusher that finds IDLE schedules */
#define WAKE_WITHOUT_TEST        2  /* order: mbox_wake: only an idle cell is scheduled */
#define HEAD_AFTER_SWAP          3  /* mail: mbox_leave_: head goes first, then the swap */
#define LEAVE_WITHOUT_TEST       4  /* mail: mbox_leave_: the swap fails when a message came */
#define SLEEP_WITHOUT_TEST       5  /* order: mbox_sleep: the swap fails when a message came */
#define NO_LOOK_AFTER_SLEEP      6  /* orders: actor_run: attn again after mbox_sleep */
#define NO_LOOK_AFTER_NEXT       7  /* order: actor_run: attn again after mbox_next */
#define YIELD_WITHOUT_KEEP       8  /* mail: actor_run: mbox_keep before the cell is queued again */
#define HOLD_WITHOUT_LOOK        9  /* held: attend.c, park(): no order came */
#define UNPARK_CELL_WITHOUT_TEST 10 /* held: cell_poke: only who takes PARKED away queues the cell */
#define WAKE_BEFORE_BIT          11 /* order: cell_poke: the bit first, then the wake */
#define LOOK_BEFORE_QUEUE        12 /* mail: sched_inject: queue first, then look for sleepers */
#define NO_WAKE                  13 /* mail: sched_inject: wake a sleeper */
#define UNPARK_ONLY_SLEEPER      14 /* mail: parker_unpark: a wake-up that comes first is kept */
#define NO_SECOND_LOOK           15 /* mail: worker_thread.c, park(): look at the injection queue again */
#define LOOK_BEFORE_LISTING      16 /* mail: worker_thread.c, park(): list first, then look */
#define OWNER_IGNORES_THIEF      17 /* fan: runq_push_slot, runq_pop: look at steals after the store */
#define STEAL_BEFORE_SETTLED     18 /* fan: runq_steal_slot: one theft at a time */
#define THIEF_STORES_NULL        19 /* fan: runq_steal_slot: by compare-and-swap */
#define CLAIM_WITHOUT_TEST \
    20 /* fan: pop_ring, runq_steal_ring: the swap of head fails when another claimed */
#define POP_GIVES_UP         21 /* leave: runq_pop: the slot, when thieves have emptied the ring meanwhile */
#define DETACHED_KEEPS_QUEUE 22 /* over: worker_push: a worker that was taken over schedules by injection */
#define DETACHED_GOES_ON     23 /* over: worker_main: and returns after its slice */
#define NO_DOOR              24 /* over: host_try_enter: look at detached after in_host */
#define TAKE_WITHOUT_LOOK \
    25 /* over: sched_take_over: the thread is outside host code, or waits at the door */
#define LEAVES_WITHOUT_LOOK \
    26 /* leave: worker_thread.c, park(): the last one awake looks, though it leaves */
#define GIVEN_IS_DROPPED 27 /* hand: worker_thread.c, park(): what was handed to it is kept when the second look found more */
