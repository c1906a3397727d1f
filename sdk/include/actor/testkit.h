/* actor/testkit.h - tests of behaviours in one process, without a daemon: libactor-testkit, pkg-config actor-testkit.
 *
 *   testkit *tk = testkit_new(1);                                   seed; TESTKIT_SEED in the environment overrides it
 *   testkit_load(tk, &greeter_plugin);                              compiled with -DACTOR_LINK_AS=greeter_plugin
 *   actor_ref g = testkit_spawn(tk, "greeter.greeter", NULL, actor_none);
 *   testkit_tell(tk, g, greet, .name = ACTOR_STR("you"));
 *   const greeted *m = testkit_expect(testkit_self(tk), greeted);   what g answered
 *   assert(m != NULL && m->total == 1);
 *   assert(testkit_free(tk) == 0);                                  0: nothing failed, nothing is left
 *
 * The actors, supervision and swaps are the daemon's; time is virtual and stands still unless the test moves it; in which order
 * actors run is decided by the seed. Works from any test framework or a plain main.
 *
 * Threads: one testkit belongs to one thread; several testkits are independent, but they share the plugins' type objects. Blocks:
 * never; virtual time passes at once. Errors: 0 or ACTOR_E_*, testkit_error() has the words; a failed expectation gives NULL
 * or false, prints one line with file and line and the seed that replays it, and counts in testkit_free(). Memory that a call hands
 * out lives until testkit_free.
 *
 * Types: the messages that the test names must be declared in its own file (or a header that it includes) under the plugin's
 * namespace, with #define ACTOR_NAMESPACE before the first include. Including the plugin's .c file does that too, and then the
 * plugin is &actor_plugin_entry.
 */
#ifndef ACTOR_TESTKIT_H
#define ACTOR_TESTKIT_H

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header /* designated initialisers leave fields out on purpose; g++ -Wextra warns of each */
#endif

#include <actor/actor.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TESTKIT_API __attribute__((visibility("default")))

typedef struct testkit testkit;
typedef struct testkit_probe testkit_probe;

/* --- life --- */
extern actor_type *const ACTOR_TYPES_START_[] __attribute__((visibility("hidden")));
extern actor_type *const ACTOR_TYPES_STOP_[] __attribute__((visibility("hidden")));
/* NULL: no memory, or the test's message types make no sense (printed). */
#define testkit_new(seed) (testkit_new_((seed), ACTOR_TYPES_START_, ACTOR_TYPES_STOP_))
TESTKIT_API testkit *testkit_new_(uint64_t seed, actor_type *const *types, actor_type *const *types_end);
/* Stops all actors, lets them end, and looks for what is left: messages without a fate, blocks, bytes. Returns how many things
 * went wrong, failed expectations included; each was printed. NULL is allowed: 0. */
TESTKIT_API int testkit_free(testkit *tk);
TESTKIT_API const char *testkit_error(testkit *tk); /* of the last call that failed; "" if none did */

/* Make a plugin's behaviours known. The first version of a plugin serves; later ones wait for testkit_swap. config: a struct of its
 * ACTOR_CONFIG type that outlives tk, or NULL. */
TESTKIT_API int testkit_load_with(testkit *tk, const actor_plugin *p, const void *config);
#define testkit_load(tk, plugin) (testkit_load_with((tk), (plugin), NULL))

