/* survive.h - did a value come through its conversion? Fields are followed by uid (gen.h), numbers compared
 * as numbers.
 *
 * x is a value of model mx made from a value of model ma. Where a field exists in ma and in `via` (the
 * version that the value passed through), it must be equal; elsewhere it must be its default.
 */
#ifndef TESTS_MSG_SURVIVE_H
#define TESTS_MSG_SURVIVE_H
#include "gen.h"

struct survive {
    const struct gen_model *ma, *mx, *via;
};

static inline bool survived(const struct survive *c, uint32_t type, const struct schema *sa, const void *a,
                            const struct schema *sx, const void *x);

static inline int
uid_at(const struct gen_model *m, uint32_t type, uint32_t uid)
{
    for (uint32_t i = 0; i < m->t[type].nfields; i++)
        if (m->t[type].f[i].uid == uid)
            return (int)i;
    return -1;
}

static inline bool
one_survived(const struct survive *c, uint32_t type, unsigned ka, const struct schema *na, const char *a,
             unsigned kx, const struct schema *nx, const char *x)
{
    if (kx == ACTOR_KIND_nested)
        return ka == kx && survived(c, type, na, a, nx, x);
    if (kind_is_float(ka))
        return kind_is_float(kx) && value_f64(ka, a) == value_f64(kx, x);
    if (kind_is_int(ka) && kind_is_int(kx)) {
        bool negative = kind_is_signed(ka) && value_i64(ka, a) < 0;

        if (negative)
            return kind_is_signed(kx) && value_i64(ka, a) == value_i64(kx, x);
        return !(kind_is_signed(kx) && value_i64(kx, x) < 0) && value_u64(ka, a) == value_u64(kx, x);
    }
    return ka == kx && value_equal(ka, NULL, a, NULL, x);
}

static inline bool
is_default(const struct field *f, const char *at)
{
    if (f->kind == ACTOR_KIND_nested) {
        for (uint32_t i = 0; i < f->nested->nfields; i++)
            if (!is_default(&f->nested->fields[i], at + f->nested->fields[i].offset))
                return false;
        return true;
    }
    if (f->kind == ACTOR_KIND_str)
        return value_span(at).n == strlen(f->dflt.s) &&
               memcmp(value_span(at).p ? value_span(at).p : "", f->dflt.s, value_span(at).n) == 0;
    if (kind_is_float(f->kind))
        return value_f64(f->kind, at) == (f->kind == ACTOR_KIND_f32 ? (double)(float)f->dflt.f : f->dflt.f);
    if (kind_is_signed(f->kind))
        return value_i64(f->kind, at) == f->dflt.i;
    if (kind_is_plain(f->kind))
        return value_u64(f->kind, at) == f->dflt.u;
    for (uint32_t i = 0; i < f->bytes; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static inline bool
field_survived(const struct survive *c, uint32_t nested, const struct field *fa, const char *a,
               const struct field *fx, const char *x)
{
    struct span la, lx;

    if (fa->kind == ACTOR_KIND_opt) {
        if (*a != *x || *a == 0)
            return *a == *x;
        return one_survived(c, nested, fa->elem, fa->nested, a + fa->value_offset, fx->elem, fx->nested,
                            x + fx->value_offset);
    }
    if (fa->kind != ACTOR_KIND_list && fa->kind != ACTOR_KIND_map)
        return one_survived(c, nested, fa->kind, fa->nested, a, fx->kind, fx->nested, x);
    la = value_span(a);
    lx = value_span(x);
    if (la.n != lx.n || (lx.n == 0) != (lx.p == NULL))
        return false;
    for (uint32_t i = 0; i < la.n; i++) {
        const char *ea = (const char *)la.p + (size_t)i * fa->elem_bytes;
        const char *ex = (const char *)lx.p + (size_t)i * fx->elem_bytes;

        if (fa->kind == ACTOR_KIND_map && !one_survived(c, 0, fa->key, NULL, ea, fx->key, NULL, ex))
            return false;
        if (!one_survived(c, nested, fa->elem, fa->nested, ea + fa->value_offset, fx->elem, fx->nested,
                          ex + fx->value_offset))
            return false;
    }
    return true;
}

static inline bool
survived(const struct survive *c, uint32_t type, const struct schema *sa, const void *a,
         const struct schema *sx, const void *x)
{
    for (uint32_t i = 0; i < c->mx->t[type].nfields; i++) {
        const struct gen_field *g = &c->mx->t[type].f[i];
        const struct field *fx = &sx->fields[i];
        const char *px = (const char *)x + fx->offset;
        int at = uid_at(c->ma, type, g->uid);
        const struct field *fa = at < 0 ? NULL : &sa->fields[at];

        if (fa == NULL || uid_at(c->via, type, g->uid) < 0
                ? !is_default(fx, px)
                : !field_survived(c, g->nested, fa, (const char *)a + fa->offset, fx, px))
            return false;
    }
    return true;
}

#endif
