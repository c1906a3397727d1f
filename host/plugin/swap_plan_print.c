#include "plugin/notes.h"
#include "plugin/swap_plan.h"
#include <string.h>

static void
indented(struct strbuf *out, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");

        strbuf_puts(out, "    ");
        strbuf_add(out, text, n);
        strbuf_putc(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static const char *
state_of(const struct swap_behaviour *s)
{
    if (s->verdict == SWAP_IMPOSSIBLE)
        return swap_verdict_name(SWAP_IMPOSSIBLE);
    return s->from == NULL ? "added" : s->to == NULL ? "removed" : swap_verdict_name(s->verdict);
}

static const char *
name_of(const struct swap_behaviour *s)
{
    return s->to != NULL ? s->to->name : s->from->name;
}

void
swap_plan_print(const struct swap_plan *p, struct strbuf *out)
{
    struct strbuf state;

    strbuf_printf(out, "%s %s -> %s: %s\n", p->to->name, p->from->version, p->to->version,
                  swap_verdict_name(p->verdict));
    for (uint32_t i = 0; i < p->n; i++) {
        const struct swap_behaviour *s = &p->v[i];

        strbuf_printf(out, "  behaviour %s.%s: %s\n", p->to->name, name_of(s), state_of(s));
        if (s->state != NULL) {
            strbuf_init(&state);
            plan_print(s->state, &state);
            indented(out, strbuf_str(&state));
            if (state.failed)
                out->failed = true;
            strbuf_fini(&state);
            if (plan_lost(s->state) > 0)
                strbuf_printf(out, "    %u fields are lost\n", plan_lost(s->state));
            if (plan_narrowed(s->state) > 0)
                strbuf_printf(
                    out, "    %u fields get narrower: an actor whose value does not fit stays where it is\n",
                    plan_narrowed(s->state));
        }
        if (s->migrate)
            strbuf_puts(out, "    then migrate() of the new version runs\n");
        for (uint32_t j = 0; j < s->nremoved; j++)
            strbuf_printf(out, "    row removed: %s %s\n", notes_row_kind_name(s->removed[j]->kind),
                          s->removed[j]->type->name);
        if (s->nadded > 0)
            strbuf_printf(out, "    %u rows added\n", s->nadded);
        if (s->err.code != 0)
            strbuf_printf(out, "    refused: %s%s%s\n", s->err.text, s->err.fix[0] != '\0' ? "; " : "",
                          s->err.fix);
    }
}

static void
json_behaviour(const struct swap_behaviour *s, struct json *out)
{
    json_object_begin(out);
    json_key(out, "behaviour");
    json_str(out, name_of(s));
    json_key(out, "verdict");
    json_str(out, state_of(s));
    if (s->state != NULL) {
        json_key(out, "state");
        plan_json(s->state, out);
    }
    json_key(out, "migrate");
    json_bool(out, s->migrate);
    json_key(out, "rows_removed");
    json_array_begin(out);
    for (uint32_t i = 0; i < s->nremoved; i++)
        json_str(out, s->removed[i]->type->name);
    json_array_end(out);
    json_key(out, "rows_added");
    json_u64(out, s->nadded);
    if (s->err.code != 0) {
        json_key(out, "error");
        json_str(out, s->err.text);
        json_key(out, "fix");
        json_str(out, s->err.fix);
    }
    json_object_end(out);
}

void
swap_plan_json(const struct swap_plan *p, struct json *out)
{
    json_object_begin(out);
    json_key(out, "plugin");
    json_str(out, p->to->name);
    json_key(out, "from");
    json_str(out, p->from->version);
    json_key(out, "to");
    json_str(out, p->to->version);
    json_key(out, "verdict");
    json_str(out, swap_verdict_name(p->verdict));
    json_key(out, "narrowing");
    json_bool(out, p->narrow);
    json_key(out, "behaviours");
    json_array_begin(out);
    for (uint32_t i = 0; i < p->n; i++)
        json_behaviour(&p->v[i], out);
    json_array_end(out);
    json_object_end(out);
}
