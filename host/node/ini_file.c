/* ini_file.c - lines are checked one by one, in step with inih's calls for the next one. */
#include "node/ini_file.h"
#include "base/util.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
    struct ini *ini;
    struct text *mem;
    struct diags *d;
    const char *at, *end; /* what is left of the file */
    uint32_t line;
    const char *text; /* the line now, a copy in mem */
    size_t len;
    const char *section; /* open now; NULL: none, or one whose name is wrong */
    bool any_section;
    struct ini_item expect; /* what inih must report for this line; key NULL: nothing */
    bool failed;            /* out of memory */
};

static struct place
place(const struct reader *r, size_t from, size_t to)
{
    return (struct place){
        .file = r->ini->file,
        .line = r->line,
        .col = (uint32_t)utf8_chars(r->text, from) + 1,
        .width = (uint32_t)utf8_chars(r->text + from, to - from),
        .text = r->text,
    };
}

/* Error about bytes [from, to) of the line. False, so that checks may return it. */
#define complain(r, from, to, ...)                           \
    do {                                                     \
        struct place place_ = place(r, from, to);            \
        diags_add((r)->d, &place_, ERR_SYNTAX, __VA_ARGS__); \
    } while (0)

static bool
is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static size_t
skip_space(const char *s, size_t from, size_t to)
{
    while (from < to && is_space(s[from]))
        from++;
    return from;
}

static size_t
trim_space(const char *s, size_t from, size_t to)
{
    while (to > from && is_space(s[to - 1]))
        to--;
    return to;
}

/* What no line may hold, comments included. */
static bool
bytes_ok(struct reader *r)
{
    size_t bad;

    if (r->len > INI_LINE_MAX) {
        complain(r, INI_LINE_MAX, r->len, "line of %zu bytes, the limit is %d", r->len, INI_LINE_MAX);
        diags_fix(r->d, "shorten the line; a key that takes a list may be given several times");
        return false;
    }
    for (size_t i = 0; i < r->len; i++) {
        unsigned char c = (unsigned char)r->text[i];

        if (c == 0) {
            complain(r, i, i + 1, "NUL byte in the line");
            diags_fix(r->d, "save the file as UTF-8 text");
            return false;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            complain(r, i, i + 1, "control character 0x%02x in the line", c);
            diags_fix(r->d, c == '\r' ? "end lines with LF or CR LF" : "remove it");
            return false;
        }
    }
    bad = utf8_bad(r->text, r->len);
    if (bad < r->len) {
        complain(r, bad, bad + 1, "byte 0x%02x is not UTF-8", (unsigned char)r->text[bad]);
        diags_fix(r->d, "save the file as UTF-8 text");
        return false;
    }
    return true;
}

/* "[name]" or "[kind name]". */
static bool
section_ok(struct reader *r)
{
    const char *s = r->text;
    size_t end = trim_space(s, 0, r->len), close = 1, from = 1, spaces = 0;

    r->any_section = true;
    r->section = NULL; /* keys of a wrong section are passed over: one mistake, one error */
    while (close < end && s[close] != ']')
        close++;
    if (close == end) {
        complain(r, 0, end, "section header without \"]\"");
        diags_fix(r->d, "write [name]");
        return false;
    }
    if (close + 1 < end) {
        complain(r, close + 1, end, "text after the section header");
        diags_fix(r->d, "put it on a line of its own");
        return false;
    }
    if (close == 1 || skip_space(s, 1, close) == close) {
        complain(r, 0, end, "section header without a name");
        diags_fix(r->d, "write [name], for instance [node]");
        return false;
    }
    if (is_space(s[1]) || is_space(s[close - 1])) {
        from = skip_space(s, 1, close);
        close = trim_space(s, from, close);
        complain(r, 1, close, "spaces inside the brackets");
        diags_fix(r->d, "write [%.*s]", (int)(close - from), s + from);
        return false;
    }
    if (close - from > INI_NAME_MAX) {
        complain(r, from, close, "section name of %zu bytes, the limit is %d", close - from, INI_NAME_MAX);
        return false;
    }
    for (size_t i = from; i < close; i++) {
        if (s[i] == ' ' && spaces++ == 0)
            continue;
        if (!is_word(s[i])) {
            complain(r, i, i + 1,
                     s[i] == '"' || s[i] == '\'' ? "quotes in a section name"
                     : is_space(s[i])            ? "more than one space in a section name"
                                                 : "character that no section name may hold");
            diags_fix(r->d, "write [name] or [kind name], with letters, digits, \"_\", \"-\" and \".\" only");
            return false;
        }
    }
    r->section = text_dup(r->mem, s + from, close - from);
    if (r->section == NULL ||
        vec_push(&r->ini->items,
                 ((struct ini_item){.section = r->section, .key_at = place(r, from, close)})) < 0)
        r->failed = true;
    return true;
}

