/* map.h - maps in state form: dense entries {key, value}, and an index once there are more than MAP_LINEAR.
 *
 *   v      [entry 0][entry 1] ... [entry n-1] free ... cap
 *   index  [. 2 . . 1 . n ...]     a slot holds entry number + 1, 0 is empty; linear probing
 *
 * Removal moves the last entry into the gap, so the order of entries is not the order of insertion; in the
 * index, slots behind the gap move back. f is the map's field, in state form. A key is an integer of the
 * key's kind, or a str in either form. Part of container.h; the same rules.
 */
#ifndef MSG_MAP_H
#define MSG_MAP_H
#include "msg/value.h"

enum { MAP_LINEAR = 8 };

/* The entry, or NULL. Also for a map in message form (f then being its field there): linear. */
const void *map_find(const struct field *f, const void *map, const void *key);
/* Add or replace. v is a value of schema vs (of f->nested itself, or of its twin). */
int map_put(struct undo *u, const struct field *f, actor_map *m, const void *key, const struct schema *vs,
            const void *v);
/* 0, -ERR_NOTFOUND, -ERR_NOMEM, -ERR_LIMIT. */
int map_remove(struct undo *u, const struct field *f, actor_map *m, const void *key);
/* Building a new map: the entry at place n was written there (map_reserve made room). 0, -ERR_EXISTS (not
 * taken). */
int map_adopt(const struct field *f, actor_map *m);
/* Room for n entries in all. */
int map_reserve(struct undo *u, const struct field *f, actor_map *m, uint32_t n);

/* As value_own, value_disown and value_equal. Of equal keys in src the last counts. */
int map_own(struct undo *u, const struct field *df, void *dst, const struct field *sf, const void *src);
int map_disown(struct undo *u, const struct field *f, const actor_map *m);
bool map_equal(const struct field *af, const void *a, const struct field *bf, const void *b);

#endif
