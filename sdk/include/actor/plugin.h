/* actor/plugin.h - behaviours, rows, and the one symbol that a plugin exports. */
#ifndef ACTOR_PLUGIN_H
#define ACTOR_PLUGIN_H

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header /* designated initialisers leave fields out on purpose; g++ -Wextra warns of each */
#endif

#include <actor/host.h>

#ifdef __cplusplus
extern "C" {
#endif

enum actor_row_kind {
    ACTOR_ROW_MESSAGE = 1, /* actor_handler; with ACTOR_NOFAIL: actor_nofail_handler */
    ACTOR_ROW_START,       /* actor_handler; the message is the spawn arguments */
    ACTOR_ROW_STOP,        /* actor_stop_hook */
    ACTOR_ROW_MIGRATE,     /* actor_migrate_hook */
    ACTOR_ROW_JOB,         /* actor_job_fn */
    ACTOR_ROW_SAVE,        /* actor_save_hook: opaque state to bytes */
    ACTOR_ROW_LOAD,        /* actor_load_hook */
    ACTOR_ROW_ATOMIC,      /* value: bytes of state that a failed turn restores */
    ACTOR_ROW_POLICY       /* name: how this behaviour supervises its children, as in the ini's on_failure */
};
typedef actor_result (*actor_handler)(actor_ctx *, void *state, const void *msg);
typedef void (*actor_nofail_handler)(actor_ctx *, void *state, const void *msg);
typedef void (*actor_stop_hook)(actor_ctx *, void *state, uint32_t reason);
/* After the automatic part: self holds what was carried over by name, and defaults. Failing keeps the old version. */
typedef actor_result (*actor_migrate_hook)(actor_ctx *, const actor_old *, void *state);
/* On a thread of its own. 0: out is mailed. Else actor_ask_failed with that code. */
typedef int (*actor_job_fn)(actor_job_ctx *, const void *in, void *out);
typedef actor_result (*actor_save_hook)(actor_ctx *, const void *state, actor_bytes *out);
typedef actor_result (*actor_load_hook)(actor_ctx *, void *state, actor_bin in);
typedef void (*actor_fn)(void);

enum { ACTOR_NOFAIL = 1 }; /* value of a message's row: its turns end well, so the host may go without a copy of the state */

typedef struct actor_row {
    uint32_t kind, zero;
    const actor_type *type; /* message, arguments, job input; NULL where there is none */
    const actor_type *out;  /* job output */
    const char *name;       /* of a job */
    uint64_t value;
    actor_fn fn;            /* of the type that kind says */
} actor_row;

typedef struct actor_behaviour {
    uint32_t size, row_bytes;
    const char *name;
    const actor_type *state;
    const actor_row *rows;
    uint32_t nrows, flags;
} actor_behaviour;

typedef struct actor_plugin {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    const char *name, *version;
    const actor_behaviour *const *behaviours;
    uint32_t nbehaviours, zero;
    actor_type *const *types, *const *types_end; /* every type object of the plugin */
    const void *(*extension)(const char *id);    /* service plugins: "actor.discovery/1"; may be NULL */
} actor_plugin;

#ifdef __cplusplus
}
#endif

#define ACTOR_ROW_NOTE_(ID, KIND, B, NS, T, OUT)                                                               \
    ACTOR_NOTE_ATTR_ static const struct {                                                                     \
        actor_note_head note;                                                                                  \
        actor_row_note row;                                                                                    \
    } ID = {{6, (uint32_t)sizeof(actor_row_note), ACTOR_NOTE_ROW, "actor"},                                    \
            {(uint16_t)sizeof(actor_row_note), (uint8_t)KIND, 0, B, NS, T, OUT}}

