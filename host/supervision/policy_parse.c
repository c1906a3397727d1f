/* policy_parse.c - a policy out of one line of text. The grammar is in README.md.
 *
 * One clause after the other, parted by commas; each clause begins with a word that says which kind it is.
 * The reader keeps the column of the word in hand, so that every complaint can point at it.
 */
#include "base/util.h"
#include "supervision/policy_priv.h"
#include "supervision/window.h"
#include <string.h>

struct reader {
    const char *text, *at;
    const char *word; /* the word in hand */
    size_t len;
    struct err *err;
    struct policy *p;
};

static size_t
column(const struct reader *r)
{
    return (size_t)(r->word - r->text) + 1;
}

static int
complain(const struct reader *r, int code, const char *fix)
{
    if (r->len > 0)
        err_set(r->err, code, "column %zu: \"%.*s\" does not fit here", column(r), (int)r->len, r->word);
    else if (*r->word != '\0')
        err_set(r->err, code, "column %zu: '%c' does not fit here", column(r), *r->word);
    else
        err_set(r->err, code, "column %zu: the text ends too early", column(r));
    err_fix(r->err, "%s", fix);
    return -code;
}

static bool
is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '%';
}

static void
skip_blanks(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t')
        r->at++;
}

/* The next word into the hand; len 0 when there is none (a sign or the end). */
static void
next_word(struct reader *r)
{
    skip_blanks(r);
    r->word = r->at;
    while (is_word_char(*r->at))
        r->at++;
    r->len = (size_t)(r->at - r->word);
    skip_blanks(r);
}

static bool
word_is(const struct reader *r, const char *s)
{
    return r->len == strlen(s) && memcmp(r->word, s, r->len) == 0;
}

