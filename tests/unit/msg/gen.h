/* gen.h - random schemas, random changes of them, and random values: for property tests.
 *
 *   gen_model() --> model --gen_change()--> model of the next version
 *                     |
 *                 gen_build(form) --> schema_set   v[0] the root, v[i] nested type i; state: their twins
 * follow
 *                     |
 *                 gen_value() --> a value of v[0]
 *
 * Every field has a uid that stays with it through renames and widening, so a test knows which value must
 * survive. All is drawn from one rng: the same seed gives the same case.
 */
#ifndef TESTS_MSG_GEN_H
#define TESTS_MSG_GEN_H
#include "base/random.h"
#include "mem.h"
#include "msg/kind.h"
#include "msg/schema.h"
#include "msg/sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GEN_TYPES = 4, GEN_FIELDS = 12 };

struct gen_field {
    uint32_t uid, flags;
    char name[40], was[40];
    uint8_t kind, elem, key, nested; /* nested: number of the type */
    union {
        uint64_t u;
        int64_t i;
        double f;
        char s[32];
    } dflt;
};
struct gen_type {
    uint32_t nfields;
    struct gen_field f[GEN_FIELDS];
};
struct gen_model { /* type 0 is the root; a type nests later types only */
    uint32_t ntypes, next_uid;
    struct gen_type t[GEN_TYPES];
};
enum {
    GEN_RENAME = 1,
    GEN_WIDEN = 2,
    GEN_DROP = 4,
    GEN_ADD = 8,
    GEN_REORDER = 16,
    GEN_DEFAULT = 32,
    GEN_ANY = 63
};

/* --- schemas --- */

static inline bool
gen_chance(struct rng *r, unsigned one_in)
{
    return rng_below(r, one_in) == 0;
}

static inline uint64_t
gen_int(struct rng *r, unsigned kind) /* in range; signed kinds as int64_t */
{
    uint64_t max = kind_max(kind), v;

    switch (rng_below(r, 6)) {
    case 0:
        return 0;
    case 1:
        return max;
    case 2:
        return (uint64_t)kind_min(kind);
    case 3:
        v = rng_below(r, 100);
        break;
    default:
        v = rng_u64(r);
    }
    if (kind_is_signed(kind)) {
        unsigned shift = 64 - kind_bytes(kind) * 8;

        return (uint64_t)((int64_t)(v << shift) >> shift);
    }
    return v & max;
}

static inline double
gen_float(struct rng *r, unsigned kind)
{
    double d = (double)(int64_t)rng_u64(r) / (double)(1 + rng_below(r, 1000000));

    return kind == ACTOR_KIND_f32 ? (double)(float)d : d;
}

static inline void
gen_default(struct rng *r, struct gen_field *f)
{
    memset(&f->dflt, 0, sizeof f->dflt);
    if (gen_chance(r, 2))
        return;
    if (f->kind == ACTOR_KIND_bool)
        f->dflt.u = rng_below(r, 2);
    else if (kind_is_int(f->kind))
        f->dflt.u = gen_int(r, f->kind);
    else if (kind_is_float(f->kind))
        f->dflt.f = gen_float(r, f->kind);
    else if (f->kind == ACTOR_KIND_str)
        snprintf(f->dflt.s, sizeof f->dflt.s, "dflt %u", (unsigned)rng_below(r, 1000));
}

static inline uint8_t
gen_elem(struct rng *r, bool nested)
{
    unsigned k = (unsigned)rng_below(r, nested ? ACTOR_KIND_ref + 2 : ACTOR_KIND_ref);

    return (uint8_t)(k >= ACTOR_KIND_ref ? ACTOR_KIND_nested : k + 1);
}