/* ACTOR_ON(behaviour, message, ctx, self, m) { ...; return ACTOR_OK; } */
#define ACTOR_ON(B, M, ctx, self, m)                                                                           \
    static actor_result B##_on_##M##_(actor_ctx *ctx, B *self, const M *m);                                    \
    static actor_result B##_on_##M(actor_ctx *ctx, void *self, const void *m)                                  \
    {                                                                                                          \
        return B##_on_##M##_(ctx, (B *)self, (const M *)m);                                                    \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_on_##M##_note_, ACTOR_ROW_MESSAGE, #B, "", #M, "");                                    \
    static actor_result B##_on_##M##_(                                                                         \
        __attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) B *self, __attribute__((unused)) const M *m)
/* ACTOR_ON_NOFAIL(behaviour, message, ctx, self, m) { ... }: a handler that cannot fail. It returns nothing, so there is nothing to
 * undo, and its turns do without the copy of the state. Its row: ACTOR_ROW_NOFAIL. */
#define ACTOR_ON_NOFAIL(B, M, ctx, self, m)                                                                    \
    static void B##_nofail_##M##_(actor_ctx *ctx, B *self, const M *m);                                        \
    static void B##_nofail_##M(actor_ctx *ctx, void *self, const void *m)                                      \
    {                                                                                                          \
        B##_nofail_##M##_(ctx, (B *)self, (const M *)m);                                                       \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_on_##M##_note_, ACTOR_ROW_MESSAGE, #B, "", #M, "");                                    \
    static void B##_nofail_##M##_(                                                                             \
        __attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) B *self, __attribute__((unused)) const M *m)
/* The first turn of a new life. ARGS: an ACTOR_ARGS struct, or actor_none. Failing: on_start_failure. */
#define ACTOR_ON_START(B, ARGS, ctx, self, args)                                                               \
    static actor_result B##_start_(actor_ctx *ctx, B *self, const ARGS *args);                                 \
    static actor_result B##_start(actor_ctx *ctx, void *self, const void *args)                                \
    {                                                                                                          \
        return B##_start_(ctx, (B *)self, (const ARGS *)args);                                                 \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_start_note_, ACTOR_ROW_START, #B, "", #ARGS, "");                                      \
    static actor_result B##_start_(__attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) B *self,    \
                                   __attribute__((unused)) const ARGS *args)
/* The last: effects still happen. Also runs before a restart. reason: enum actor_reason. */
#define ACTOR_ON_STOP(B, ctx, self, reason)                                                                    \
    static void B##_stop_(actor_ctx *ctx, B *self, uint32_t reason);                                           \
    static void B##_stop(actor_ctx *ctx, void *self, uint32_t reason)                                          \
    {                                                                                                          \
        B##_stop_(ctx, (B *)self, reason);                                                                     \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_stop_note_, ACTOR_ROW_STOP, #B, "", "", "");                                           \
    static void B##_stop_(__attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) B *self,             \
                          __attribute__((unused)) uint32_t reason)
#define ACTOR_ON_MIGRATE(B, ctx, old, self)                                                                    \
    static actor_result B##_migrate_(actor_ctx *ctx, const actor_old *old, B *self);                           \
    static actor_result B##_migrate(actor_ctx *ctx, const actor_old *old, void *self)                          \
    {                                                                                                          \
        return B##_migrate_(ctx, old, (B *)self);                                                              \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_migrate_note_, ACTOR_ROW_MIGRATE, #B, "", "", "");                                     \
    static actor_result B##_migrate_(__attribute__((unused)) actor_ctx *ctx,                                   \
                                     __attribute__((unused)) const actor_old *old, __attribute__((unused)) B *self)
/* Opaque state to bytes, actor_set(ctx, out, ...), and back. Both or neither. */
#define ACTOR_ON_SAVE(B, ctx, self, out)                                                                       \
    static actor_result B##_save_(actor_ctx *ctx, const B *self, actor_bytes *out);                            \
    static actor_result B##_save(actor_ctx *ctx, const void *self, actor_bytes *out)                           \
    {                                                                                                          \
        return B##_save_(ctx, (const B *)self, out);                                                           \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_save_note_, ACTOR_ROW_SAVE, #B, "", "", "");                                           \
    static actor_result B##_save_(__attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) const B *self, \
                                  __attribute__((unused)) actor_bytes *out)
