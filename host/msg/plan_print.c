/* plan_print.c - a plan as text and as JSON: what happens to each field. */
#include "msg/plan_priv.h"
#include "msg/schema_priv.h"
#include <stdio.h>
#include <string.h>

const char *
plan_verdict_name(enum plan_verdict v)
{
    static const char *const names[] = {"equal", "automatic", "needs migrate()", "impossible"};

    return names[v];
}

static const char *
action_name(unsigned action)
{
    static const char *const names[] = {"copy",    "widen", "narrow",  "convert",
                                        "default", "lost",  "migrate", "refuse", "load"};

    return names[action];
}

static const struct field *
shown(const struct plan_step *s)
{
    return s->to != NULL ? s->to : s->from;
}

static bool
renamed(const struct plan_step *s)
{
    return s->from != NULL && s->to != NULL && strcmp(s->from->name, s->to->name) != 0;
}

bool
plan_next(const struct plan *p, size_t *pos, struct plan_field *ret)
{
    size_t i = *pos;

    for (const struct plan_node *n = p->root; n != NULL; i -= n->nsteps, n = n->next) {
        const struct plan_step *s;

        if (i >= n->nsteps)
            continue;
        s = &n->steps[i];
        *ret = (struct plan_field){(enum plan_action)s->action, n->path, s->from, s->to, s->reason};
        ++*pos;
        return true;
    }
    return false;
}

void
plan_print(const struct plan *p, struct strbuf *out)
{
    char from[64], to[64];

    strbuf_printf(out, "%s@%u -> %s@%u: %s", p->from->name, p->from->version, p->to->name, p->to->version,
                  plan_verdict_name(p->verdict));
    for (const struct plan_node *n = p->root; n != NULL; n = n->next) {
        for (const struct plan_step *s = n->steps; s < n->steps + n->nsteps; s++) {
            strbuf_printf(out, "\n  %-8s %s%s", action_name(s->action), n->path, shown(s)->name);
            if (renamed(s))
                strbuf_printf(out, ", was %s", s->from->name);
            if (s->action == PLAN_WIDEN || s->action == PLAN_NARROW)
                strbuf_printf(out, ": %s -> %s", schema_kind_text(s->from, from, sizeof from),
                              schema_kind_text(s->to, to, sizeof to));
            if (s->action == PLAN_DEFAULT && schema_has_default(s->to)) {
                struct json j;

                strbuf_puts(out, " = ");
                json_init(&j, out);
                schema_json_default(s->to, &j);
            }
            if (s->reason != NULL)
                strbuf_printf(out, ": %s", s->reason);
        }
    }
    strbuf_putc(out, '\n');
}

static void
json_side(struct json *out, const char *key, const struct schema *s)
{
    json_key(out, key);
    json_object_begin(out);
    json_key(out, "name");
    json_str(out, s->name);
    json_key(out, "version");
    json_u64(out, s->version);
    json_object_end(out);
}

static void
json_text(struct json *out, const char *key, const char *text)
{
    json_key(out, key);
    json_str(out, text);
}

static void
json_step(struct json *out, const struct plan_node *n, const struct plan_step *s)
{
    char text[600];

    json_object_begin(out);
    snprintf(text, sizeof text, "%s%s", n->path, shown(s)->name);
    json_text(out, "name", text);
    json_text(out, "action", action_name(s->action));
    if (renamed(s))
        json_text(out, "was", s->from->name);
    if (s->from != NULL)
        json_text(out, "from", schema_kind_text(s->from, text, sizeof text));
    if (s->to != NULL)
        json_text(out, "to", schema_kind_text(s->to, text, sizeof text));
    if ((s->action == PLAN_DEFAULT || s->action == PLAN_MIGRATE) && schema_has_default(s->to)) {
        json_key(out, "default");
        schema_json_default(s->to, out);
    }
    if (s->reason != NULL)
        json_text(out, "reason", s->reason);
    json_object_end(out);
}

void
plan_json(const struct plan *p, struct json *out)
{
    json_object_begin(out);
    json_side(out, "from", p->from);
    json_side(out, "to", p->to);
    json_text(out, "verdict", plan_verdict_name(p->verdict));
    json_key(out, "lost");
    json_u64(out, p->lost);
    json_key(out, "narrowed");
    json_u64(out, p->narrowed);
    json_key(out, "fields");
    json_array_begin(out);
    for (const struct plan_node *n = p->root; n != NULL; n = n->next)
        for (const struct plan_step *s = n->steps; s < n->steps + n->nsteps; s++)
            json_step(out, n, s);
    json_array_end(out);
    json_object_end(out);
}
