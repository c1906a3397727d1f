/* The numbers that sdk/ABI.md promises. A failure here is a break of the ABI: add at the end instead. */
#include <actor/actor.h>

#define SIZE(type, bytes)       _Static_assert(sizeof(type) == (bytes), #type " changed its size")
#define AT(type, member, bytes) _Static_assert(offsetof(type, member) == (bytes), #type "." #member " moved")

SIZE(actor_ref, 16);
SIZE(actor_str, 16);
SIZE(actor_bin, 16);
SIZE(actor_string, 16);
SIZE(actor_bytes, 16);
SIZE(actor_list, 16);
SIZE(actor_map, 24);
SIZE(actor_result, 4);
SIZE(actor_note_head, 20);
SIZE(actor_plugin_note, 88);
SIZE(actor_behaviour_note, 88);
SIZE(actor_row_note, 156);
SIZE(actor_schema_head, 96);
SIZE(actor_field, 176);
SIZE(actor_field_u, 176);
SIZE(actor_field_i, 176);
SIZE(actor_field_f, 176);
SIZE(actor_field_s, 176);
SIZE(actor_field_n, 176);
SIZE(actor_type, 32);
SIZE(actor_row, 48);
SIZE(actor_behaviour, 40);
SIZE(actor_plugin, 64);
SIZE(actor_spawn_opts, 24);
AT(actor_plugin_note, abi_major, 4);
AT(actor_plugin_note, name, 8);
AT(actor_plugin_note, version, 48);
AT(actor_schema_head, form, 4);
AT(actor_schema_head, version, 8);
AT(actor_schema_head, bytes, 12);
AT(actor_schema_head, nfields, 20);
AT(actor_schema_head, ns, 24);
AT(actor_schema_head, name, 56);
AT(actor_field, offset, 4);
AT(actor_field, bytes, 8);
AT(actor_field, elem_bytes, 12);
AT(actor_field, value_offset, 16);
AT(actor_field, name, 20);
AT(actor_field, type, 60);
AT(actor_field, was, 100);
AT(actor_field, dflt, 140);
AT(actor_field, flags, 172);
AT(actor_behaviour_note, name, 8);
AT(actor_behaviour_note, state, 48);
AT(actor_row_note, kind, 2);
AT(actor_row_note, behaviour, 4);
AT(actor_row_note, type_ns, 44);
AT(actor_row_note, type, 76);
AT(actor_row_note, out, 116);
AT(actor_type, head_, 8);
AT(actor_type, units_, 16);
AT(actor_type, schema, 24);
AT(actor_host, tell, 16);
AT(actor_host, reply, 40);
AT(actor_host, ask, 48);
AT(actor_host, spawn, 112);
AT(actor_host, extension, 344);
_Static_assert(ACTOR_KIND_opaque == 19 && ACTOR_ROW_ATOMIC == 8 && ACTOR_FORM_NESTED_STATE == 6,
               "numbers are kept");