#define ACTOR_ON_LOAD(B, ctx, self, in)                                                                        \
    static actor_result B##_load_(actor_ctx *ctx, B *self, actor_bin in);                                      \
    static actor_result B##_load(actor_ctx *ctx, void *self, actor_bin in)                                     \
    {                                                                                                          \
        return B##_load_(ctx, (B *)self, in);                                                                  \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_load_note_, ACTOR_ROW_LOAD, #B, "", "", "");                                           \
    static actor_result B##_load_(__attribute__((unused)) actor_ctx *ctx, __attribute__((unused)) B *self,     \
                                  __attribute__((unused)) actor_bin in)
/* ACTOR_JOB(behaviour, checksum, file, digest, job, in, out) { ...; return 0; }: in is a const file *, out a digest *. */
#define ACTOR_JOB(B, J, IN, OUT, job, in, out)                                                                 \
    static int B##_job_##J##_(actor_job_ctx *job, const IN *in, OUT *out);                                     \
    static int B##_job_##J(actor_job_ctx *job, const void *in, void *out)                                      \
    {                                                                                                          \
        return B##_job_##J##_(job, (const IN *)in, (OUT *)out);                                                \
    }                                                                                                          \
    typedef IN J##_in_;                                                                                        \
    __attribute__((unused)) static inline const actor_type *J##_in_type_(void)                                                         \
    {                                                                                                          \
        return &IN##_type;                                                                                     \
    }                                                                                                          \
    ACTOR_ROW_NOTE_(B##_job_##J##_note_, ACTOR_ROW_JOB, #B, "", #IN, #OUT);                                    \
    static int B##_job_##J##_(__attribute__((unused)) actor_job_ctx *job,                                      \
                              __attribute__((unused)) const IN *in, __attribute__((unused)) OUT *out)

#define ACTOR_ROW(B, M)                                                                                        \
    {                                                                                                          \
        ACTOR_ROW_MESSAGE, 0, &M##_type, NULL, NULL, 0, (actor_fn)B##_on_##M                                   \
    }
#define ACTOR_ROW_NOFAIL(B, M)                                                                                 \
    {                                                                                                          \
        ACTOR_ROW_MESSAGE, 0, &M##_type, NULL, NULL, ACTOR_NOFAIL, (actor_fn)B##_nofail_##M                    \
    }
#define ACTOR_ROW_STARTS(B, ARGS)                                                                              \
    {                                                                                                          \
        ACTOR_ROW_START, 0, &ARGS##_type, NULL, NULL, 0, (actor_fn)B##_start                                   \
    }
#define ACTOR_ROW_STOPS(B)                                                                                     \
    {                                                                                                          \
        ACTOR_ROW_STOP, 0, NULL, NULL, NULL, 0, (actor_fn)B##_stop                                             \
    }
#define ACTOR_ROW_MIGRATES(B)                                                                                  \
    {                                                                                                          \
        ACTOR_ROW_MIGRATE, 0, NULL, NULL, NULL, 0, (actor_fn)B##_migrate                                       \
    }
#define ACTOR_ROW_SAVES(B)                                                                                     \
    {                                                                                                          \
        ACTOR_ROW_SAVE, 0, NULL, NULL, NULL, 0, (actor_fn)B##_save                                             \
    }
#define ACTOR_ROW_LOADS(B)                                                                                     \
    {                                                                                                          \
        ACTOR_ROW_LOAD, 0, NULL, NULL, NULL, 0, (actor_fn)B##_load                                             \
    }
#define ACTOR_ROW_RUNS(B, J, IN, OUT)                                                                          \
    {                                                                                                          \
        ACTOR_ROW_JOB, 0, &IN##_type, &OUT##_type, #J, 0, (actor_fn)B##_job_##J                                \
    }
