/* A type object whose schema is not the one in the notes: one byte differs. */
#include "handmade.h"
static struct {
    actor_schema_head head;
    actor_field field;
} forged;
static const actor_schema_head *
forged_schema(void)
{
    __builtin_memcpy(&forged, ping_schema_(), sizeof forged);
    forged.field.flags ^= ACTOR_REQUIRED;
    return &forged.head;
}
static actor_type forged_type = {sizeof(actor_type), sizeof(ping), 0, 0, 0, forged_schema};
ACTOR_TYPES_SECTION_ static actor_type *const forged_type_p_ = &forged_type;
static const actor_row rows_[] = {
    {ACTOR_ROW_MESSAGE, 0, &forged_type, NULL, NULL, 0, (actor_fn)bad_on_ping},
};
HANDMADE_PLUGIN("1.0.0", rows_, 1)