/* --- actors. Each call runs until nothing is left to do without time passing --- */
/* testkit_spawn(tk, "counter.counter", "c1", counter_args, .from = 5); name may be NULL. ACTOR_NOBODY: testkit_error says why. */
#define testkit_spawn(tk, behaviour, name, ARGS, ...)                                                          \
    (testkit_spawn_((tk), (behaviour), (name), NULL, &ARGS##_type, ACTOR_ARG_(ARGS, __VA_ARGS__)))
#define testkit_spawn_with(tk, behaviour, name, opts, ARGS, ...)                                               \
    (testkit_spawn_((tk), (behaviour), (name), (opts), &ARGS##_type, ACTOR_ARG_(ARGS, __VA_ARGS__)))
TESTKIT_API actor_ref testkit_spawn_(testkit *tk, const char *behaviour, const char *name,
                                     const actor_spawn_opts *opts, const actor_type *args, const void *v);
TESTKIT_API int testkit_stop(testkit *tk, actor_ref who, enum actor_stop_mode mode);
TESTKIT_API bool testkit_alive(testkit *tk, actor_ref who);
TESTKIT_API uint32_t testkit_restarts(testkit *tk, actor_ref who); /* so far */
TESTKIT_API actor_ref testkit_lookup(testkit *tk, const char *path); /* "/user/c1"; ACTOR_NOBODY */

/* --- mail from the test: its sender is testkit_self(tk), a probe --- */
#define testkit_tell(tk, to, T, ...) (testkit_tell_((tk), (to), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
TESTKIT_API int testkit_tell_(testkit *tk, actor_ref to, const actor_type *t, const void *m);
/* Asks, and lets virtual time pass until the answer is there. NULL: none came; testkit_status() is the ACTOR_E_* code. */
#define testkit_ask(tk, to, ANSWER, timeout_ms, T, ...)                                                        \
    ((const ANSWER *)testkit_ask_((tk), (to), &ANSWER##_type, (timeout_ms), &T##_type,                         \
                                  ACTOR_ARG_(T, __VA_ARGS__)))
TESTKIT_API const void *testkit_ask_(testkit *tk, actor_ref to, const actor_type *answer, uint64_t timeout_ms,
                                     const actor_type *t, const void *m);
TESTKIT_API int testkit_status(testkit *tk); /* of the last testkit_ask; 0 when it was answered */

/* --- time --- */
TESTKIT_API void testkit_run(testkit *tk);                  /* until nothing is left to do now; no time passes */
TESTKIT_API void testkit_advance(testkit *tk, uint64_t ms); /* let time pass, with all that is due on the way */
TESTKIT_API uint64_t testkit_now_ms(testkit *tk);           /* since the start of tk */

/* --- probes: actors of the test. Each keeps all mail it gets, in order --- */
TESTKIT_API testkit_probe *testkit_self(testkit *tk); /* the one that testkit_tell and testkit_ask send from */
TESTKIT_API testkit_probe *testkit_probe_new(testkit *tk, const char *name); /* name may be NULL */
TESTKIT_API actor_ref testkit_probe_ref(const testkit_probe *p);
#define testkit_probe_tell(p, to, T, ...) (testkit_probe_tell_((p), (to), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
TESTKIT_API int testkit_probe_tell_(testkit_probe *p, actor_ref to, const actor_type *t, const void *m);
TESTKIT_API int testkit_probe_watch(testkit_probe *p, actor_ref who);
/* From now on every ask or tell of type T to p is answered with this. It is kept as mail all the same. */
#define testkit_probe_answers(p, T, ANSWER, ...)                                                               \
    (testkit_probe_answers_((p), &T##_type, &ANSWER##_type, ACTOR_ARG_(ANSWER, __VA_ARGS__)))
TESTKIT_API int testkit_probe_answers_(testkit_probe *p, const actor_type *t, const actor_type *answer,
                                       const void *m);

/* The next mail of p must be a T; waits for it up to 3 s of virtual time (or within_ms). The mail is taken. NULL: it is not. */
#define testkit_expect(p, T)                   testkit_expect_within(p, 3000, T)
#define testkit_expect_within(p, within_ms, T) ((const T *)testkit_expect_((p), (within_ms), &T##_type, 0, __FILE__, __LINE__))
/* The next T, whatever comes before it; that is taken too. */
#define testkit_fish(p, T)                     testkit_fish_within(p, 3000, T)
#define testkit_fish_within(p, within_ms, T)   ((const T *)testkit_expect_((p), (within_ms), &T##_type, 1, __FILE__, __LINE__))
TESTKIT_API const void *testkit_expect_(testkit_probe *p, uint64_t within_ms, const actor_type *t, int fish,
                                        const char *file, int line);
/* No mail is there, and none comes in for_ms. */
#define testkit_expect_none(p, for_ms) (testkit_expect_none_((p), (for_ms), __FILE__, __LINE__))
TESTKIT_API bool testkit_expect_none_(testkit_probe *p, uint64_t for_ms, const char *file, int line);
/* The next mail says that who ended. p watches it (testkit_probe_watch). Its reason, enum actor_reason; 0: no. */
#define testkit_expect_terminated(p, who) (testkit_expect_terminated_((p), (who), __FILE__, __LINE__))
TESTKIT_API uint32_t testkit_expect_terminated_(testkit_probe *p, actor_ref who, const char *file, int line);
/* The next mails are of these types, in this order: testkit_expect_sequence(p, &greeted_type, &bye_type). */
#define testkit_expect_sequence(p, ...)                                                                        \
    (testkit_expect_sequence_((p), __FILE__, __LINE__, __VA_ARGS__, (const actor_type *)NULL))
TESTKIT_API bool testkit_expect_sequence_(testkit_probe *p, const char *file, int line, ...);
TESTKIT_API actor_ref testkit_sender(const testkit_probe *p); /* of the mail that was taken last */
TESTKIT_API size_t testkit_pending(const testkit_probe *p);   /* mail not taken yet */
TESTKIT_API void testkit_clear(testkit_probe *p);             /* forget it */

/* --- looking inside --- */
/* The state as one JSON object, by its schema. NULL: it is not alive, or has none. */
TESTKIT_API const char *testkit_state(testkit *tk, actor_ref who);
TESTKIT_API const char *testkit_version(testkit *tk, actor_ref who); /* of the plugin that it runs; NULL: not alive */
/* Dead letters so far: all, or those of a type ("greeter.greet") and reason ("unhandled", see host/actor/dead.def); NULL: any. */
TESTKIT_API size_t testkit_dead(testkit *tk, const char *type, const char *reason);
TESTKIT_API bool testkit_logged(testkit *tk, const char *part); /* does a log line so far contain this? */
TESTKIT_API const char *testkit_log(testkit *tk);               /* all of them */

/* --- versions --- */
/* All actors of the plugin move to this version, loaded first if need be; if one cannot, all stay (ACTOR_E_*, testkit_error names
 * it). Going to a version with a lower number tests each value that narrows. */
TESTKIT_API int testkit_swap(testkit *tk, const actor_plugin *to);
/* who runs `from`: to `to` and back again, by plans and migrate(). Is its state as before? Prints both if not. */
TESTKIT_API bool testkit_round_trip(testkit *tk, actor_ref who, const actor_plugin *from, const actor_plugin *to);

/* --- memory that fails --- */
/* The n-th time from now that the host asks for memory (1: the next) fails, or from then on all. 0: none. */
TESTKIT_API void testkit_fail_alloc(testkit *tk, uint64_t n, bool all_after);
TESTKIT_API bool testkit_alloc_failed(testkit *tk); /* has it happened? So a loop over n knows when to end */

#ifdef __cplusplus
}
#endif
#endif
