/* manifest.h - what a plugin file says about itself, owned by the host: made from the notes, before any of
 * its code runs.
 *
 *   file's bytes --> elf_read, elf_rules --> notes_read --> schema_set_new --> struct manifest
 *
 * Rows name their types as C does; here they are schemas of the manifest's own set. Nothing points into the
 * file or into plugin memory. Immutable once built, so any thread may read it; freed by its one owner.
 */
#ifndef PLUGIN_MANIFEST_H
#define PLUGIN_MANIFEST_H
#include "base/env.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "msg/schema.h"
#include "plugin/audit.h"
#include "plugin/elf.h"
#include <actor/plugin.h>

struct manifest_row {
    uint8_t kind;              /* enum actor_row_kind */
    const struct schema *type; /* message, arguments, job input; NULL for the other hooks */
    const struct schema *out;  /* job output, else NULL */
};
struct manifest_behaviour {
    char name[40]; /* "counter"; the full name is "PLUGIN.counter" */
    uint32_t flags;
    const struct schema *state;
    struct manifest_row *rows; /* in the order of the file */
    uint32_t nrows;
};
struct manifest {
    struct env *env;
    char name[40], version[40];
    uint16_t abi_major, abi_minor;
    struct schema_set *schemas;
    const struct schema_raw
        *records;                /* [schemas->n]: copies of the notes behind schemas->v[], byte by byte */
    const struct schema *config; /* ACTOR_CONFIG, or NULL */
    struct manifest_behaviour *behaviours;
    uint32_t nbehaviours;

    struct audit audit;
    const char *pinned; /* why a loaded copy stays mapped, or NULL; a constant text */
    uint32_t ninit;     /* functions that loading runs */
    uint8_t build_id[ELF_BUILD_ID_MAX];
    uint32_t build_id_bytes;
    struct elf_load load[ELF_LOADS_MAX]; /* the segments, to tell what lies in the loaded image */
    uint32_t nloads;

    struct manifest_row *rows_; /* of all behaviours */
    size_t nrows_, record_bytes_;
};

/* Read and check a plugin file's bytes: structure, rules, notes, imports. Runs nothing, does not block; any
 * thread. *ret is the caller's. Errors as elf_read, elf_rules, notes_read, schema_set_new; also -ERR_NOTE for
 * a row or behaviour that names what is not there. */
int manifest_read(struct manifest **ret, struct env *env, const void *bytes, size_t n, struct err *err);
/* The same from notes that were read already, and from a plugin that is linked into the program: no file, so no audit, segments
 * or build id. */
struct notes;
int manifest_build(struct manifest **ret, struct env *env, const struct notes *n, struct err *err);
int manifest_linked(struct manifest **ret, struct env *env, const actor_plugin *p, struct err *err);
void manifest_free(struct manifest *m); /* NULL is allowed */

const struct manifest_behaviour *manifest_behaviour(const struct manifest *m,
                                                    const char *name); /* NULL: none */
/* The row that handles messages (kind MESSAGE) of this full name, or the only one of another kind (name
 * NULL). */
const struct manifest_row *manifest_row(const struct manifest_behaviour *b, unsigned kind, const char *name);

/* What `inspect` shows. Schemas of the host itself ("actor.") are left out of the text. */
void manifest_print(const struct manifest *m, struct strbuf *out);
void manifest_json(const struct manifest *m, struct json *out);

#endif
