// hello-cxx - the same macros in C++. No exception may leave a handler.
#define ACTOR_NAMESPACE "hello_cxx"
#include <actor/actor.h>

#define HELLO(F)  F(str, name)
#define ANSWER(F) F(str, text) F(u64, count)
#define HOST(F)   F(u64, count)
ACTOR_MESSAGE(hello, 1, HELLO)
ACTOR_MESSAGE(answer, 1, ANSWER)
ACTOR_STATE(host, 1, HOST)

ACTOR_ON(host, hello, ctx, self, m)
{
    actor_log_info(ctx, "hello from C++, %.*s", ACTOR_STR_ARG(m->name));
    actor_reply(ctx, answer, .text = m->name, .count = ++self->count);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(host, ACTOR_ROW(host, hello))
ACTOR_PLUGIN("hello_cxx", "1.0.0", &host_behaviour)
