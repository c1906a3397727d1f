/* policy_format.c - a policy as one line of text, which policy_parse.c reads back. */
#include "base/util.h"
#include "supervision/policy_priv.h"

static void
put_span(struct strbuf *out, uint32_t ms)
{
    for (size_t i = 0; i < ARRAY_LEN(policy_units); i++)
        if (ms % policy_units[i].ms == 0) {
            strbuf_printf(out, "%u%s", ms / policy_units[i].ms, policy_units[i].name);
            return;
        }
}

static void
put_comma(struct strbuf *out, size_t begin)
{
    if (out->len > begin)
        strbuf_puts(out, ", ");
}

static void
put_budget(struct strbuf *out, const struct policy_budget *b, const char *what)
{
    if (b->off) {
        strbuf_printf(out, "%s off", what);
        return;
    }
    strbuf_printf(out, "%u %s in ", b->n, what);
    put_span(out, b->window_ms);
    strbuf_printf(out, ": %s", directive_name(b->then));
}

static void
put_rule(struct strbuf *out, const struct policy_rule *r)
{
    if (r->first == 0 && r->last == UINT32_MAX)
        strbuf_puts(out, "any");
    else if (r->first == r->last && is_host_code(r->first))
        strbuf_puts(out, err_name((int)r->first));
    else if (r->first == r->last)
        strbuf_printf(out, "%u", r->first);
    else
        strbuf_printf(out, "%u-%u", r->first, r->last);
    strbuf_printf(out, ": %s", directive_name(r->directive));
}

static void
put_backoff(struct strbuf *out, const struct policy_backoff *b)
{
    if (b->initial_ms == 0) {
        strbuf_puts(out, "backoff off");
        return;
    }
    strbuf_puts(out, "backoff ");
    put_span(out, b->initial_ms);
    strbuf_puts(out, " to ");
    put_span(out, b->max_ms);
    strbuf_printf(out, " jitter %u%% reset ", b->jitter_pct);
    put_span(out, b->reset_ms);
}

void
policy_format(const struct policy *p, struct strbuf *out)
{
    size_t begin = out->len;

    for (uint32_t i = 0; i < p->n_rules; i++) {
        put_comma(out, begin);
        put_rule(out, &p->rules[i]);
    }
    for (unsigned k = CAUSE_START; k < CAUSE_KINDS; k++)
        if (p->set & HAS_KIND(k)) {
            put_comma(out, begin);
            strbuf_printf(out, "%s: %s", cause_kind_name((enum cause_kind)k), directive_name(p->kind[k]));
        }
    if (p->set & POLICY_HAS_FAILURES) {
        put_comma(out, begin);
        put_budget(out, &p->failures, "failures");
    }
    if (p->set & POLICY_HAS_RESTARTS) {
        put_comma(out, begin);
        put_budget(out, &p->restarts, "restarts");
    }
    if (p->set & POLICY_HAS_BACKOFF) {
        put_comma(out, begin);
        put_backoff(out, &p->backoff);
    }
    if (p->set & POLICY_HAS_ATTEMPTS) {
        put_comma(out, begin);
        strbuf_printf(out, "attempts %u", p->attempts);
    }
    if (p->set & POLICY_HAS_HARD_LIMIT) {
        put_comma(out, begin);
        strbuf_puts(out, "hard_limit ");
        if (p->hard_limit_ms == 0)
            strbuf_puts(out, "off");
        else
            put_span(out, p->hard_limit_ms);
    }
    if (p->set & POLICY_HAS_GROUP) {
        put_comma(out, begin);
        strbuf_printf(out, "group %s", policy_group_name((enum policy_group)p->group));
    }
    if (p->set & POLICY_HAS_CHILDREN) {
        put_comma(out, begin);
        strbuf_printf(out, "children %s", p->keep_children ? "keep" : "stop");
    }
}
