/* object.c - scan, then decode. */
#include "wire/object.h"
#include "wire/validate.h"
#include <msgpack/unpack.h>
#include <string.h>

int
object_read(struct object_doc *ret_doc, const void *p, size_t n, uint32_t elements_max, struct err *err)
{
    struct object_doc doc = {0};
    size_t at = 0;
    int rc = wire_validate(p, n, elements_max, err);

    if (rc < 0)
        return rc;
    doc.zone = msgpack_zone_new(1024);
    if (doc.zone == NULL)
        return err_set(err, ERR_NOMEM, "no memory to read a message");
    switch (msgpack_unpack(p, n, &at, doc.zone, &doc.root)) {
    case MSGPACK_UNPACK_SUCCESS:
    case MSGPACK_UNPACK_EXTRA_BYTES: /* it says so for an exact fit of some kinds, too: at tells */
        break;
    case MSGPACK_UNPACK_NOMEM_ERROR:
        msgpack_zone_free(doc.zone);
        return err_set(err, ERR_NOMEM, "no memory to read a message");
    default:
        msgpack_zone_free(doc.zone);
        return err_set(err, ERR_MALFORMED, "not a valid msgpack value");
    }
    if (at != n) {
        msgpack_zone_free(doc.zone);
        return err_set(err, ERR_MALFORMED, "not a valid msgpack value: bytes follow it");
    }
    *ret_doc = doc;
    return 0;
}

void
object_free(struct object_doc *doc)
{
    if (doc->zone != NULL)
        msgpack_zone_free(doc->zone);
    *doc = (struct object_doc){0};
}

bool
object_is_str(const msgpack_object *o, const char *text)
{
    size_t n = strlen(text);

    return o != NULL && o->type == MSGPACK_OBJECT_STR && o->via.str.size == n &&
           memcmp(o->via.str.ptr, text, n) == 0;
}

const msgpack_object *
object_get(const msgpack_object *o, const char *key)
{
    if (o == NULL || o->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < o->via.map.size; i++)
        if (object_is_str(&o->via.map.ptr[i].key, key))
            return &o->via.map.ptr[i].val;
    return NULL;
}

uint64_t
object_u64(const msgpack_object *o, uint64_t dflt)
{
    return o != NULL && o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? o->via.u64 : dflt;
}

bool
object_bool(const msgpack_object *o, bool dflt)
{
    return o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN ? o->via.boolean : dflt;
}
