/* probe.c - probes: actors whose every turn is "keep it". Their dispatch table has a row for each type there is. */
#include "actor/call.h"
#include "msg/convert.h"
#include "msg/jsonview.h"
#include "testkit/kit.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- keeping --- */
static void *
copy_payload(testkit *tk, const struct schema *s, const void *v)
{
    int64_t more = msg_copy_bytes(s, v);
    void *p;

    if (more < 0)
        return NULL;
    p = kit_own(tk, msg_copy_offset(s) + (size_t)more);
    return msg_copy_into(s, p, (size_t)more, v) < 0 ? NULL : p;
}

static actor_result
keep(actor_ctx *ctx, void *state, const void *payload)
{
    struct actx *x = (struct actx *)ctx;
    testkit_probe *p = *(testkit_probe **)state;
    const struct msg_type *t = types_get(&x->sys->types, MSG_TYPE(x->cur->head));
    struct mail m = {t, x->cur->sender, actor_tag(ctx), copy_payload(p->tk, t->schema, payload)};

    if (m.payload == NULL || vec_push(&p->mail, m) < 0)
        abort(); /* the test's own memory */
    vec_each (c, &p->canned)
        if (c->type == t->id)
            call_reply(ctx, c->answer, c->payload);
    return ACTOR_OK;
}

/* NULL: it is none of the types that the test declares. */
static const struct msg_type *
type_of(testkit *tk, const actor_type *t)
{
    return types_get(&tk->world.sys.types, (uint32_t)t->head_);
}

/* --- the table --- */
static bool
fits(const struct types *types, uint32_t mask, uint8_t *seen)
{
    const struct msg_type *t;
    uint32_t pos = 0;

    memset(seen, 0, mask + 1u);
    while ((t = types_next(types, &pos)) != NULL)
        if (seen[t->id & mask]++ != 0)
            return false;
    return true;
}

int
probes_learn(testkit *tk)
{
    enum { MASK_MAX = 0xffff };
    static const uint32_t first = 15;
    struct system *sys = &tk->world.sys;
    struct env *env = sys->env;
    uint8_t *seen = malloc(MASK_MAX + 1);
    uint32_t mask = first, pos = 0;
    const struct msg_type *t;
    struct dispatch *d;
    size_t bytes;

    if (seen == NULL)
        abort(); /* the test's own memory */
    while (mask < MASK_MAX && !fits(&sys->types, mask, seen))
        mask = mask * 2 + 1;
    free(seen);
    bytes = sizeof *d + (mask + 1u) * sizeof d->rows[0];
    d = env_alloc(env, bytes);
    if (d == NULL)
        return kit_err(tk, -ERR_NOMEM, "rows of the probes");
    d->env = env;
    d->bytes = bytes;
    d->mask = mask;
    while ((t = types_next(&sys->types, &pos)) != NULL) {
        d->rows[t->id & mask] = (struct dispatch_row){t->id, {keep}, NULL, t->id, 0, false};
        d->nrows++;
    }
    if (behaviour_dispatch_by(sys, &tk->probe, d) < 0) {
        env_free(env, d, bytes);
        return kit_err(tk, -ERR_NOMEM, "the count of probes");
    }
    return 0;
}

/* --- life --- */
struct making {
    testkit_probe *probe;
    const char *name;
    int r;
};

static void
make_here(struct actx *x, struct cell *parent, void *arg)
{
    struct making *m = arg;
    struct cell *c;

    (void)parent;
    m->r = spawn_cell(x, &c, &m->probe->tk->probe, m->name, m->name == NULL ? 0 : (uint32_t)strlen(m->name),
                      NULL, NULL, NULL);
    if (m->r < 0)
        return;
    *(testkit_probe **)c->state = m->probe;
    m->probe->ref = c->ref;
}

testkit_probe *
testkit_probe_new(testkit *tk, const char *name)
{
    testkit_probe *p = kit_own(tk, sizeof *p);
    struct making m = {p, name, 0};
    int r;

    p->tk = tk;
    r = kit_call(tk, tk->world.sys.user, make_here, &m);
    if (r == 0 && m.r < 0)
        r = kit_err(tk, m.r, "probe %s", name == NULL ? "without a name" : name);
    if (r < 0)
        return NULL;
    if (vec_push(&tk->probes, p) < 0)
        abort(); /* the test's own memory */
    return p;
}

int
probes_init(testkit *tk)
{
    int r;

    tk->probe = (struct behaviour){
        .name = "testkit.probe", .version = "host", .zero_state = true, .state_bytes = sizeof(void *)};
    r = probes_learn(tk);
    return r < 0 ? r : testkit_probe_new(tk, NULL) == NULL ? -ERR_NOMEM : 0;
}