/* "key = value". */
static bool
key_ok(struct reader *r)
{
    const char *s = r->text;
    size_t eq = 0, key_end, from, end = trim_space(s, 0, r->len);

    while (eq < end && s[eq] != '=' && s[eq] != ':')
        eq++;
    if (eq == end) {
        complain(r, 0, end, "line without \"=\"");
        diags_fix(r->d, "write key = value, or start a comment with #");
        return false;
    }
    key_end = trim_space(s, 0, eq);
    if (s[eq] == ':') {
        complain(r, eq, eq + 1, "\":\" where \"=\" belongs");
        diags_fix(r->d, "write %.*s = ...", (int)key_end, s);
        return false;
    }
    if (key_end == 0) {
        complain(r, 0, 1, "\"=\" without a key before it");
        diags_fix(r->d, "write key = value");
        return false;
    }
    if (key_end > INI_NAME_MAX) {
        complain(r, 0, key_end, "key of %zu bytes, the limit is %d", key_end, INI_NAME_MAX);
        return false;
    }
    for (size_t i = 0; i < key_end; i++) {
        if (!is_word(s[i])) {
            complain(r, i, i + 1, "character that no key may hold");
            diags_fix(r->d, "keys consist of letters, digits, \"_\", \"-\" and \".\"");
            return false;
        }
    }
    from = skip_space(s, eq + 1, end);
    for (size_t i = eq + 1; i < end; i++) {
        if (s[i] == ';' && is_space(s[i - 1])) {
            complain(r, i, end, "\";\" after a space would start a comment and cut the value");
            diags_fix(r->d,
                      "put the comment on a line of its own; a list takes \";\" without a space before it");
            return false;
        }
        if (i >= from && s[i] == '\t') {
            complain(r, i, i + 1, "tab inside a value");
            diags_fix(r->d, "use a space");
            return false;
        }
    }
    if (!r->any_section) {
        complain(r, 0, key_end, "key before the first section");
        diags_fix(r->d, "put a section header above it, for instance [node]");
        return false;
    }
    if (r->section == NULL)
        return false;
    r->expect.section = r->section;
    r->expect.key = text_dup(r->mem, s, key_end);
    r->expect.value = text_dup(r->mem, s + from, end - from);
    r->expect.key_at = place(r, 0, key_end);
    r->expect.value_at = place(r, from, end > from ? end : from + 1);
    if (r->expect.key == NULL || r->expect.value == NULL)
        r->failed = true;
    return true;
}

/* Takes the next line of the file; true: it may go to inih. */
static bool
line_ok(struct reader *r)
{
    const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t len = (size_t)((nl == NULL ? r->end : nl) - r->at), first;

    r->line++;
    r->expect = (struct ini_item){.key = NULL};
    r->len = len > 0 && nl != NULL && r->at[len - 1] == '\r' ? len - 1 : len;
    r->text = text_dup(r->mem, r->at, r->len);
    r->at += len + (nl != NULL);
    if (r->text == NULL) {
        r->failed = true;
        return false;
    }
    if (!bytes_ok(r))
        return false;
    first = skip_space(r->text, 0, r->len);
    if (first == r->len || r->text[first] == '#' || r->text[first] == ';')
        return false; /* nothing that inih would have to see */
    if (first > 0) {
        complain(r, 0, first, "indented line; a value cannot go on in the next line");
        diags_fix(r->d, "start the line in the first column");
        return false;
    }
    return r->text[0] == '[' ? section_ok(r) : key_ok(r);
}

