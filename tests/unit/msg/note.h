/* note.h - the notes of types that a test declares with the SDK's macros, as a loader would find them. */
#ifndef TESTS_MSG_NOTE_H
#define TESTS_MSG_NOTE_H
#include "msg/schema.h"
#include <actor/schema.h>

#define NOTE(T) note_raw_(T##_type.schema())

static inline struct schema_raw
note_raw_(const actor_schema_head *head)
{
    const actor_note_head *note = (const actor_note_head *)(const void *)head - 1;

    return (struct schema_raw){head, note->desc_bytes};
}

#endif