void
probes_fini(testkit *tk)
{
    vec_each (p, &tk->probes) {
        vec_fini(&(*p)->mail);
        vec_fini(&(*p)->canned);
    }
    vec_fini(&tk->probes);
    behaviour_fini(&tk->world.sys, &tk->probe);
}

testkit_probe *
testkit_self(testkit *tk)
{
    return tk->probes.v[0];
}

actor_ref
testkit_probe_ref(const testkit_probe *p)
{
    return p->ref;
}

actor_ref
testkit_sender(const testkit_probe *p)
{
    return p->sender;
}

size_t
testkit_pending(const testkit_probe *p)
{
    return p->mail.n - p->next;
}

void
testkit_clear(testkit_probe *p)
{
    p->next = p->mail.n;
}

/* --- acting: in the probe's own slice --- */
struct doing {
    actor_ref to;
    const actor_type *type, *answer;
    const void *v;
    uint64_t timeout_ms, tag;
    int r;
};

static void
tell_here(struct actx *x, struct cell *c, void *arg)
{
    struct doing *d = arg;

    (void)c;
    d->r = call_tell(&x->ctx, d->to, d->type, d->v);
}

static void
watch_here(struct actx *x, struct cell *c, void *arg)
{
    struct doing *d = arg;

    (void)c;
    d->r = call_watch(&x->ctx, d->to);
}

static void
ask_here(struct actx *x, struct cell *c, void *arg)
{
    struct doing *d = arg;

    (void)c;
    d->r = call_ask(&x->ctx, d->to, d->answer, d->timeout_ms, d->tag, d->type, d->v);
}

static int
act(testkit_probe *p, void (*fn)(struct actx *, struct cell *, void *), struct doing *d, const char *what)
{
    int r = kit_call(p->tk, p->ref, fn, d);

    if (r == 0 && d->r < 0)
        r = kit_err(p->tk, d->r, "%s %u.%" PRIu64, what, d->to.slot, d->to.gen);
    return r;
}

int
testkit_probe_tell_(testkit_probe *p, actor_ref to, const actor_type *t, const void *m)
{
    struct doing d = {.to = to, .type = t, .v = m};
    int r = act(p, tell_here, &d, "tell to");

    testkit_run(p->tk);
    return r;
}

int
testkit_tell_(testkit *tk, actor_ref to, const actor_type *t, const void *m)
{
    return testkit_probe_tell_(testkit_self(tk), to, t, m);
}

int
testkit_probe_watch(testkit_probe *p, actor_ref who)
{
    struct doing d = {.to = who};
    int r = act(p, watch_here, &d, "watch of");

    testkit_run(p->tk);
    return r;
}

int
testkit_probe_answers_(testkit_probe *p, const actor_type *t, const actor_type *answer, const void *m)
{
    const struct msg_type *type = type_of(p->tk, t);
    const struct msg_type *a = type_of(p->tk, answer);
    struct canned c = {.answer = answer};

    if (type == NULL || a == NULL)
        return kit_err(p->tk, -ERR_TYPE, "a canned answer");
    c.type = type->id;
    c.payload = copy_payload(p->tk, a->schema, m);
    if (c.payload == NULL)
        return kit_err(p->tk, -ERR_INVALID, "a canned answer");
    if (vec_push(&p->canned, c) < 0)
        abort(); /* the test's own memory */
    return 0;
}

/* --- expecting --- */
static bool
has_mail(const void *arg)
{
    return testkit_pending(arg) > 0;
}

/* The next mail, waiting for it; NULL: none came. */
static const struct mail *
take(testkit_probe *p, uint64_t until_ns)
{
    kit_run(p->tk, until_ns, has_mail, p);
    if (testkit_pending(p) == 0)
        return NULL;
    p->sender = p->mail.v[p->next].sender;
    return &p->mail.v[p->next++];
}

/* Its payload as the test's own struct. NULL: it is another message. */
static const void *
as(testkit *tk, const struct mail *m, const struct msg_type *want)
{
    struct plan *plan = NULL;
    int64_t bytes;
    void *v = NULL;

    if (m->type == want)
        return m->payload;
    if (strcmp(want->schema->name, m->type->schema->name) != 0 ||
        plan_new(&plan, env_real(), m->type->schema, want->schema, 0, NULL) < 0)
        return NULL;
    bytes = convert_msg_bytes(plan, m->payload); /* another layout of the same message */
    if (bytes >= 0) {
        v = kit_own(tk, (size_t)bytes);
        if (convert_msg(plan, v, (size_t)bytes, m->payload) < 0)
            v = NULL;
    }
    plan_free(plan);
    return v;
}