static inline void
gen_field(struct rng *r, struct gen_model *m, uint32_t type, struct gen_field *f)
{
    bool nested = type + 1 < m->ntypes;
    uint64_t dice = rng_below(r, 10);

    memset(f, 0, sizeof *f);
    f->uid = m->next_uid++;
    snprintf(f->name, sizeof f->name, "f%u", f->uid);
    f->kind = dice < 6    ? gen_elem(r, nested)
              : dice == 6 ? ACTOR_KIND_opt
              : dice == 7 ? ACTOR_KIND_map
                          : ACTOR_KIND_list;
    if (kind_is_container(f->kind))
        f->elem = gen_elem(r, nested);
    if (f->kind == ACTOR_KIND_map)
        f->key = gen_chance(r, 3) ? ACTOR_KIND_str : (uint8_t)(ACTOR_KIND_i8 + rng_below(r, 8));
    if (f->kind == ACTOR_KIND_nested || f->elem == ACTOR_KIND_nested)
        f->nested = (uint8_t)(type + 1 + rng_below(r, m->ntypes - type - 1));
    gen_default(r, f);
}

static inline void
gen_model(struct rng *r, struct gen_model *m)
{
    memset(m, 0, sizeof *m);
    m->ntypes = 1 + (uint32_t)rng_below(r, GEN_TYPES);
    for (uint32_t t = 0; t < m->ntypes; t++) {
        m->t[t].nfields = 1 + (uint32_t)rng_below(r, GEN_FIELDS - 4);
        for (uint32_t i = 0; i < m->t[t].nfields; i++) {
            gen_field(r, m, t, &m->t[t].f[i]);
            m->t[t].f[i].flags = gen_chance(r, 8) ? ACTOR_REQUIRED : 0;
        }
    }
}

/* --- changes --- */

static inline void
gen_widen(struct rng *r, uint8_t *kind)
{
    uint8_t wide = *kind;

    if (*kind == ACTOR_KIND_f32)
        wide = ACTOR_KIND_f64;
    else if (kind_is_int(*kind))
        for (unsigned tries = 0; tries < 4 && wide == *kind; tries++) {
            uint8_t k = (uint8_t)(ACTOR_KIND_i8 + rng_below(r, 8));

            if (kind_bytes(k) > kind_bytes(*kind) && (kind_is_signed(k) || kind_is_unsigned(*kind)))
                wide = k;
        }
    *kind = wide;
}

/* Some changes of each kind in `what`. Required fields are not dropped, new ones are not required: such plans
 * exist. */
static inline void
gen_change(struct rng *r, struct gen_model *m, unsigned what)
{
    for (uint32_t t = 0; t < m->ntypes; t++) {
        struct gen_type *ty = &m->t[t];

        for (uint32_t i = 0; i < ty->nfields; i++) {
            struct gen_field *f = &ty->f[i];

            f->was[0] = '\0';
            if ((what & GEN_DROP) && !(f->flags & ACTOR_REQUIRED) && ty->nfields > 1 && gen_chance(r, 6)) {
                memmove(f, f + 1, (--ty->nfields - i) * sizeof *f);
                i--;
                continue;
            }
            if ((what & GEN_RENAME) && gen_chance(r, 4)) {
                memcpy(f->was, f->name, sizeof f->was);
                snprintf(f->name, sizeof f->name, "n%u", m->next_uid++);
            }
            if ((what & GEN_WIDEN) && gen_chance(r, 3)) {
                gen_widen(r, &f->kind);
                gen_widen(r, &f->elem);
                gen_widen(r, &f->key);
            }
            if ((what & GEN_DEFAULT) && gen_chance(r, 4))
                gen_default(r, f);
        }
        while ((what & GEN_ADD) && ty->nfields < GEN_FIELDS && gen_chance(r, 2))
            gen_field(r, m, t, &ty->f[ty->nfields++]);
        for (uint32_t i = ty->nfields; (what & GEN_REORDER) && i > 1; i--) {
            uint32_t k = (uint32_t)rng_below(r, i);
            struct gen_field swap = ty->f[k];

            ty->f[k] = ty->f[i - 1];
            ty->f[i - 1] = swap;
        }
    }
}

/* --- notes, as a compiler would lay them out --- */

struct gen_shape {
    uint32_t bytes, align;
};

static inline uint32_t
gen_round(uint32_t n, uint32_t align)
{
    return (n + align - 1) / align * align;
}

static inline struct gen_shape
gen_shape(unsigned kind, const struct gen_shape *nested)
{
    return kind == ACTOR_KIND_nested ? *nested : (struct gen_shape){kind_bytes(kind), kind_align(kind)};
}

