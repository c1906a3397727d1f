/* actor/types.h - the plain values that cross between a plugin and its host.
 *
 * Everything here is fixed width, passed by value, and means the same in C and C++. Two families of text and lists exist on
 * purpose: in a *message* they are borrowed views into the message's own block (actor_str, {v, n}); in *state* they are
 * owned by the actor's arena (actor_string, actor_list...) and change only by calls. The wrong assignment does not compile.
 */
#ifndef ACTOR_TYPES_H
#define ACTOR_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- references --- */
/* Names one life of one actor. By value; costs nothing to keep; a stale one is noticed at the send and never crashes.
 * node stands for one node incarnation inside this process, slot + gen for the actor. All zero: nobody. */
typedef struct actor_ref {
    uint32_t node, slot;
    uint64_t gen;
} actor_ref;

#define ACTOR_NOBODY (actor_ref_make_(0, 0, 0))
static inline actor_ref
actor_ref_make_(uint32_t node, uint32_t slot, uint64_t gen)
{
    actor_ref r;
    r.node = node;
    r.slot = slot;
    r.gen = gen;
    return r;
}
static inline int
actor_ref_eq(actor_ref a, actor_ref b)
{
    return a.node == b.node && a.slot == b.slot && a.gen == b.gen;
}
static inline int
actor_ref_is_nobody(actor_ref a)
{
    return a.gen == 0;
}

/* --- text and bytes in messages: borrowed views --- */
typedef struct actor_str {
    const char *p; /* not NUL-terminated */
    uint32_t n;    /* bytes, UTF-8 */
} actor_str;
typedef struct actor_bin {
    const uint8_t *p;
    uint32_t n;
} actor_bin;
typedef uint8_t actor_bool; /* 0 or 1 */

/* A view of a literal or of a NUL-terminated string. */
#define ACTOR_STR(literal) (actor_str_make_("" literal, (uint32_t)(sizeof(literal) - 1)))
static inline actor_str
actor_str_make_(const char *p, uint32_t n)
{
    actor_str s;
    s.p = p;
    s.n = n;
    return s;
}
static inline actor_str
actor_cstr(const char *s)
{
    return actor_str_make_(s, s ? (uint32_t)__builtin_strlen(s) : 0);
}
static inline int
actor_str_eq(actor_str a, actor_str b)
{
    return a.n == b.n && (a.n == 0 || __builtin_memcmp(a.p, b.p, a.n) == 0);
}
/* For "%.*s": takes an actor_str or an actor_string. */
#define ACTOR_STR_ARG(s) (int)(s).n, (s).p

/* --- text, bytes, lists and maps in state: owned by the actor's arena; read freely, change by calls only --- */
typedef struct actor_string {
    const char *p; /* not NUL-terminated */
    uint32_t n, cap_;
} actor_string;
typedef struct actor_bytes {
    const uint8_t *p;
    uint32_t n, cap_;
} actor_bytes;
/* What every owned list and map begins with; the macros of schema.h give them their element types. */
typedef struct actor_list {
    const void *v; /* n elements */
    uint32_t n, cap_;
} actor_list;
typedef struct actor_map {
    const void *v; /* n entries {key, value} */
    uint32_t n, cap_;
    void *index_;
} actor_map;

/* Borrow what the state owns, for example to put it into a message. Valid until the next change of it. */
static inline actor_str
actor_view(actor_string s)
{
    return actor_str_make_(s.p, s.n);
}

/* --- results --- */
/* What a handler returns; made only by ACTOR_OK and its siblings or by actor_fail(). */
typedef struct actor_result {
    int32_t code;
} actor_result;
static inline actor_result
actor_result_make_(int32_t code)
{
    actor_result r;
    r.code = code;
    return r;
}
#define ACTOR_OK        (actor_result_make_(0)) /* the turn commits */
#define ACTOR_UNHANDLED (actor_result_make_(1)) /* turn undone; the message is a dead letter, its asker is told */
#define ACTOR_STASH     (actor_result_make_(2)) /* turn undone; the message waits until actor_unstash() */
#define ACTOR_STOP      (actor_result_make_(3)) /* the turn commits, then the actor stops */

/* What a call returns: 0 or a negative ACTOR_E_*. A failed send never fails its sender. The numbers are the host's
 * (they appear in logs and may be named in supervision rules). */
enum actor_status {
    ACTOR_E_NOMEM = -100001,
    ACTOR_E_INVALID = -100002,
    ACTOR_E_NOTFOUND = -100003,
    ACTOR_E_EXISTS = -100004,
    ACTOR_E_DEAD = -100005,       /* stale or unknown reference; counted as a dead letter */
    ACTOR_E_FULL = -100006,       /* bounded mailbox; the message was not taken */
    ACTOR_E_LIMIT = -100007,      /* a cap of this turn or of the node */
    ACTOR_E_TIMEOUT = -100008,
    ACTOR_E_UNHANDLED = -100009,
    ACTOR_E_STOPPING = -100010,
    ACTOR_E_RANGE = -100013,
    ACTOR_E_TYPE = -100014,
    ACTOR_E_FAILED = -100021,
    ACTOR_E_RESTARTED = -100022,
    ACTOR_E_ROLLED_BACK = -100023,
    ACTOR_E_CANCELED = -100028,
    ACTOR_E_UNSUPPORTED = -100029
};

enum actor_log_level { ACTOR_LOG_DEBUG, ACTOR_LOG_INFO, ACTOR_LOG_WARN, ACTOR_LOG_ERROR };

/* The context of a turn: valid inside the callback that got it, on that thread, until it returns. */
typedef struct actor_ctx {
    const struct actor_host *host;
} actor_ctx;

#ifdef __cplusplus
}
#endif
#endif