static void
fail_mail(testkit_probe *p, const struct mail *m, const char *want, uint64_t within_ms, const char *file,
          int line)
{
    struct strbuf b;
    struct json j;

    if (m == NULL) {
        kit_fail(p->tk, file, line, "expected %s within %" PRIu64 " ms; nothing came", want, within_ms);
        return;
    }
    strbuf_init(&b);
    json_init(&j, &b);
    jsonview_struct(&j, m->type->schema, m->payload);
    kit_fail(p->tk, file, line, "expected %s; %s %s came from %u.%" PRIu64, want, m->type->schema->name,
             strbuf_str(&b), m->sender.slot, m->sender.gen);
    strbuf_fini(&b);
}

static const void *
expect(testkit_probe *p, uint64_t within_ms, const struct msg_type *want, int fish, const char *file,
       int line)
{
    uint64_t until = p->tk->world.env.mono_ns + within_ms * 1000000;
    const struct mail *m = take(p, until);
    const void *v = m == NULL ? NULL : as(p->tk, m, want);

    while (fish && m != NULL && v == NULL) {
        m = take(p, until);
        v = m == NULL ? NULL : as(p->tk, m, want);
    }
    if (v == NULL)
        fail_mail(p, m, want->schema->name, within_ms, file, line);
    return v;
}

const void *
testkit_expect_(testkit_probe *p, uint64_t within_ms, const actor_type *t, int fish, const char *file,
                int line)
{
    const struct msg_type *want = type_of(p->tk, t);

    if (want == NULL) {
        kit_fail(p->tk, file, line, "%s is none of the types that testkit_new() found", t->schema()->name);
        return NULL;
    }
    return expect(p, within_ms, want, fish, file, line);
}

bool
testkit_expect_none_(testkit_probe *p, uint64_t for_ms, const char *file, int line)
{
    const struct mail *m = take(p, p->tk->world.env.mono_ns + for_ms * 1000000);

    if (m != NULL)
        fail_mail(p, m, "no mail", for_ms, file, line);
    return m == NULL;
}

uint32_t
testkit_expect_terminated_(testkit_probe *p, actor_ref who, const char *file, int line)
{
    const actor_terminated *m = expect(p, 3000, p->tk->world.sys.st.terminated, 0, file, line);

    if (m == NULL)
        return 0;
    if (actor_ref_eq(m->who, who))
        return m->reason;
    kit_fail(p->tk, file, line, "expected the end of %u.%" PRIu64 "; it is %u.%" PRIu64 " that ended",
             who.slot, who.gen, m->who.slot, m->who.gen);
    return 0;
}

bool
testkit_expect_sequence_(testkit_probe *p, const char *file, int line, ...)
{
    const actor_type *t;
    bool ok = true;
    va_list ap;

    va_start(ap, line);
    while (ok && (t = va_arg(ap, const actor_type *)) != NULL)
        ok = testkit_expect_(p, 3000, t, 0, file, line) != NULL;
    va_end(ap);
    return ok;
}

/* --- asking --- */
struct waiting {
    const testkit_probe *p;
    uint64_t tag;
};

static size_t
find_tag(const testkit_probe *p, uint64_t tag)
{
    size_t i = p->next;

    while (i < p->mail.n && p->mail.v[i].tag != tag)
        i++;
    return i;
}

static bool
has_tag(const void *arg)
{
    const struct waiting *w = arg;

    return find_tag(w->p, w->tag) < w->p->mail.n;
}

const void *
testkit_ask_(testkit *tk, actor_ref to, const actor_type *answer, uint64_t timeout_ms, const actor_type *t,
             const void *v)
{
    testkit_probe *p = testkit_self(tk);
    struct doing d = {.to = to,
                      .type = t,
                      .answer = answer,
                      .v = v,
                      .timeout_ms = timeout_ms,
                      .tag = UINT64_MAX - ++tk->tags};
    struct waiting w = {p, d.tag};
    struct mail m;
    size_t i;

    tk->status = act(p, ask_here, &d, "ask of");
    if (tk->status < 0)
        return NULL;
    /* the answer, or the news that there is none: one of the two comes shortly after the deadline at the latest */
    kit_run(tk, tk->world.env.mono_ns + (timeout_ms + 1000) * 1000000, has_tag, &w);
    i = find_tag(p, d.tag);
    tk->status = -ERR_TIMEOUT;
    if (i == p->mail.n)
        return NULL;
    m = p->mail.v[i];
    memmove(&p->mail.v[i], &p->mail.v[i + 1], (p->mail.n - i - 1) * sizeof m);
    p->mail.n--;
    p->sender = m.sender;
    tk->status = m.type == tk->world.sys.st.ask_failed ? ((const actor_ask_failed *)m.payload)->code : 0;
    if (tk->status < 0) {
        kit_err(tk, tk->status, "ask of %u.%" PRIu64, to.slot, to.gen);
        return NULL;
    }
    testkit_run(tk);
    return as(tk, &m, type_of(tk, answer));
}

int
testkit_status(testkit *tk)
{
    return tk->status;
}
