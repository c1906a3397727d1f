/* state.h - whole structs: state at birth, compared and copied; message structs with their defaults.
 *
 * Pure; the caller owns all memory. Errors: -ERR_NOMEM, -ERR_UNSUPPORTED (opaque fields cannot be copied
 * here). After an error the struct is garbage and the caller drops the arena.
 */
#ifndef MSG_STATE_H
#define MSG_STATE_H
#include "msg/arena.h"
#include "msg/schema.h"

/* Zero s->bytes at v and set the defaults, nested structs included. Any form: in state form texts are owned
 * blocks of the arena, else views of bytes in the arena. Opaque fields are zero. */
int state_init(const struct schema *s, void *v, struct arena *arena);
/* The default of one field, at the field itself (struct base + f->offset). state_form: owned text. */
int state_init_field(const struct field *f, bool state_form, void *at, struct arena *arena);

/* A deep copy of src into dst (s->bytes, uninitialized), all memory from the arena. State form only. */
int state_copy(const struct schema *s, void *dst, const void *src, struct arena *arena);
/* The same meaning; see value_equal. Any form, both the same. */
bool state_equal(const struct schema *s, const void *a, const void *b);

#endif
