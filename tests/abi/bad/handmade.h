/* ACTOR_PLUGIN and ACTOR_BEHAVIOUR written out, so that a file can spoil the descriptor and leave the notes right. */
#ifndef BAD_HANDMADE_H
#define BAD_HANDMADE_H
#include "body.h"

ACTOR_NOTE_ATTR_ static const struct {
    actor_note_head note;
    actor_plugin_note plugin;
} plugin_note_ = {{6, (uint32_t)sizeof(actor_plugin_note), ACTOR_NOTE_PLUGIN, "actor"},
                  {(uint16_t)sizeof(actor_plugin_note), 0, ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR, "bad", "1.0.0"}};
ACTOR_NOTE_ATTR_ static const struct {
    actor_note_head note;
    actor_behaviour_note behaviour;
} behaviour_note_ = {{6, (uint32_t)sizeof(actor_behaviour_note), ACTOR_NOTE_BEHAVIOUR, "actor"},
                     {(uint16_t)sizeof(actor_behaviour_note), 0, 0, "bad", "bad"}};
extern actor_type *const __start_actor_types[] __attribute__((visibility("hidden")));
extern actor_type *const __stop_actor_types[] __attribute__((visibility("hidden")));

#define HANDMADE_PLUGIN(VERSION, ROWS, NROWS)                                                                      \
    static const actor_behaviour behaviour_ = {.size = (uint32_t)sizeof(actor_behaviour),                         \
                                               .row_bytes = (uint32_t)sizeof(actor_row),                          \
                                               .name = "bad",                                                     \
                                               .state = &bad_type,                                                \
                                               .rows = (ROWS),                                                    \
                                               .nrows = (NROWS)};                                                 \
    static const actor_behaviour *const behaviours_[] = {&behaviour_};                                            \
    extern __attribute__((visibility("default"))) const actor_plugin actor_plugin_entry;                          \
    const actor_plugin actor_plugin_entry = {.size = (uint32_t)sizeof(actor_plugin),                              \
                                             .abi_major = ACTOR_ABI_MAJOR,                                        \
                                             .abi_minor = ACTOR_ABI_MINOR,                                        \
                                             .name = "bad",                                                       \
                                             .version = VERSION,                                                  \
                                             .behaviours = behaviours_,                                           \
                                             .nbehaviours = 1,                                                    \
                                             .types = __start_actor_types,                                        \
                                             .types_end = __stop_actor_types};
#endif
