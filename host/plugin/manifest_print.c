#include "plugin/manifest.h"
#include "plugin/notes.h"
#include <stdio.h>
#include <string.h>

static void
print_row(const struct manifest_row *row, struct strbuf *out)
{
    const char *kind = notes_row_kind_name(row->kind);

    if (row->type != NULL)
        strbuf_printf(out, "    %-8s %s", kind, row->type->name);
    else
        strbuf_printf(out, "    %s", kind);
    if (row->out != NULL)
        strbuf_printf(out, " -> %s", row->out->name);
    strbuf_putc(out, '\n');
}

static bool
first_of(const struct schema_set *set, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (set->v[j] == set->v[i])
            return false; /* a repeat */
    return true;
}

static void
print_hex(const uint8_t *p, uint32_t n, struct strbuf *out)
{
    for (uint32_t i = 0; i < n; i++)
        strbuf_printf(out, "%02x", p[i]);
}

void
manifest_print(const struct manifest *m, struct strbuf *out)
{
    strbuf_printf(out, "plugin   %s %s\n", m->name, m->version);
    strbuf_printf(out, "abi      %u.%u\n", m->abi_major, m->abi_minor);
    strbuf_puts(out, "build id ");
    print_hex(m->build_id, m->build_id_bytes, out);
    strbuf_puts(out, m->build_id_bytes > 0 ? "\n" : "none\n");
    strbuf_puts(out, "imports  ");
    audit_print(&m->audit, out);
    strbuf_putc(out, '\n');
    if (m->pinned != NULL)
        strbuf_printf(out, "pinned   never unloaded: it %s\n", m->pinned);
    for (uint32_t i = 0; i < m->nbehaviours; i++) {
        const struct manifest_behaviour *b = &m->behaviours[i];

        strbuf_printf(out, "behaviour %s.%s (state %s)\n", m->name, b->name, b->state->name);
        for (uint32_t j = 0; j < b->nrows; j++)
            print_row(&b->rows[j], out);
    }
    strbuf_puts(out, "schemas\n");
    for (size_t i = 0; i < m->schemas->n; i++) {
        const struct schema *s = m->schemas->v[i];

        if (!first_of(m->schemas, i) || strncmp(s->name, "actor.", 6) == 0 ||
            s->form == ACTOR_FORM_NESTED_STATE)
            continue; /* (the last: the same list as its twin) */
        strbuf_puts(out, "    ");
        schema_print(s, out);
        strbuf_putc(out, '\n');
    }
}

static void
json_behaviour(const struct manifest *m, const struct manifest_behaviour *b, struct json *out)
{
    char full[82];

    snprintf(full, sizeof full, "%s.%s", m->name, b->name);
    json_object_begin(out);
    json_key(out, "name");
    json_str(out, full);
    json_key(out, "state");
    json_str(out, b->state->name);
    json_key(out, "rows");
    json_array_begin(out);
    for (uint32_t i = 0; i < b->nrows; i++) {
        const struct manifest_row *row = &b->rows[i];

        json_object_begin(out);
        json_key(out, "kind");
        json_str(out, notes_row_kind_name(row->kind));
        if (row->type != NULL) {
            json_key(out, "type");
            json_str(out, row->type->name);
        }
        if (row->out != NULL) {
            json_key(out, "out");
            json_str(out, row->out->name);
        }
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
}

void
manifest_json(const struct manifest *m, struct json *out)
{
    char abi[16];
    struct strbuf hex;

    strbuf_init(&hex);
    print_hex(m->build_id, m->build_id_bytes, &hex);
    snprintf(abi, sizeof abi, "%u.%u", m->abi_major, m->abi_minor);
    json_object_begin(out);
    json_key(out, "plugin");
    json_str(out, m->name);
    json_key(out, "version");
    json_str(out, m->version);
    json_key(out, "abi");
    json_str(out, abi);
    json_key(out, "build_id");
    json_str(out, m->build_id_bytes > 0 ? strbuf_str(&hex) : NULL);
    json_key(out, "imports");
    audit_json(&m->audit, out);
    json_key(out, "pinned");
    json_str(out, m->pinned);
    json_key(out, "constructors");
    json_u64(out, m->ninit);
    json_key(out, "behaviours");
    json_array_begin(out);
    for (uint32_t i = 0; i < m->nbehaviours; i++)
        json_behaviour(m, &m->behaviours[i], out);
    json_array_end(out);
    json_key(out, "schemas");
    json_array_begin(out);
    for (size_t i = 0; i < m->schemas->n; i++)
        if (first_of(m->schemas, i))
            schema_json(m->schemas->v[i], out);
    json_array_end(out);
    json_object_end(out);
    strbuf_fini(&hex);
}