/* inih's fgets. */
static char *
next_line(char *buf, int num, void *arg)
{
    struct reader *r = arg;

    /* Not reported by inih, though it was a good key: this inih was built with other rules than the one
     * known. */
    if (r->expect.key != NULL) {
        complain(r, 0, r->len, "the ini library passed over this line");
        r->expect.key = NULL;
    }
    if (r->at == r->end || r->failed)
        return NULL;
    buf[0] = '\0';
    if (line_ok(r)) {
        if ((size_t)num <= r->len)
            complain(r, 0, r->len, "the ini library takes lines of %d bytes at most", num - 1);
        else
            memcpy(buf, r->text, r->len + 1);
    }
    return buf;
}

static int
on_key(void *arg, const char *section, const char *key, const char *value)
{
    struct reader *r = arg;
    const struct ini_item *x = &r->expect;

    if (x->key == NULL || strcmp(x->section, section) != 0 || strcmp(x->key, key) != 0 ||
        strcmp(x->value, value) != 0)
        complain(r, 0, r->len, "the ini library reads this line in another way: [%s] %s = %s", section, key,
                 value);
    else if (vec_push(&r->ini->items, *x) < 0)
        r->failed = true;
    r->expect.key = NULL;
    return 1;
}

int
ini_read(struct ini *ret_ini, const char *file, const char *bytes, size_t len, struct text *mem,
         struct diags *d)
{
    struct ini ini = {.file = text_dup(mem, file, strlen(file))};
    struct reader r = {.ini = &ini, .mem = mem, .d = d, .at = bytes, .end = bytes + len};
    struct place whole = {.file = file};
    int bad;

    vec_init(&ini.items);
    if (len > INI_FILE_MAX) {
        diags_add(d, &whole, ERR_LIMIT, "the file is larger than %d bytes", INI_FILE_MAX);
        return -ERR_LIMIT;
    }
    if (ini.file == NULL)
        return -ERR_NOMEM;
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        r.at += 3; /* a byte order mark, as some editors write it */
    bad = ini_parse_stream(next_line, &r, on_key, &r);
    if (bad != 0 && !r.failed && diags_count(d) == 0)
        diags_add(d, &(struct place){.file = file, .line = bad > 0 ? (uint32_t)bad : 0}, ERR_SYNTAX,
                  "the ini library refuses the file");
    if (r.failed) {
        ini_fini(&ini);
        return -ERR_NOMEM;
    }
    *ret_ini = ini;
    return 0;
}

void
ini_fini(struct ini *ini)
{
    vec_fini(&ini->items);
}

/* The whole file, at most INI_FILE_MAX + 1 bytes of it. Returns the length or -errno. */
static ssize_t
slurp(const char *path, char *buf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang the start */
    size_t len = 0;
    struct stat st;
    ssize_t n;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        n = -errno;
    else if (S_ISDIR(st.st_mode))
        n = -EISDIR;
    else if (!S_ISREG(st.st_mode))
        n = -EINVAL;
    else
        n = 0;
    while (n >= 0 && len <= INI_FILE_MAX) {
        n = read(fd, buf + len, INI_FILE_MAX + 1 - len);
        if (n < 0 && errno == EINTR)
            n = 0;
        else if (n < 0)
            n = -errno;
        else if (n == 0)
            break;
        else
            len += (size_t)n;
    }
    close(fd);
    return n < 0 ? n : (ssize_t)len;
}

int
ini_read_file(struct ini *ret_ini, const char *path, struct text *mem, struct diags *d)
{
    struct place whole = {.file = path};
    char *buf = malloc(INI_FILE_MAX + 1);
    ssize_t len;
    int r;

    if (buf == NULL)
        return -ERR_NOMEM;
    len = slurp(path, buf);
    if (len < 0) {
        r = diags_add(d, &whole, ERR_IO, "cannot read the file: %s",
                      len == -EINVAL ? "not a regular file" : strerror((int)-len));
        diags_fix(d, len == -ENOENT   ? "check the path; actord --help shows how to write a first file"
                     : len == -EACCES ? "make the file readable for this user"
                                      : "give the path of an ini file");
    } else {
        r = ini_read(ret_ini, path, buf, (size_t)len, mem, d);
    }
    free(buf);
    return r;
}
