/* look.c - looking inside: state, dead letters, log; versions; memory that fails. */
#include "msg/jsonview.h"
#include "testkit/kit.h"
#include <string.h>

const char *
testkit_state(testkit *tk, actor_ref who)
{
    const struct cell *c = kit_cell(tk, who);
    const struct behaviour *b = c == NULL ? NULL : atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct strbuf buf;
    struct json j;
    const char *text;

    if (b == NULL || b->state == NULL || c->state == NULL)
        return NULL;
    strbuf_init(&buf);
    json_init(&j, &buf);
    jsonview_struct(&j, b->state, c->state);
    text = kit_own_text(tk, &buf);
    strbuf_fini(&buf);
    return text;
}

const char *
testkit_version(testkit *tk, actor_ref who)
{
    const struct cell *c = kit_cell(tk, who);

    return c == NULL
               ? NULL
               : ((const struct behaviour *)atomic_load_explicit(&c->beh, memory_order_relaxed))->version;
}

size_t
testkit_dead(testkit *tk, const char *type, const char *reason)
{
    struct dead_letter l[32];
    uint64_t at = 1;
    size_t n, found = 0;

    do {
        n = dead_copy(tk->world.sys.dead, at, l, ARRAY_LEN(l), &at);
        for (size_t i = 0; i < n; i++) {
            const struct msg_type *t = types_get(&tk->world.sys.types, l[i].type);

            if (type != NULL && (t == NULL || strcmp(t->schema->name, type) != 0))
                continue;
            found += reason == NULL || strcmp(dead_reason_name((enum dead_reason)l[i].reason), reason) == 0;
        }
    } while (n == ARRAY_LEN(l));
    return found;
}

const char *
testkit_log(testkit *tk)
{
    return strbuf_str(&tk->log);
}

bool
testkit_logged(testkit *tk, const char *part)
{
    return strstr(testkit_log(tk), part) != NULL;
}

/* --- versions --- */
static struct version *
version_of(testkit *tk, const actor_plugin *p)
{
    vec_each (l, &tk->linked)
        if (l->plugin == p)
            return l->version;
    return NULL;
}

int
testkit_swap(testkit *tk, const actor_plugin *to)
{
    struct version *v = version_of(tk, to), *from;
    struct swap_options o = {0};
    int r = v != NULL ? 0 : testkit_load_with(tk, to, NULL);

    if (r < 0)
        return r;
    v = version_of(tk, to);
    from = catalogue_active(runtime_catalogue(tk->world.runtime), to->name);
    o.narrow = from != NULL && version_text_compare(to->version, from->manifest->version) < 0;
    tk->err = (struct err){0};
    r = from == v ? 0 : world_swap(&tk->world, v, &o, &tk->err);
    if (r < 0 || from == v)
        return r;
    testkit_run(tk); /* comes to rest when the swap is over */
    if (tk->world.swap.phase == SWAPPING_DONE && tk->world.swap.refused == 0)
        return 0;
    tk->err = tk->world.swap.err;
    return tk->err.code != 0 ? -tk->err.code : -ERR_MIGRATE;
}

bool
testkit_round_trip(testkit *tk, actor_ref who, const actor_plugin *from, const actor_plugin *to)
{
    const char *before = testkit_state(tk, who), *there, *after;

    if (before == NULL || testkit_swap(tk, to) < 0) {
        kit_fail(tk, NULL, 0, "from %s %s to %s: %s", from->name, from->version, to->version,
                 before == NULL ? "the actor is not alive" : tk->err.text);
        return false;
    }
    there = testkit_state(tk, who);
    if (testkit_swap(tk, from) < 0) {
        kit_fail(tk, NULL, 0, "back from %s %s to %s: %s", to->name, to->version, from->version,
                 tk->err.text);
        return false;
    }
    after = testkit_state(tk, who);
    if (there != NULL && after != NULL && strcmp(before, after) == 0)
        return true;
    kit_fail(tk, NULL, 0, "the state came back changed:\n  %s\n  %s in version %s\n  %s", before,
             there == NULL ? "none" : there, to->version, after == NULL ? "none" : after);
    return false;
}

/* --- memory that fails --- */
void
testkit_fail_alloc(testkit *tk, uint64_t n, bool all_after)
{
    tk->world.env.fail_at = n;
    tk->world.env.fail_from = all_after;
    tk->fails_at = n == 0 ? UINT64_MAX : tk->world.env.allocs + n;
}

bool
testkit_alloc_failed(testkit *tk)
{
    return tk->world.env.allocs >= tk->fails_at;
}
