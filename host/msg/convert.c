/* convert.c - runs a plan. */
#include "msg/convert.h"
#include "msg/plan_priv.h"
#include "msg/sink.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

struct walk {
    struct sink sink;
    struct err *e;
};
struct place { /* where the walk is, for reports */
    const struct place *up;
    const struct plan_step *step;
    uint32_t index; /* of the element at hand */
};

static int convert_struct(struct walk *w, const struct place *up, const struct plan_node *n, char *dst,
                          const char *src);

/* --- numbers --- */

/* "items[3].price" */
static size_t
path(const struct place *p, char *buf, size_t buf_bytes)
{
    const struct field *f = p->step->to;
    size_t n = 0;

    if (p->up != NULL) {
        n = path(p->up, buf, buf_bytes);
        n += (size_t)snprintf(buf + n, buf_bytes - n, ".");
    }
    if (f->kind == ACTOR_KIND_list || f->kind == ACTOR_KIND_map)
        n += (size_t)snprintf(buf + n, buf_bytes - n, "%s[%u]", f->name, p->index);
    else
        n += (size_t)snprintf(buf + n, buf_bytes - n, "%s", f->name);
    return n;
}

static int
misfit(const struct walk *w, const struct place *p, const struct plan_value *v, const char *src)
{
    char at[SCHEMA_DEPTH_MAX * 56]; /* 39 characters, a dot, and an index in brackets for each level */
    const char *to = kind_name(v->to);

    path(p, at, sizeof at);
    if (kind_is_float(v->from))
        return err_set(w->e, ERR_RANGE, "field %s: %.17g does not fit into %s", at, value_f64(v->from, src),
                       to);
    if (kind_is_signed(v->from))
        return err_set(w->e, ERR_RANGE, "field %s: %lld does not fit into %s", at,
                       (long long)value_i64(v->from, src), to);
    return err_set(w->e, ERR_RANGE, "field %s: %llu does not fit into %s", at,
                   (unsigned long long)value_u64(v->from, src), to);
}

static bool
int_fits(const struct plan_value *v, const char *src)
{
    int64_t i;

    if (!kind_is_signed(v->from))
        return value_u64(v->from, src) <= kind_max(v->to);
    i = value_i64(v->from, src);
    return i >= kind_min(v->to) && (i < 0 || (uint64_t)i <= kind_max(v->to));
}

static void
set_int(const struct plan_value *v, char *dst, const char *src)
{
    if (kind_is_signed(v->from))
        value_set_i64(v->to, dst, value_i64(v->from, src));
    else
        value_set_u64(v->to, dst, value_u64(v->from, src));
}

/* Going back to f32 must not change the value: what the newer version computed in f64 stays where it is. */
static bool
float_fits(double d)
{
    if (!isfinite(d))
        return true;
    return fabs(d) <= (double)FLT_MAX && (double)(float)d == d;
}

/* --- values --- */

static int
convert_value(struct walk *w, const struct place *p, const struct plan_value *v, char *dst, const char *src)
{
    switch (v->op) {
    case OP_TEXT:
        return sink_text(&w->sink, dst, value_span(src));
    case OP_NESTED:
        return convert_struct(w, p, v->node, dst, src);
    case OP_INT_TESTED:
        if (!int_fits(v, src))
            return misfit(w, p, v, src);
        break;
    case OP_FLOAT_TESTED:
        if (!float_fits(value_f64(v->from, src)))
            return misfit(w, p, v, src);
        break;
    default:
        break;
    }
    if (dst == NULL)
        return 0;
    if (v->op == OP_RAW)
        memcpy(dst, src, v->to_bytes);
    else if (v->op == OP_BOOL)
        *dst = *src != 0;
    else if (kind_is_float(v->to))
        value_set_f64(v->to, dst, value_f64(v->from, src));
    else
        set_int(v, dst, src);
    return 0;
}

