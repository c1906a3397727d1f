#include "plugin/notes.h"
#include "base/util.h"
#include <string.h>

static const char *const row_kinds[] = {
    [ACTOR_ROW_MESSAGE] = "message", [ACTOR_ROW_START] = "start",   [ACTOR_ROW_STOP] = "stop",
    [ACTOR_ROW_MIGRATE] = "migrate", [ACTOR_ROW_JOB] = "job",       [ACTOR_ROW_SAVE] = "save",
    [ACTOR_ROW_LOAD] = "load",       [ACTOR_ROW_ATOMIC] = "atomic",   [ACTOR_ROW_POLICY] = "policy",
};

const char *
notes_row_kind_name(unsigned kind)
{
    return kind > 0 && kind < ARRAY_LEN(row_kinds) ? row_kinds[kind] : "unknown";
}

static bool
word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A text of 1 to max - 1 of these characters, ended by zeros to the end of its array. */
static bool
is_text(const char *s, size_t max, const char *also)
{
    size_t n = strnlen(s, max);

    if (n == 0 || n == max)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!word_char(s[i]) && (s[i] == '\0' || strchr(also, s[i]) == NULL))
            return false;
    for (size_t i = n; i < max; i++)
        if (s[i] != '\0')
            return false;
    return true;
}

static bool
is_empty(const char *s, size_t max)
{
    for (size_t i = 0; i < max; i++)
        if (s[i] != '\0')
            return false;
    return true;
}

int
notes_check_abi(unsigned major, unsigned minor, struct err *err)
{
    if (major != ACTOR_ABI_MAJOR) {
        err_set(err, ERR_ABI,
                "the plugin is built for ABI %u.%u, this host has ABI %d.%d: another major number", major,
                minor, ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR);
        if (major < ACTOR_ABI_MAJOR)
            return err_fix(err, "rebuild the plugin with the SDK of this host");
        return err_fix(err, "run an actord with ABI %u, or rebuild the plugin with the SDK of this host",
                       major);
    }
    if (minor > ACTOR_ABI_MINOR) {
        err_set(err, ERR_ABI, "the plugin needs ABI %u.%u, this host has the older %d.%d", major, minor,
                ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR);
        return err_fix(err, "update actord, or rebuild the plugin with an SDK of ABI %d.%d or older",
                       ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR);
    }
    return 0;
}

static bool
ours(const struct elf_note *n)
{
    return n->owner_bytes == 6 && memcmp(n->owner, "actor", 6) == 0;
}

/* Copy the part of a record that this host knows. Each begins with its size. */
static int
get_record(const struct elf_note *n, void *ret, size_t known, const char *what, struct err *err)
{
    uint16_t head;

    if (n->bytes < known)
        return err_set(err, ERR_NOTE, "the %s note at offset %llu has %u bytes, not %zu", what,
                       (unsigned long long)n->offset, n->bytes, known);
    memcpy(&head, n->desc, sizeof head);
    if (head < known || head > n->bytes)
        return err_set(err, ERR_NOTE, "the %s note at offset %llu says it has %u bytes: out of range", what,
                       (unsigned long long)n->offset, head);
    memcpy(ret, n->desc, known);
    return 0;
}

static int
read_plugin_note(struct notes *ret, const struct elf *e, size_t *ret_count, struct err *err)
{
    struct elf_note_pos pos = {0};
    struct elf_note n;
    actor_plugin_note p;
    bool found = false;
    int r;

    *ret_count = 0;
    while ((r = elf_note_next(e, &pos, &n, err)) > 0) {
        if (!ours(&n))
            continue;
        ++*ret_count;
        if (n.type != ACTOR_NOTE_PLUGIN)
            continue;
        r = get_record(&n, &p, sizeof p, "plugin", err);
        if (r < 0)
            return r;
        /* Before anything else of it is believed: another major may mean other records. */
        r = notes_check_abi(p.abi_major, p.abi_minor, err);
        if (r < 0)
            return r;
        if (!is_text(p.name, sizeof p.name, "-.") || strlen(p.name) > 31)
            return err_set(err, ERR_NOTE,
                           "the plugin's name must be 1 to 31 letters, digits, '_', '-' or '.'");
        if (!is_text(p.version, sizeof p.version, "-.+~"))
            return err_set(err, ERR_NOTE,
                           "the plugin's version must be 1 to 39 letters, digits, '.', '-', '_', '+' or '~'");
        if (found && memcmp(&p, &ret->plugin, sizeof p) != 0) {
            err_set(err, ERR_NOTE, "the file holds two plugins, '%s' %s and '%s' %s", ret->plugin.name,
                    ret->plugin.version, p.name, p.version);
            return err_fix(err, "use ACTOR_PLUGIN once in a shared object");
        }
        ret->plugin = p;
        found = true;
    }
    if (r < 0)
        return r;
    if (!found) {
        err_set(err, ERR_NOTE, "the file has no \"actor\" plugin note: it is not a plugin");
        return err_fix(err,
                       "end one source file with ACTOR_PLUGIN, and do not strip the section .note.actor");
    }
    return 0;
}