static inline struct gen_shape
gen_record(actor_field *rec, const struct gen_field *f, bool state, const struct gen_shape *nested)
{
    struct gen_shape v = gen_shape(f->elem != 0 ? f->elem : f->kind, nested), k = {0, 1};
    uint32_t align;

    memset(rec, 0, sizeof *rec);
    rec->kind = f->kind;
    rec->elem = f->elem;
    rec->key = f->key;
    rec->flags = f->flags;
    memcpy(rec->name, f->name, sizeof rec->name);
    memcpy(rec->was, f->was, sizeof rec->was);
    memcpy(&rec->dflt, &f->dflt, sizeof rec->dflt);
    if (f->kind == ACTOR_KIND_nested || f->elem == ACTOR_KIND_nested)
        snprintf(rec->type, sizeof rec->type, "t%u", f->nested);
    switch (f->kind) {
    case ACTOR_KIND_list:
        rec->elem_bytes = v.bytes;
        return (struct gen_shape){16, 8};
    case ACTOR_KIND_opt:
        rec->elem_bytes = v.bytes;
        rec->value_offset = v.align;
        return (struct gen_shape){gen_round(v.align + v.bytes, v.align), v.align};
    case ACTOR_KIND_map:
        k = gen_shape(f->key, NULL);
        align = k.align > v.align ? k.align : v.align;
        rec->value_offset = gen_round(k.bytes, v.align);
        rec->elem_bytes = gen_round(rec->value_offset + v.bytes, align);
        return (struct gen_shape){state ? 24 : 16, 8};
    default:
        return v;
    }
}

static inline struct schema_raw
gen_note(const struct gen_model *m, uint32_t type, unsigned form, uint32_t version, struct gen_shape *shapes)
{
    const struct gen_type *ty = &m->t[type];
    size_t bytes = sizeof(actor_schema_head) + ty->nfields * sizeof(actor_field);
    actor_schema_head *h = calloc(1, bytes);
    actor_field *rec = (actor_field *)(void *)(h + 1);
    struct gen_shape all = {0, 1};

    for (uint32_t i = 0; i < ty->nfields; i++) {
        struct gen_shape s = gen_record(&rec[i], &ty->f[i], form_is_state(form), &shapes[ty->f[i].nested]);

        rec[i].bytes = s.bytes;
        rec[i].offset = gen_round(all.bytes, s.align);
        all.bytes = rec[i].offset + s.bytes;
        all.align = s.align > all.align ? s.align : all.align;
    }
    all.bytes = gen_round(all.bytes, all.align);
    shapes[type] = all;
    h->head_bytes = sizeof *h;
    h->field_bytes = sizeof(actor_field);
    h->form = (uint8_t)form;
    h->version = version;
    h->bytes = all.bytes;
    h->align = all.align;
    h->nfields = ty->nfields;
    snprintf(h->name, sizeof h->name, type == 0 ? "root" : "t%u", type);
    return (struct schema_raw){h, bytes};
}

/* form: of the root. NULL and e: the notes were refused. */
static inline struct schema_set *
gen_build(const struct gen_model *m, struct env *env, unsigned form, uint32_t version, struct err *e)
{
    struct schema_raw raw[2 * GEN_TYPES];
    struct gen_shape own[GEN_TYPES], twin[GEN_TYPES];
    struct schema_set *set = NULL;
    uint32_t n = m->ntypes;

    for (uint32_t t = m->ntypes; t-- > 0;) {
        unsigned f = t == 0 ? form : form_is_state(form) ? ACTOR_FORM_NESTED_STATE : ACTOR_FORM_NESTED;

        raw[t] = gen_note(m, t, f, version, own);
        if (t > 0 && form_is_state(form))
            raw[n++] = gen_note(m, t, ACTOR_FORM_NESTED, version, twin);
    }
    schema_set_new(&set, env, raw, n, "gen", e);
    for (uint32_t i = 0; i < n; i++)
        free((void *)(uintptr_t)raw[i].p);
    return set;
}

/* --- values --- */

