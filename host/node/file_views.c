/* file_views.c - see file_views.h. */
#include "node/file_views.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- words --- */
const char *
impure_text(const struct manifest *m, struct strbuf *buf)
{
    static const char label[] = "impure: ";
    const char *text;

    if (audit_pure(&m->audit))
        return NULL;
    strbuf_reset(buf);
    audit_print(&m->audit, buf);
    text = strbuf_str(buf);
    return strncmp(text, label, sizeof label - 1) == 0 ? text + sizeof label - 1 : text;
}

void
put_notices(struct control_call *call, const char *lines)
{
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        char *line = strndup(lines, n);
        struct view_notice v = {.text = line};

        if (n > 0 && line != NULL)
            control_put_notice(call, &v);
        free(line);
        lines += n + (lines[n] != '\0');
    }
}

/* --- a file --- */
static const char *
form_name(unsigned form)
{
    switch (form) {
    case ACTOR_FORM_MESSAGE:
        return "message";
    case ACTOR_FORM_STATE:
        return "state";
    case ACTOR_FORM_ARGS:
        return "args";
    case ACTOR_FORM_CONFIG:
        return "config";
    default:
        return "nested";
    }
}

static void
put_fields(struct control_call *call, const struct schema *s)
{
    struct strbuf buf;
    struct json j;
    char kind[128];

    strbuf_init(&buf);
    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        struct view_field v = {.type = s->name,
                               .name = f->name,
                               .kind = schema_kind_text(f, kind, sizeof kind),
                               .offset = f->offset,
                               .bytes = f->bytes,
                               .required = (f->flags & ACTOR_REQUIRED) != 0,
                               .was = f->was[0] == '\0' ? NULL : f->was};

        if (schema_has_default(f)) {
            strbuf_reset(&buf);
            json_init(&j, &buf);
            schema_json_default(f, &j);
            v.dflt = strbuf_str(&buf);
        }
        control_put_field(call, &v);
    }
    strbuf_fini(&buf);
}

static void
put_types(struct control_call *call, const struct schema_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct schema *s = set->v[i];
        struct view_type v = {.name = s->name,
                              .form = form_name(s->form),
                              .version = s->version,
                              .bytes = s->bytes,
                              .fields = s->nfields};
        bool seen = strncmp(s->name, "actor.", 6) == 0; /* the host's own */

        for (size_t k = 0; k < i && !seen; k++)
            seen = set->v[k] == s ||
                   (set->v[k]->twin == s); /* repeated notes; the state form of a nested list */
        if (seen)
            continue;
        control_put_type(call, &v);
        put_fields(call, s);
    }
}

static void
put_behaviours(struct control_call *call, const struct manifest *m)
{
    char name[96];

    for (uint32_t i = 0; i < m->nbehaviours; i++) {
        const struct manifest_behaviour *mb = &m->behaviours[i];
        const struct manifest_row *start = manifest_row(mb, ACTOR_ROW_START, NULL);
        struct view_behaviour v = {.name = name,
                                   .state = mb->state == NULL ? NULL : mb->state->name,
                                   .args = start == NULL || start->type == NULL ? NULL : start->type->name,
                                   .migrates = manifest_row(mb, ACTOR_ROW_MIGRATE, NULL) != NULL};

        snprintf(name, sizeof name, "%s.%s", m->name, mb->name);
        for (uint32_t k = 0; k < mb->nrows; k++) {
            struct view_handles h = {.behaviour = name};

            if (mb->rows[k].kind != ACTOR_ROW_MESSAGE)
                continue;
            h.message = mb->rows[k].type->name;
            v.messages++;
            control_put_handles(call, &h);
        }
        control_put_behaviour(call, &v);
    }
}

static void
put_imports(struct control_call *call, const struct audit *a)
{
    char effect[64];

    for (size_t i = 0; i < a->n; i++) {
        struct view_import v = {.symbol = a->v[i].symbol, .effect = effect};
        const char *class = audit_class_name(a->v[i].class);

        if (a->v[i].class >= AUDIT_THREADS)
            snprintf(effect, sizeof effect, "needs allow = %s", class);
        else
            snprintf(effect, sizeof effect, "impure: %s", class);
        control_put_import(call, &v);
    }
}

void
put_manifest(struct control_call *call, const struct manifest *m, struct view_file *f)
{
    struct strbuf buf;
    char abi[24];

    strbuf_init(&buf);
    snprintf(abi, sizeof abi, "%u.%u", m->abi_major, m->abi_minor);
    f->name = m->name;
    f->version = m->version;
    f->abi = abi;
    f->pure = audit_pure(&m->audit);
    f->impure = impure_text(m, &buf);
    control_put_file(call, f);
    put_behaviours(call, m);
    put_types(call, m->schemas);
    put_imports(call, &m->audit);
    strbuf_fini(&buf);
}

/* --- a plan --- */
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

void
put_plan_views(struct control_call *call, const struct swap_plan *p, const struct plan_use *use)
{
    char name[96], text[256];

    for (uint32_t i = 0; i < p->n; i++) {
        const struct swap_behaviour *s = &p->v[i];
        const struct manifest_behaviour *mb = s->to != NULL ? s->to : s->from;
        struct view_plan_row v = {
            .behaviour = name,
            .verdict = verdict_word(s->verdict),
            .actors = s->from == NULL || use == NULL ? 0 : use->actors(use->self, s->from->name),
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
put_plan_verdict(struct control_call *call, const struct swap_plan *p, struct view_plan *v)
{
    v->verdict = verdict_word(p->verdict);
    for (uint32_t i = 0; i < p->n && v->reason == NULL; i++)
        if (p->v[i].verdict == SWAP_IMPOSSIBLE)
            v->reason = p->v[i].err.text;
    control_put_plan(call, v);
}
