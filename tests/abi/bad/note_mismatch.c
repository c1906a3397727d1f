/* The note says version 1.0.0, the descriptor 2.0.0: what ACTOR_PLUGIN would never write. */
#include "body.h"
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))

ACTOR_NOTE_ATTR_ static const struct {
    actor_note_head note;
    actor_plugin_note plugin;
} note_ = {{6, (uint32_t)sizeof(actor_plugin_note), ACTOR_NOTE_PLUGIN, "actor"},
           {(uint16_t)sizeof(actor_plugin_note), 0, ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR, "bad", "1.0.0"}};

extern actor_type *const __start_actor_types[] __attribute__((visibility("hidden")));
extern actor_type *const __stop_actor_types[] __attribute__((visibility("hidden")));
static const actor_behaviour *const behaviours_[] = {&bad_behaviour};
extern __attribute__((visibility("default"))) const actor_plugin actor_plugin_entry;
const actor_plugin actor_plugin_entry = {.size = (uint32_t)sizeof(actor_plugin),
                                         .abi_major = ACTOR_ABI_MAJOR,
                                         .abi_minor = ACTOR_ABI_MINOR,
                                         .name = "bad",
                                         .version = "2.0.0",
                                         .behaviours = behaviours_,
                                         .nbehaviours = 1,
                                         .types = __start_actor_types,
                                         .types_end = __stop_actor_types};
