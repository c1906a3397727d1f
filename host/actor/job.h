/* job.h - work that blocks: function, input and output are messages; the result is mail.
 *
 *   turn --> FX_JOB --commit--> pool thread: fn(in, out) --> port --> mailbox: output (or actor_ask_failed) with the tag
 *
 * The behaviour's version stays pinned until the result is mailed. The job outlives its actor; then its result is a dead letter.
 */
#ifndef ACTOR_JOB_H
#define ACTOR_JOB_H
#include "actor/actor_system.h"

struct job;
/* Takes `in` when it succeeds. 0 or -ERR_NOMEM. */
int job_new(struct actx *x, struct job **ret, struct behaviour *b, const struct behaviour_job *row,
            struct msg *in, uint64_t tag);
void job_drop(struct actx *x, struct job *j);   /* its turn failed */
void job_submit(struct actx *x, struct job *j); /* its turn committed */

#endif
