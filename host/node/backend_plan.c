/* backend_plan.c - a swap's plan as rows of an answer: behaviours with their verdict, fields with what happens to them. */
#include "node/backend.h"
#include <stdio.h>
#include <string.h>

const char *
verdict_word(enum swap_verdict v)
{
    static const char *const words[] = {"equal", "automatic", "migrate", "impossible"};

    return words[v];
}

static const char *
change_word(const struct plan_field *f, bool impossible)
{
    bool renamed = f->from != NULL && f->to != NULL && strcmp(f->from->name, f->to->name) != 0;

    switch (f->action) {
    case PLAN_COPY:
        return renamed ? "renamed" : NULL;
    case PLAN_WIDEN:
        return renamed ? "renamed" : "widened";
    case PLAN_NARROW:
        return renamed ? "renamed" : "narrowed";
    case PLAN_CONVERT:
        return renamed ? "renamed" : "converted";
    case PLAN_DEFAULT:
        return "added";
    case PLAN_DROP:
        return "lost";
    case PLAN_MIGRATE:
        return impossible ? "impossible" : "converted";
    case PLAN_LOAD:
        return renamed ? "renamed" : "saved";
    case PLAN_REFUSE:
        break;
    }
    return "impossible";
}

/* A name where it changed, a kind where that changed. */
static void
put_change(struct control_call *call, const struct schema *type, const struct plan_field *f, bool impossible)
{
    char from[96], to[96], field[192], note[256] = "", dflt[96] = "";
    const char *word = change_word(f, impossible);
    struct view_change v = {.type = type->name, .field = field, .change = word, .note = note};
    struct strbuf buf;
    struct json j;

    if (word == NULL)
        return;
    snprintf(field, sizeof field, "%s%s", f->path, (f->to != NULL ? f->to : f->from)->name);
    if (f->from != NULL)
        v.before = schema_kind_text(f->from, from, sizeof from);
    if (f->to != NULL)
        v.after = schema_kind_text(f->to, to, sizeof to);
    if (f->to != NULL && schema_has_default(f->to)) {
        strbuf_init(&buf);
        json_init(&j, &buf);
        schema_json_default(f->to, &j);
        snprintf(dflt, sizeof dflt, "%s", strbuf_str(&buf));
        strbuf_fini(&buf);
    }
    if (strcmp(word, "renamed") == 0) {
        bool same = strcmp(v.before, v.after) == 0;

        snprintf(note, sizeof note, "%s%s%s%s", same ? "values stay" : "from ", same ? "" : v.before,
                 same ? "" : " to ", same ? "" : v.after);
        v.before = f->from->name;
        v.after = f->to->name;
    } else if (f->action == PLAN_DEFAULT) {
        snprintf(note, sizeof note, "starts with %s", dflt[0] == '\0' ? "zero" : dflt);
    } else if (f->action == PLAN_DROP) {
        snprintf(note, sizeof note, "its values are lost");
    } else if (f->action == PLAN_NARROW) {
        snprintf(note, sizeof note, "each value is tested; an actor that does not fit stays");
    } else if (f->reason != NULL) {
        snprintf(note, sizeof note, "%s%s", f->reason,
                 impossible || f->action == PLAN_REFUSE ? "" : "; migrate() fills it");
    }
    if (note[0] == '\0')
        v.note = NULL;
    control_put_change(call, &v);
}

static uint64_t
actors_of(struct backend *b, const struct version *v, const char *name)
{
    struct behaviour *x = v == NULL ? NULL : backend_behaviour_of(b, v, name);

    return x == NULL ? 0 : atomic_load_explicit(&x->actors, memory_order_acquire);
}

void
put_plan_rows(struct backend *b, struct control_call *call, const struct swap_plan *p,
              const struct version *from)
{
    char name[96], text[256];

    for (uint32_t i = 0; i < p->n; i++) {
        const struct swap_behaviour *s = &p->v[i];
        const struct manifest_behaviour *mb = s->to != NULL ? s->to : s->from;
        struct view_plan_row v = {.behaviour = name,
                                  .verdict = verdict_word(s->verdict),
                                  .actors = s->from == NULL ? 0 : actors_of(b, from, s->from->name),
                                  .reason = s->verdict == SWAP_IMPOSSIBLE ? s->err.text
                                            : s->from == NULL             ? "new"
                                            : s->to == NULL               ? "gone"
                                                                          : NULL};
        struct plan_field f;
        size_t pos = 0;

        snprintf(name, sizeof name, "%s.%s", p->to->name, mb->name);
        control_put_plan_row(call, &v);
        while (s->state != NULL && plan_next(s->state, &pos, &f))
            put_change(call, plan_to(s->state), &f, s->verdict == SWAP_IMPOSSIBLE);
        for (uint32_t k = 0; k < s->nremoved; k++) {
            snprintf(text, sizeof text, "%s no longer handles %s", name, s->removed[k]->type->name);
            put_notices(call, text);
        }
    }
}

void
put_plan(struct backend *b, struct control_call *call, const struct swap_plan *p, const struct version *from,
         struct view_plan *v)
{
    v->verdict = verdict_word(p->verdict);
    if (from != NULL) {
        v->from_version = from->manifest->version;
        v->from_sha256 = from->sha256_hex;
        v->actors = runtime_actors(b->n->runtime, from);
    }
    for (uint32_t i = 0; i < p->n && v->reason == NULL; i++)
        if (p->v[i].verdict == SWAP_IMPOSSIBLE)
            v->reason = p->v[i].err.text;
    control_put_plan(call, v);
    put_plan_rows(b, call, p, from);
}
