/* container.h - strings, lists and maps of an actor's state: changed by calls (F4), undone with the turn (F5).
 *
 *   handler --> ctx->host->list_insert --> cont_find --> cont_list_insert --> undo log, arena
 *                                          which field is this address?
 *
 * Elements, keys and texts are given in message form and copied; they may point into the very state that
 * changes. Every call returns 0, or an error and nothing has happened: -ERR_NOMEM, -ERR_LIMIT (1 GiB a
 * container, 16 MiB of undo records a turn), -ERR_RANGE (position), -ERR_UNSUPPORTED (a nested element whose
 * message form is unknown), -ERR_INVALID (a NULL view with a length), and what is named.
 *
 * Views handed out before a change of the same container are stale after it. The thread that runs the actor;
 * nothing blocks. Cost: appending within capacity is a copy of the element; a change of n old bytes logs n
 * bytes; a string up to 256 B that fits is overwritten in place.
 */
#ifndef MSG_CONTAINER_H
#define MSG_CONTAINER_H
#include "msg/map.h"
#include "msg/schema.h"
#include "msg/undo.h"

/* The innermost field that covers this offset of the struct, inside nested structs (and opt ones) too; NULL:
 * padding, or past the end. */
const struct field *schema_field_at(const struct schema *s, size_t offset);
/* The field of this state that addr is, checked to be of this kind (str and bin also as the value of an opt).
 * 0; -ERR_INVALID: addr is not a field of the state; -ERR_TYPE: a field of another kind. */
int cont_find(const struct schema *s, const void *state, const void *addr, unsigned kind,
              const struct field **ret);

int cont_set_str(struct undo *u, actor_string *dst, actor_str v);
int cont_set_bin(struct undo *u, actor_bytes *dst, actor_bin v);

/* f: the list's field. v: an element as in messages. at = n appends. */
int cont_list_insert(struct undo *u, const struct field *f, actor_list *l, uint32_t at, const void *v);
int cont_list_set(struct undo *u, const struct field *f, actor_list *l, uint32_t at, const void *v);
int cont_list_remove(struct undo *u, const struct field *f, actor_list *l, uint32_t at);
int cont_list_clear(struct undo *u, const struct field *f, actor_list *l); /* gives the memory back too */

/* f: the map's field. key: as in messages. put adds or replaces; remove: also -ERR_NOTFOUND. */
int cont_map_put(struct undo *u, const struct field *f, actor_map *m, const void *key, const void *v);
const void *cont_map_get(const struct field *f, const actor_map *m,
                         const void *key); /* the value in state, or NULL */
int cont_map_remove(struct undo *u, const struct field *f, actor_map *m, const void *key);
int cont_map_clear(struct undo *u, const struct field *f, actor_map *m);

#endif
