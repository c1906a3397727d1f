/* deliver.h - the handler that stands in a dispatch row for another layout of its message. */
#ifndef ACTOR_DELIVER_H
#define ACTOR_DELIVER_H
#include <actor/plugin.h>

/* Converts the message in hand and calls the row's own handler with the result. */
actor_result deliver_converted(actor_ctx *ctx, void *state, const void *payload);

#endif