static int
add_behaviour(struct notes *ret, const struct elf_note *n, struct err *err)
{
    actor_behaviour_note b;
    int r = get_record(n, &b, sizeof b, "behaviour", err);

    if (r < 0)
        return r;
    if (!is_text(b.name, sizeof b.name, "") || !is_text(b.state, sizeof b.state, ""))
        return err_set(err, ERR_NOTE, "the behaviour note at offset %llu has no proper name",
                       (unsigned long long)n->offset);
    for (size_t i = 0; i < ret->nbehaviours; i++) {
        if (strcmp(ret->behaviours[i].name, b.name) != 0)
            continue;
        if (memcmp(&ret->behaviours[i], &b, sizeof b) == 0)
            return 0;
        return err_set(err, ERR_NOTE, "the behaviour '%s' is described twice, differently", b.name);
    }
    if (ret->nbehaviours == NOTES_BEHAVIOURS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d behaviours", NOTES_BEHAVIOURS_MAX);
    ret->behaviours[ret->nbehaviours++] = b;
    return 0;
}

static int
add_row(struct notes *ret, const struct elf_note *n, struct err *err)
{
    actor_row_note row;
    bool type, out;
    int r = get_record(n, &row, sizeof row, "row", err);

    if (r < 0)
        return r;
    if (row.kind == 0 || row.kind >= ARRAY_LEN(row_kinds))
        return err_set(err, ERR_NOTE, "the row note at offset %llu has the unknown kind %u",
                       (unsigned long long)n->offset, row.kind);
    type = row.kind == ACTOR_ROW_MESSAGE || row.kind == ACTOR_ROW_START || row.kind == ACTOR_ROW_JOB;
    out = row.kind == ACTOR_ROW_JOB;
    if (!is_text(row.behaviour, sizeof row.behaviour, "") ||
        !(type ? is_text(row.type, sizeof row.type, "") : is_empty(row.type, sizeof row.type)) ||
        !(is_empty(row.type_ns, sizeof row.type_ns) ||
          (type && is_text(row.type_ns, sizeof row.type_ns, "-."))) ||
        !(out ? is_text(row.out, sizeof row.out, "") : is_empty(row.out, sizeof row.out)))
        return err_set(err, ERR_NOTE, "the %s row note at offset %llu has no proper names",
                       row_kinds[row.kind], (unsigned long long)n->offset);
    for (size_t i = 0; i < ret->nrows; i++)
        if (memcmp(&ret->rows[i], &row, sizeof row) == 0)
            return 0;
    if (ret->nrows == NOTES_ROWS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d rows", NOTES_ROWS_MAX);
    ret->rows[ret->nrows++] = row;
    return 0;
}

static int
read_other_notes(struct notes *ret, const struct elf *e, struct err *err)
{
    struct elf_note_pos pos = {0};
    struct elf_note n;
    int r;

    while ((r = elf_note_next(e, &pos, &n, err)) > 0) {
        if (!ours(&n))
            continue;
        switch (n.type) {
        case ACTOR_NOTE_SCHEMA:
            ret->schemas[ret->nschemas++] = (struct schema_raw){n.desc, n.bytes};
            break;
        case ACTOR_NOTE_BEHAVIOUR:
            r = add_behaviour(ret, &n, err);
            break;
        case ACTOR_NOTE_ROW:
            r = add_row(ret, &n, err);
            break;
        default:
            break;
        }
        if (r < 0)
            break;
    }
    return r;
}

int
notes_read(struct notes *ret, struct env *env, const struct elf *e, struct err *err)
{
    struct notes n = {.env = env};
    int r;

    r = read_plugin_note(&n, e, &n.cap, err);
    if (r < 0)
        return r;
    n.schemas = env_alloc(env, n.cap * sizeof *n.schemas);
    n.behaviours = env_alloc(env, n.cap * sizeof *n.behaviours);
    n.rows = env_alloc(env, n.cap * sizeof *n.rows);
    if (n.schemas == NULL || n.behaviours == NULL || n.rows == NULL)
        r = err_set(err, ERR_NOMEM, "no memory for %zu notes", n.cap);
    else
        r = read_other_notes(&n, e, err);
    if (r < 0) {
        notes_fini(&n);
        return r;
    }
    *ret = n;
    return 0;
}

void
notes_fini(struct notes *n)
{
    if (n->env != NULL) {
        env_free(n->env, n->schemas, n->cap * sizeof *n->schemas);
        env_free(n->env, n->behaviours, n->cap * sizeof *n->behaviours);
        env_free(n->env, n->rows, n->cap * sizeof *n->rows);
    }
    *n = (struct notes){0};
}