struct gen {
    struct rng *rng;
    struct arena *arena; /* what values point to; in state form they own it */
    bool state;
};

static inline char *
gen_take(struct gen *g, uint32_t n, uint32_t elem_bytes, uint32_t *cap)
{
    struct sink k = {SINK_STATE, .arena = g->arena};
    char *p;

    if (n == 0 || sink_take(&k, n, elem_bytes, 8, &p, cap) < 0)
        abort();
    memset(p, 0, (size_t)n * elem_bytes);
    return p;
}

static inline void gen_value(struct gen *g, const struct schema *s, void *v);

static inline void
gen_one(struct gen *g, unsigned kind, const struct schema *nested, char *at)
{
    struct sink k = {g->state ? SINK_STATE : SINK_BLOCK, .arena = g->arena};
    uint32_t n, cap = 0;
    char *p = NULL;

    if (kind == ACTOR_KIND_nested) {
        gen_value(g, nested, at);
    } else if (kind_is_text(kind)) {
        n = (uint32_t)(gen_chance(g->rng, 10) ? rng_below(g->rng, 300) : rng_below(g->rng, 12));
        if (n > 0)
            p = gen_take(g, n, 1, &cap);
        for (uint32_t i = 0; i < n; i++)
            p[i] = (char)(kind == ACTOR_KIND_bin ? rng_u64(g->rng) : ' ' + rng_below(g->rng, 95));
        if (kind == ACTOR_KIND_str && n >= 2 && gen_chance(g->rng, 4))
            memcpy(p, "\xc3\xa9", 2);
        sink_list(&k, at, p, n, cap);
    } else if (kind == ACTOR_KIND_ref) {
        actor_ref ref =
            actor_ref_make_((uint32_t)rng_below(g->rng, 9), (uint32_t)rng_u64(g->rng), rng_u64(g->rng));

        memcpy(at, &ref, sizeof ref);
    } else if (kind == ACTOR_KIND_bool) {
        *at = (char)rng_below(g->rng, 2);
    } else if (kind_is_float(kind)) {
        value_set_f64(kind, at, gen_float(g->rng, kind));
    } else {
        value_set_u64(kind, at, gen_int(g->rng, kind));
    }
}

static inline bool
gen_has_key(const struct field *f, const char *v, uint32_t n, const char *key)
{
    for (uint32_t i = 0; i < n; i++)
        if (value_equal(f->key, NULL, v + (size_t)i * f->elem_bytes, NULL, key))
            return true;
    return false;
}

static inline void
gen_list(struct gen *g, const struct field *f, char *at)
{
    struct sink k = {g->state ? SINK_STATE : SINK_BLOCK, .arena = g->arena};
    bool map = f->kind == ACTOR_KIND_map;
    uint32_t want = (uint32_t)(gen_chance(g->rng, 12) ? rng_below(g->rng, 30) : rng_below(g->rng, 4)), n = 0,
             cap = 0;
    char *v = want > 0 ? gen_take(g, want, f->elem_bytes, &cap) : NULL;

    for (uint32_t i = 0; i < want; i++) {
        char *e = v + (size_t)n * f->elem_bytes;

        if (map) {
            gen_one(g, f->key, NULL, e);
            if (gen_has_key(f, v, n, e))
                continue;
        }
        gen_one(g, f->elem, f->nested, e + f->value_offset);
        n++;
    }
    if (map && sink_map(&k, f, at, v, n, cap) < 0)
        abort();
    if (!map)
        sink_list(&k, at, v, n, cap);
}

/* Fill the struct at v (s->bytes, any content before). */
static inline void
gen_value(struct gen *g, const struct schema *s, void *v)
{
    memset(v, 0, s->bytes);
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++) {
        char *at = (char *)v + f->offset;

        if (f->kind == ACTOR_KIND_list || f->kind == ACTOR_KIND_map) {
            gen_list(g, f, at);
        } else if (f->kind == ACTOR_KIND_opt) {
            *at = (char)rng_below(g->rng, 2);
            if (*at)
                gen_one(g, f->elem, f->nested, at + f->value_offset);
        } else {
            gen_one(g, f->kind, f->nested, at);
        }
    }
}

#endif
