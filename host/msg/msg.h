/* msg.h - the message block: 32 B of header, the payload, and sometimes 16 B of extension at the block's end.
 *
 *   [next 8][head 8][sender 16][payload: the sender's C struct, then what it points to ........][ext 16]
 *
 * A block comes from a pool class (base/pool.h) and goes back to the pool of whoever frees it; it has no home thread.
 * Pointers in the payload point into the same block, which never moves: handing the block over copies nothing.
 * One owner at a time: the outbox, then the mailbox, then the turn; after that the pool.
 */
#ifndef MSG_MSG_H
#define MSG_MSG_H
#include <actor/types.h>
#include <stdatomic.h>

struct msg {
    _Atomic(struct msg *) next; /* owner while unpublished: plain; see mailbox/mbox.h for who writes it then */
    uint64_t head;              /* type id 32 | pool class 8 | flags 24 */
    actor_ref sender;
};
_Static_assert(sizeof(struct msg) == 32, "message header");

/* head */
#define MSG_TYPE(head)    ((uint32_t)(head))
#define MSG_CLASS_SHIFT   32
#define MSG_CLASS(head)   ((unsigned)((head) >> MSG_CLASS_SHIFT) & 0xff)
#define MSG_CLASS_MASK    (0xffull << MSG_CLASS_SHIFT)
#define MSG_KEY(head)     ((head) & ~MSG_CLASS_MASK) /* type id and flags: one compare proves both at dispatch */
#define MSG_F_ASK         (1ull << 40) /* ext names the ask; whoever handles it answers or fails it */
#define MSG_F_REPLY       (1ull << 41) /* ext names the ask that this answers */
#define MSG_F_ASK_FAILED  (1ull << 42) /* payload is actor_ask_failed; ext names the ask */
#define MSG_F_TIMER       (1ull << 43) /* ext names the timer */
#define MSG_F_JOB         (1ull << 44) /* ext.tag is the tag: of a job's result, or of a tick once it has arrived */
#define MSG_F_SYSTEM      (1ull << 45) /* from the host: not counted as user mail, no dead letter when unhandled */
#define MSG_F_POISON      (1ull << 46) /* no payload: stop here (drain) */
#define MSG_F_SEEN        (1ull << 47) /* was in a turn before: what its arrival ended stays ended; ext.slot is the incarnation */
#define MSG_F_REDELIVERED (1ull << 48) /* its turn failed before, and supervision kept it */
#define MSG_F_SHIFT       40

/* The last 16 B of a block whose flags say so. */
struct msg_ext {
    uint32_t slot, gen; /* of the ask or timer node */
    uint64_t tag;
};

static inline void *
msg_payload(struct msg *m)
{
    return m + 1;
}
static inline struct msg *
msg_of(void *payload)
{
    return (struct msg *)payload - 1;
}

#endif
