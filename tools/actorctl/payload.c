/* payload.c - jansson reads, msgpack-c's packer writes. */
#include "payload.h"
#include "wire/frame.h"
#include "wire/pack.h"
#include <errno.h>
#include <jansson.h>
#include <string.h>

static void
pack_json(msgpack_packer *pk, const json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        pack_map(pk, json_object_size(j));
        json_object_foreach((json_t *)(uintptr_t)j, key, value)
        {
            pack_str(pk, key);
            pack_json(pk, value);
        }
        break;
    case JSON_ARRAY:
        pack_array(pk, json_array_size(j));
        json_array_foreach(j, i, value) pack_json(pk, value);
        break;
    case JSON_STRING:
        pack_str_n(pk, json_string_value(j), json_string_length(j));
        break;
    case JSON_INTEGER:
        pack_i64(pk, json_integer_value(j));
        break;
    case JSON_REAL:
        pack_f64(pk, json_real_value(j));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        pack_bool(pk, json_is_true(j));
        break;
    case JSON_NULL:
        pack_nil(pk);
        break;
    }
}

/* @FILE and - are read whole, up to what a request may hold. */
static int
read_whole(struct strbuf *out, const char *text, struct err *err)
{
    FILE *f = text[0] == '-' ? stdin : fopen(text + 1, "re");
    char buf[4096];
    size_t n;
    int rc = 0;

    if (f == NULL)
        return err_set(err, ERR_NOTFOUND, "cannot open %s: %s", text + 1, strerror(errno));
    while (out->len <= FRAME_REQUEST_MAX && (n = fread(buf, 1, sizeof buf, f)) > 0)
        strbuf_add(out, buf, n);
    if (ferror(f))
        rc = err_set(err, ERR_IO, "cannot read %s", text);
    else if (out->failed)
        rc = err_set(err, ERR_NOMEM, "no memory for %s", text);
    if (f != stdin)
        fclose(f);
    return rc;
}

enum { LOAD_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL };

/* jansson's integers end at 2^63 - 1. Put longer ones between quotes: a field that is a number takes its text too. */
static json_t *
load_long_integers(const char *p, size_t n, json_error_t *e)
{
    struct strbuf quoted;
    bool text = false;
    json_t *j = NULL;

    strbuf_init(&quoted);
    for (size_t i = 0, k; i < n; i += k) {
        for (k = 0; !text && i + k < n && p[i + k] != '\0' && strchr("0123456789+-.eE", p[i + k]) != NULL;
             k++)
            ;
        if (k >= 19 && memchr(p + i, '.', k) == NULL && memchr(p + i, 'e', k) == NULL &&
            memchr(p + i, 'E', k) == NULL) {
            strbuf_putc(&quoted, '"');
            strbuf_add(&quoted, p + i, k);
            strbuf_putc(&quoted, '"');
            continue;
        }
        if (k == 0)
            k = text && p[i] == '\\' && i + 1 < n ? 2 : 1;
        if (p[i] == '"')
            text = !text;
        strbuf_add(&quoted, p + i, k);
    }
    if (!quoted.failed)
        j = json_loadb(quoted.p, quoted.len, LOAD_FLAGS, e);
    strbuf_fini(&quoted);
    return j;
}

static int
parse(struct strbuf *out, const char *text, size_t n, struct err *err)
{
    json_error_t e;
    json_t *j = json_loadb(text, n, LOAD_FLAGS, &e);
    msgpack_packer pk;

    if (j == NULL && json_error_code(&e) == json_error_numeric_overflow)
        j = load_long_integers(text, n, &e);
    if (j == NULL) {
        err_set(err, ERR_SYNTAX, "not valid JSON: line %d, column %d: %s", e.line, e.column, e.text);
        return err_fix(err, "quote it for the shell: '{\"name\": \"you\", \"times\": 2}'");
    }
    pack_init(&pk, out);
    pack_json(&pk, j);
    json_decref(j);
    return 0;
}

int
payload_pack(struct strbuf *out, const char *text, struct err *err)
{
    struct strbuf whole;
    int rc;

    if (text[0] != '@' && strcmp(text, "-") != 0)
        return parse(out, text, strlen(text), err);
    strbuf_init(&whole);
    rc = read_whole(&whole, text, err);
    if (rc == 0)
        rc = parse(out, strbuf_str(&whole), whole.len, err);
    strbuf_fini(&whole);
    return rc;
}
