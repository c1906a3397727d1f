/* kit.h - the inside of libactor-testkit; its face is <actor/testkit.h>. Memory of the testkit itself comes from malloc, so that
 * the world's accounts and injected faults are the tested node's alone. */
#ifndef TESTKIT_KIT_H
#define TESTKIT_KIT_H
#include "base/strbuf.h"
#include "base/vec.h"
#include "testkit/world.h"
#include <actor/testkit.h>

struct mail {
    const struct msg_type *type;
    actor_ref sender;
    uint64_t tag;
    void *payload; /* of tk.owned */
};
struct canned { /* an answer that is always the same */
    uint32_t type;
    const actor_type *answer;
    void *payload;
};
struct testkit_probe {
    testkit *tk;
    actor_ref ref;
    VEC(struct mail) mail;
    size_t next; /* mail before was taken */
    VEC(struct canned) canned;
    actor_ref sender;
};
struct linked {
    const actor_plugin *plugin;
    struct version *version;
};
struct testkit {
    struct world world;
    uint64_t seed, tags;
    uint64_t start_ns, fails_at; /* fails_at: which allocation of the world */
    struct bound *types;         /* of the test's own file */
    struct behaviour probe;      /* takes whatever comes */
    VEC(testkit_probe *) probes; /* the first is testkit_self */
    VEC(struct linked) linked;
    VEC(void *) owned; /* handed out: freed at the end */
    struct strbuf log;
    struct err err;
    int failures;
    int status;  /* of the last ask */
    bool broken; /* the world stands still: nothing more makes sense */
};

/* Steps until enough(arg), or all is quiet until_ns. false: it never comes to rest (told). enough may be NULL. */
bool kit_run(testkit *tk, uint64_t until_ns, bool (*enough)(const void *arg), const void *arg);
/* fn in a slice of who, as system_call; returns when it has run. 0, or -ERR_* with tk->err. */
int kit_call(testkit *tk, actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg), void *arg);
/* Something is wrong: print and count. file may be NULL. */
void kit_fail(testkit *tk, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int kit_err(testkit *tk, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* r < 0 */
void *kit_own(testkit *tk, size_t bytes); /* zeroed, until testkit_free; aborts without memory */
const char *kit_own_text(testkit *tk, const struct strbuf *b);
struct cell *kit_cell(testkit *tk, actor_ref who); /* NULL: not alive */

/* Probes (probe.c). */
int probes_init(testkit *tk);
void probes_fini(testkit *tk);
int probes_learn(testkit *tk); /* the catalogue has grown: new types are taken too */

#endif
