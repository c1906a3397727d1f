/* notes.h - the "actor" notes of a plugin file, as records. What they say is checked one by one here (sizes,
 * names, the ABI level); what they mean together is the manifest's affair (manifest.h).
 *
 * Notes repeat when several object files include one header: equal records count once, different ones of one
 * name are refused. Notes of unknown type are skipped, so that later SDKs may add some; records may grow at
 * their end.
 */
#ifndef PLUGIN_NOTES_H
#define PLUGIN_NOTES_H
#include "base/env.h"
#include "msg/schema.h"
#include "plugin/elf.h"
#include <actor/plugin.h>

enum { NOTES_BEHAVIOURS_MAX = 256, NOTES_ROWS_MAX = 4096 };

struct notes {
    struct env *env;
    size_t cap; /* records that fit into each of the arrays below */
    actor_plugin_note plugin;
    struct schema_raw
        *schemas; /* point into the file's bytes; repeats are left in, schema_set_new folds them */
    actor_behaviour_note *behaviours;
    actor_row_note *rows;
    size_t nschemas, nbehaviours, nrows;
};

/* Read the notes of e. The result borrows e's bytes (schemas only). Any thread; does not block.
 * -ERR_NOTE: none, or one that makes no sense; -ERR_ABI: built for another ABI, both sides and the fix are
 * named; -ERR_TRUNCATED, -ERR_LIMIT, -ERR_NOMEM. */
int notes_read(struct notes *ret, struct env *env, const struct elf *e, struct err *err);
void notes_fini(struct notes *n);

/* May a plugin built for ABI major.minor run here? 0 or -ERR_ABI. */
int notes_check_abi(unsigned major, unsigned minor, struct err *err);

const char *notes_row_kind_name(unsigned kind); /* "message", "start" ...; "unknown" */

#endif