static bool
take_sign(struct reader *r, char c)
{
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

/* Digits at p, at most max. Returns how many characters, 0 = no number or too large. */
static size_t
digits(const char *p, size_t len, uint32_t max, uint32_t *ret)
{
    uint64_t v = 0;
    size_t i;

    for (i = 0; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
        v = v * 10 + (uint64_t)(p[i] - '0');
        if (v > max)
            return 0;
    }
    *ret = (uint32_t)v;
    return i;
}

static int
read_number(struct reader *r, uint32_t min, uint32_t max, uint32_t *ret)
{
    uint32_t v = 0;

    if (r->len == 0 || digits(r->word, r->len, max, &v) != r->len || v < min) {
        complain(r, ERR_RANGE, "");
        err_fix(r->err, "a number from %u to %u", min, max);
        return -ERR_RANGE;
    }
    *ret = v;
    return 0;
}

static int
read_span(struct reader *r, uint32_t *ret_ms)
{
    uint32_t v = 0;
    size_t n = digits(r->word, r->len, UINT32_MAX, &v);

    for (size_t i = 0; n > 0 && i < ARRAY_LEN(policy_units); i++)
        if (strlen(policy_units[i].name) == r->len - n &&
            memcmp(r->word + n, policy_units[i].name, r->len - n) == 0) {
            if (v == 0 || (uint64_t)v * policy_units[i].ms > WINDOW_MAX_MS)
                break;
            *ret_ms = v * policy_units[i].ms;
            return 0;
        }
    return complain(r, ERR_RANGE, "a time from 1ms to 7d with its unit: 500ms, 10s, 2m, 1h, 7d");
}

/* mask: bit per directive that makes sense here. */
static int
read_directive(struct reader *r, uint32_t mask, uint32_t *ret)
{
    bool may[ACTOR_DIRECTIVE_ESCALATE + 1] = {false};

    for (uint32_t d = ACTOR_DIRECTIVE_RESUME; d <= ACTOR_DIRECTIVE_ESCALATE; d++) {
        if (!(mask & (1u << d)))
            continue;
        if (word_is(r, directive_name(d))) {
            *ret = d;
            return 0;
        }
        may[d] = true;
    }
    complain(r, ERR_SYNTAX, "");
    err_fix(r->err, "one of:%s%s%s%s", may[ACTOR_DIRECTIVE_RESUME] ? " resume" : "",
            may[ACTOR_DIRECTIVE_RESTART] ? " restart" : "", may[ACTOR_DIRECTIVE_STOP] ? " stop" : "",
            may[ACTOR_DIRECTIVE_ESCALATE] ? " escalate" : "");
    return -ERR_SYNTAX;
}

#define D(name) (1u << ACTOR_DIRECTIVE_##name)
enum { ALL = D(RESUME) | D(RESTART) | D(STOP) | D(ESCALATE), NO_RESUME = ALL & ~D(RESUME) };

static int
set_once(struct reader *r, uint32_t bit)
{
    if (r->p->set & bit)
        return complain(r, ERR_SYNTAX, "say it once");
    r->p->set |= bit;
    return 0;
}

static int
add_rule(struct reader *r, uint32_t first, uint32_t last, uint32_t directive)
{
    struct policy *p = r->p;

    if (p->n_rules > 0 && p->rules[p->n_rules - 1].first == 0 && p->rules[p->n_rules - 1].last == UINT32_MAX)
        return complain(r, ERR_SYNTAX, "rules are asked in order: nothing behind \"any\" is ever reached");
    if (p->n_rules == POLICY_RULES_IN_A_LAYER)
        return complain(r, ERR_LIMIT, "at most 16 rules");
    p->rules[p->n_rules++] = (struct policy_rule){first, last, directive};
    return 0;
}

/* "7", "100-199", "TIMEOUT", "any". */
static int
read_codes(struct reader *r, uint32_t *ret_first, uint32_t *ret_last)
{
    uint32_t first = 0, last = 0;
    size_t n;

    *ret_first = 0;
    *ret_last = UINT32_MAX;
    if (word_is(r, "any"))
        return 0;
    n = digits(r->word, r->len, MAX_CODE, &first);
    if (n > 0 && n == r->len) {
        *ret_first = *ret_last = first;
        return 0;
    }
    if (n > 0 && r->word[n] == '-') {
        size_t m = digits(r->word + n + 1, r->len - n - 1, MAX_CODE, &last);

        if (m > 0 && n + 1 + m == r->len && first <= last) {
            *ret_first = first;
            *ret_last = last;
            return 0;
        }
        return complain(r, ERR_RANGE, "a range of codes, the smaller one first: 100-199");
    }
    for (uint32_t code = HOST_CODES; is_host_code(code); code++)
        if (word_is(r, err_name((int)code))) {
            *ret_first = *ret_last = code;
            return 0;
        }
    return complain(r, ERR_SYNTAX,
                    "a code, a range (100-199), a host error (TIMEOUT), any, start, limit, fault or child");
}

/* WHEN ':' DIRECTIVE, with WHEN in hand and the colon taken. */
static int
read_rule(struct reader *r)
{
    static const uint32_t allowed[] = {
        [CAUSE_START] = NO_RESUME, [CAUSE_LIMIT] = ALL, [CAUSE_FAULT] = NO_RESUME, [CAUSE_CHILD] = ALL};
    uint32_t first, last, directive;
    int e;

    for (unsigned k = CAUSE_START; k < CAUSE_KINDS; k++) {
        if (!word_is(r, cause_kind_name((enum cause_kind)k)))
            continue;
        e = set_once(r, HAS_KIND(k));
        if (e < 0)
            return e;
        next_word(r);
        return read_directive(r, allowed[k], &r->p->kind[k]);
    }
    e = read_codes(r, &first, &last);
    if (e < 0)
        return e;
    /* Complaints of the rule as a whole point at what it is for, not at its directive. */
    struct reader when = *r;

    next_word(r);
    e = read_directive(r, ALL, &directive);
    return e < 0 ? e : add_rule(&when, first, last, directive);
}

/* N failures in T: DIRECTIVE | N restarts in T: DIRECTIVE, with N in hand. */
static int
read_budget(struct reader *r)
{
    struct reader n = *r;
    struct policy_budget b = {0};
    bool restarts;
    int e;

    next_word(r);
    restarts = word_is(r, "restarts");
    if (!restarts && !word_is(r, "failures"))
        return complain(r, ERR_SYNTAX,
                        "as in \"3 failures in 10s: restart\" or \"3 restarts in 60s: escalate\"");
    e = read_number(&n, restarts ? 0 : 1, POLICY_MAX_N, &b.n);
    if (e < 0)
        return e;
    e = set_once(r, restarts ? POLICY_HAS_RESTARTS : POLICY_HAS_FAILURES);
    if (e < 0)
        return e;
    next_word(r);
    if (!word_is(r, "in"))
        return complain(r, ERR_SYNTAX, "the word \"in\" and a time");
    next_word(r);
    e = read_span(r, &b.window_ms);
    if (e < 0)
        return e;
    if (!take_sign(r, ':')) {
        next_word(r);
        return complain(r, ERR_SYNTAX, "a colon and a directive");
    }
    next_word(r);
    e = read_directive(r, restarts ? D(STOP) | D(ESCALATE) : NO_RESUME, &b.then);
    if (e < 0)
        return e;
    *(restarts ? &r->p->restarts : &r->p->failures) = b;
    return 0;
}

/* failures off | restarts off, with the first word in hand. */
static int
read_budget_off(struct reader *r, uint32_t bit, struct policy_budget *b)
{
    int e = set_once(r, bit);

    if (e < 0)
        return e;
    next_word(r);
    if (!word_is(r, "off"))
        return complain(r, ERR_SYNTAX,
                        "off; a budget begins with its number: \"3 failures in 10s: restart\"");
    b->off = true;
    return 0;
}

/* backoff off | backoff T [to T] [jitter P%] [reset T] */
static int
read_backoff(struct reader *r)
{
    struct policy_backoff b = {.jitter_pct = 20};
    int e = set_once(r, POLICY_HAS_BACKOFF);

    if (e < 0)
        return e;
    next_word(r);
    if (word_is(r, "off"))
        return 0;
    e = read_span(r, &b.initial_ms);
    if (e < 0)
        return e;
    while (is_word_char(*r->at)) {
        next_word(r);
        if (word_is(r, "to")) {
            next_word(r);
            e = read_span(r, &b.max_ms);
            if (e == 0 && b.max_ms < b.initial_ms)
                e = complain(r, ERR_RANGE, "at least the first delay");
        } else if (word_is(r, "jitter")) {
            next_word(r);
            if (r->len > 1 && r->word[r->len - 1] == '%') {
                struct reader n = *r;

                n.len--;
                e = read_number(&n, 0, 100, &b.jitter_pct);
            } else {
                e = complain(r, ERR_SYNTAX, "a part of the delay: 20%");
            }
        } else if (word_is(r, "reset")) {
            next_word(r);
            e = read_span(r, &b.reset_ms);
        } else {
            e = complain(r, ERR_SYNTAX,
                         "to, jitter or reset, as in \"backoff 100ms to 10s jitter 20% reset 1m\"");
        }
        if (e < 0)
            return e;
    }
    if (b.max_ms == 0) /* ten doublings at most */
        b.max_ms = b.initial_ms < WINDOW_MAX_MS / 1024 ? b.initial_ms * 1024 : WINDOW_MAX_MS;
    if (b.reset_ms == 0)
        b.reset_ms = b.max_ms;
    r->p->backoff = b;
    return 0;
}

static int
read_setting(struct reader *r)
{
    struct policy *p = r->p;
    int e = -ERR_SYNTAX;

    if (word_is(r, "failures"))
        return read_budget_off(r, POLICY_HAS_FAILURES, &p->failures);
    if (word_is(r, "restarts"))
        return read_budget_off(r, POLICY_HAS_RESTARTS, &p->restarts);
    if (word_is(r, "backoff"))
        return read_backoff(r);
    if (word_is(r, "attempts")) {
        e = set_once(r, POLICY_HAS_ATTEMPTS);
        next_word(r);
        return e < 0 ? e : read_number(r, 1, POLICY_MAX_ATTEMPTS, &p->attempts);
    }
    if (word_is(r, "hard_limit")) {
        e = set_once(r, POLICY_HAS_HARD_LIMIT);
        next_word(r);
        return e < 0 || word_is(r, "off") ? e : read_span(r, &p->hard_limit_ms);
    }
    if (word_is(r, "group")) {
        e = set_once(r, POLICY_HAS_GROUP);
        next_word(r);
        for (unsigned g = 0; e == 0 && g <= GROUP_REST_FOR_ONE; g++)
            if (word_is(r, policy_group_name((enum policy_group)g))) {
                p->group = g;
                return 0;
            }
        return e < 0 ? e : complain(r, ERR_SYNTAX, "one-for-one, one-for-all or rest-for-one");
    }
    if (word_is(r, "children")) {
        e = set_once(r, POLICY_HAS_CHILDREN);
        next_word(r);
        p->keep_children = word_is(r, "keep");
        if (e == 0 && !p->keep_children && !word_is(r, "stop"))
            e = complain(r, ERR_SYNTAX, "keep or stop");
        return e;
    }
    return complain(
        r, ERR_SYNTAX,
        "a directive, CODE: DIRECTIVE, N failures in TIME: DIRECTIVE, N restarts in TIME: DIRECTIVE, "
        "backoff, attempts, hard_limit, group or children");
}

static int
read_clause(struct reader *r)
{
    next_word(r);
    if (r->len > 0 && take_sign(r, ':'))
        return read_rule(r);
    if (r->len > 0 && *r->word >= '0' && *r->word <= '9')
        return read_budget(r);
    for (uint32_t d = ACTOR_DIRECTIVE_RESUME; d <= ACTOR_DIRECTIVE_ESCALATE; d++)
        if (word_is(r, directive_name(d)))
            return add_rule(r, 0, UINT32_MAX, d);
    return read_setting(r);
}

int
policy_parse(const char *text, struct policy *ret, struct err *err)
{
    struct policy p;
    struct reader r = {.text = text, .at = text, .word = text, .err = err, .p = &p};
    int e;

    policy_init(&p);
    do {
        e = read_clause(&r);
        if (e < 0)
            return e;
    } while (take_sign(&r, ','));
    if (*r.at != '\0') {
        next_word(&r);
        return complain(&r, ERR_SYNTAX, "a comma between clauses");
    }
    *ret = p;
    return 0;
}