/* A list or a map. */
static int
convert_list(struct walk *w, struct place *p, char *dst, const char *src)
{
    const struct plan_step *st = p->step;
    const struct field *f = st->from, *t = st->to;
    struct span s = value_span(src);
    uint32_t cap = 0;
    char *v = NULL;
    int r = sink_check(s, w->sink.mode == SINK_STATE ? 0 : f->elem_bytes);

    if (r == 0 && s.n > 0)
        r = sink_take(&w->sink, s.n, t->elem_bytes, 8, &v, &cap);
    if (r < 0)
        return r;
    if (t->kind == ACTOR_KIND_list && st->value.op == OP_RAW) {
        if (v != NULL)
            memcpy(v, s.p, (size_t)s.n * t->elem_bytes);
        sink_list(&w->sink, dst, v, s.n, cap);
        return 0;
    }
    if (v != NULL)
        memset(v, 0, (size_t)s.n * t->elem_bytes);
    for (uint32_t i = 0; r == 0 && i < s.n; i++) {
        const char *from = (const char *)s.p + (size_t)i * f->elem_bytes;
        size_t at = (size_t)i * t->elem_bytes;

        p->index = i;
        if (t->kind == ACTOR_KIND_map)
            r = convert_value(w, p, &st->key, sink_at(v, at), from);
        if (r == 0)
            r = convert_value(w, p, &st->value, sink_at(v, at + t->value_offset), from + f->value_offset);
    }
    if (r < 0)
        return r;
    if (t->kind == ACTOR_KIND_map)
        return sink_map(&w->sink, t, dst, v, s.n, cap);
    sink_list(&w->sink, dst, v, s.n, cap);
    return 0;
}

static int
convert_field(struct walk *w, struct place *p, char *dst, const char *src)
{
    const struct plan_step *s = p->step;

    switch (s->action) {
    case PLAN_DROP:
        return 0;
    case PLAN_DEFAULT:
    case PLAN_MIGRATE:
    case PLAN_LOAD: /* zero, until load() fills it */
        return sink_default(&w->sink, s->to, sink_at(dst, s->to->offset));
    case PLAN_REFUSE:
        return -ERR_SCHEMA;
    default:
        break;
    }
    dst = sink_at(dst, s->to->offset);
    src += s->from->offset;
    switch (s->to->kind) {
    case ACTOR_KIND_list:
    case ACTOR_KIND_map:
        return convert_list(w, p, dst, src);
    case ACTOR_KIND_opt:
        if (*src == 0) /* an absent value is not looked at: its views may be garbage */
            return 0;
        if (dst != NULL)
            *dst = 1;
        return convert_value(w, p, &s->value, sink_at(dst, s->to->value_offset), src + s->from->value_offset);
    default:
        return convert_value(w, p, &s->value, dst, src);
    }
}

static int
convert_struct(struct walk *w, const struct place *up, const struct plan_node *n, char *dst, const char *src)
{
    int r = 0;

    if (dst != NULL)
        memset(dst, 0, n->to->bytes);
    for (const struct plan_step *s = n->steps; r == 0 && s < n->steps + n->nsteps; s++)
        r = convert_field(w, &(struct place){up, s, 0}, dst, src);
    return r;
}

/* --- whole values --- */

int64_t
convert_msg_bytes(const struct plan *p, const void *src)
{
    struct walk w = {{SINK_MEASURE, .max = SINK_BYTES_MAX}, NULL};
    int r = p->verdict > PLAN_AUTO ? -ERR_SCHEMA : convert_struct(&w, NULL, p->root, NULL, src);

    return r < 0 ? r : (int64_t)(msg_copy_offset(p->to) + w.sink.used);
}

int
convert_msg(const struct plan *p, void *dst, size_t bytes, const void *src)
{
    size_t fixed = msg_copy_offset(p->to);
    struct walk w = {{SINK_BLOCK, .base = (char *)dst + fixed, .max = bytes - fixed}, NULL};

    if (p->verdict > PLAN_AUTO)
        return -ERR_SCHEMA;
    if (bytes < fixed)
        return -ERR_INVALID;
    return convert_struct(&w, NULL, p->root, dst, src);
}

int
convert_state(const struct plan *p, struct arena *arena, void *dst, const void *src, struct err *e)
{
    struct walk w = {{SINK_STATE, .arena = arena}, e};
    int r = -ERR_SCHEMA;

    if (p->verdict != PLAN_IMPOSSIBLE && form_is_state(p->to->form))
        r = convert_struct(&w, NULL, p->root, dst, src);
    if (r < 0 && r != -ERR_RANGE)
        err_set(e, r, "%s: %s", p->to->name, err_text(r));
    return r;
}
