/* rig.h - a control server on a thread of its own, with a node behind it that is made up, and clients that
 * wait for frames. */
#ifndef TEST_RIG_H
#define TEST_RIG_H
#include "client/client.h"
#include "control/control.h"
#include "control/logs.h"
#include "wire/object.h"
#include <stdatomic.h>
#include <pthread.h>

enum { RIG_HELD = 64 };

struct rig_held {
    struct rig *rig;
    struct control_call *call; /* NULL: it was canceled */
};

struct rig {
    uv_loop_t loop;
    uv_async_t stop;
    pthread_t thread;
    struct control *control;
    struct control_logs *logs; /* NULL: a made-up one */
    char dir[64], path[96];
    /* only the loop's thread, or before start and after stop */
    struct rig_held held[RIG_HELD]; /* calls that are not ended yet */
    size_t nheld;
    struct control_call *waiter; /* ended at the next cancel */
    unsigned canceled;
    uint32_t grace_ms;
    _Atomic(bool) stops_on_shutdown; /* read on the loop; set before the command is sent; rig_stop only waits then */
};

/* cfg->path is replaced by a path in a fresh directory. Fails the test when the server does not come up. */
void rig_start(struct rig *r, const struct control_config *cfg);
void rig_start_logs(struct rig *r, const struct control_config *cfg, struct control_logs *logs);
/* Close the server, wait for its end, end the calls that are still held, remove the directory. */
void rig_stop(struct rig *r);
void rig_path(struct rig *r); /* make the directory and the path only */
void rig_remove(struct rig *r);

struct client *rig_client(const struct rig *r);
/* Request with one text argument (NULL: none); returns the id. */
uint32_t rig_ask(struct client *c, uint32_t command, const char *arg, const char *value);
/* Two texts. */
uint32_t rig_ask2(struct client *c, uint32_t command, const char *arg, const char *value, const char *arg2,
                  const char *value2);
/* Wait for the next frame, which has to be of that type and id (0: any); read its body. */
void rig_next(struct client *c, uint8_t type, uint32_t id, struct object_doc *ret_doc);
/* The code of the error in an answer; 0 = ok. */
int rig_error(const struct object_doc *doc);
/* "a.b" looks up b inside a. */
const msgpack_object *rig_get(const struct object_doc *doc, const char *path);
/* What the connection's end says: the code of client_next. */
int rig_end(struct client *c, struct err *err);
/* A number that the server counts (name of a member of control_stats), asked for on c. */
uint64_t rig_count(struct client *c, const char *name);

#endif