/* ACTOR_ROW_SUPERVISES("7: stop, any: restart, 5 restarts in 1m: stop"): what a child's failure leads to, where neither the ini nor
 * the spawn says so. */
#define ACTOR_ROW_SUPERVISES(TEXT)                                                                             \
    {                                                                                                          \
        ACTOR_ROW_POLICY, 0, NULL, NULL, TEXT, 0, NULL                                                         \
    }
#define ACTOR_ROW_ATOMIC_BYTES(n)                                                                              \
    {                                                                                                          \
        ACTOR_ROW_ATOMIC, 0, NULL, NULL, NULL, (n), NULL                                                       \
    }

/* ACTOR_BEHAVIOUR(greeter, ACTOR_ROW(greeter, greet), ...) gives greeter_behaviour, for ACTOR_PLUGIN. */
#define ACTOR_BEHAVIOUR(B, ...)                                                                                \
    ACTOR_NOTE_ATTR_ static const struct {                                                                     \
        actor_note_head note;                                                                                  \
        actor_behaviour_note behaviour;                                                                        \
    } B##_behaviour_note_ = {{6, (uint32_t)sizeof(actor_behaviour_note), ACTOR_NOTE_BEHAVIOUR, "actor"},       \
                             {(uint16_t)sizeof(actor_behaviour_note), 0, 0, #B, #B}};                          \
    static const actor_row B##_rows_[] = {__VA_ARGS__};                                                        \
    static const actor_behaviour B##_behaviour = {(uint32_t)sizeof(actor_behaviour),                           \
                                                  (uint32_t)sizeof(actor_row),                                 \
                                                  #B,                                                          \
                                                  &B##_type,                                                   \
                                                  B##_rows_,                                                   \
                                                  (uint32_t)(sizeof B##_rows_ / sizeof *B##_rows_),            \
                                                  0};

#ifdef __cplusplus
#define ACTOR_EXTERN_C_ extern "C"
#else
#define ACTOR_EXTERN_C_ extern
#endif
/* Once a plugin: the only symbol it exports. */
#define ACTOR_PLUGIN(NAME, VERSION, ...)                                                                       \
    ACTOR_NOTE_ATTR_ static const struct {                                                                     \
        actor_note_head note;                                                                                  \
        actor_plugin_note plugin;                                                                              \
    } actor_plugin_note_ = {{6, (uint32_t)sizeof(actor_plugin_note), ACTOR_NOTE_PLUGIN, "actor"},              \
                            {(uint16_t)sizeof(actor_plugin_note), 0, ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR, NAME,   \
                             VERSION}};                                                                        \
    ACTOR_EXTERN_C_ actor_type *const ACTOR_TYPES_START_[] __attribute__((visibility("hidden")));             \
    ACTOR_EXTERN_C_ actor_type *const ACTOR_TYPES_STOP_[] __attribute__((visibility("hidden")));              \
    static const actor_behaviour *const actor_behaviours_[] = {__VA_ARGS__};                                   \
    ACTOR_EXTERN_C_ __attribute__((visibility("default"))) const actor_plugin ACTOR_ENTRY_;              \
    const actor_plugin ACTOR_ENTRY_ = {                                                                  \
        (uint32_t)sizeof(actor_plugin),                                                                        \
        ACTOR_ABI_MAJOR,                                                                                       \
        ACTOR_ABI_MINOR,                                                                                       \
        NAME,                                                                                                  \
        VERSION,                                                                                               \
        actor_behaviours_,                                                                                     \
        (uint32_t)(sizeof actor_behaviours_ / sizeof *actor_behaviours_),                                      \
        0,                                                                                                     \
        ACTOR_TYPES_START_,                                                                                   \
        ACTOR_TYPES_STOP_,                                                                                    \
        NULL};

#endif
