/* help.c - everything that can be said from the tables: overview, one command, exit codes, the manual page. */
#include "base/nearest.h"
#include "base/util.h"
#include "control/views.h"
#include "ctl.h"
#include <string.h>

static const struct {
    int number;
    const char *text;
} exits[] = {
#define EXIT(name, number, text) {number, text},
#define FOR(exit, error)
#include "exit.def"
#undef FOR
#undef EXIT
};

/* Options of the tool itself: one list for help and manual. */
static const struct {
    const char *option, *value, *text;
} tool_options[] = {
    {"-s, --socket", "PATH", "control socket of the node"},
    {"-N, --node", "NAME",
     "name of the node; its socket is $XDG_RUNTIME_DIR/actord/NAME.sock or /run/actord/NAME.sock. "
     "Not needed when only one node runs"},
    {"--json", "", "the answer as one JSON document; errors and progress as JSON lines on stderr"},
    {"-q, --quiet", "", "no progress"},
    {"--no-headers", "", "tables without their first line"},
    {"--color", "WHEN", "auto, always or never; NO_COLOR is respected"},
    {"-h, --help", "", "what a command does, with an example"},
};

void
help_unknown(const char *word, struct err *err)
{
    struct nearest near;
    const struct command *t;
    size_t n;

    nearest_init(&near, word);
    t = command_table(&n);
    for (size_t i = 0; i < n; i++)
        nearest_try(&near, t[i].name);
    nearest_try(&near, "help");
    err_set(err, ERR_INVALID, "unknown command \"%s\"", word);
    if (near.n > 0)
        err_fix(err, "did you mean %s?", near.name[0]);
    else
        err_fix(err, "actorctl help lists them");
}

void
help_all(FILE *f)
{
    const struct command *t;
    size_t n;

    fputs("actorctl - look at a running actord node and operate it\n\n"
          "usage: actorctl [-s SOCKET | -N NODE] COMMAND [ARGUMENT...]\n\ncommands:\n",
          f);
    t = command_table(&n);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "  %-10s %s\n", t[i].name, t[i].summary);
    fputs("  help       Show this, one command, or exit-codes.\n\noptions:\n", f);
    for (size_t i = 0; i < ARRAY_LEN(tool_options); i++) {
        char left[32];

        snprintf(left, sizeof left, "%s %s", tool_options[i].option, tool_options[i].value);
        fprintf(f, "  %-18s %s.\n", left, tool_options[i].text);
    }
    fputs("\nactorctl help COMMAND teaches a command; actorctl help exit-codes lists exit codes.\n", f);
}

void
help_exit_codes(FILE *f)
{
    for (size_t i = 0; i < ARRAY_LEN(exits); i++)
        fprintf(f, "%3d  %s\n", exits[i].number, exits[i].text);
}

static void
usage_line(FILE *f, const struct command *cmd)
{
    char name[64];

    fprintf(f, "actorctl %s", cmd->name);
    for (size_t i = 0; i < cmd->nargs; i++) {
        const struct command_arg *a = &cmd->args[i];

        option_name(a, name, sizeof name);
        if (a->how == HOW_POS)
            fprintf(f, " %s", a->metavar);
        else if (a->how == HOW_MAY)
            fprintf(f, " [%s]", a->metavar);
        else if (a->how == HOW_OPT)
            fprintf(f, " [%s %s]", name, a->metavar);
        else
            fprintf(f, " [%s]", name);
    }
    fputc('\n', f);
}

static void
left_column(char *buf, size_t n, const struct command_arg *a)
{
    char name[64];

    option_name(a, name, sizeof name);
    if (a->how == HOW_OPT)
        snprintf(buf, n, "%s %s", name, a->metavar);
    else
        snprintf(buf, n, "%s", a->how == HOW_FLAG ? name : a->metavar);
}

static void
default_of(char *buf, size_t n, const struct command_arg *a)
{
    buf[0] = '\0';
    if (a->dflt == 0 || a->dflt == UINT64_MAX)
        return;
    if (a->kind == ARG_ms && a->dflt % 1000 == 0)
        snprintf(buf, n, " (default: %llus)", (unsigned long long)a->dflt / 1000);
    else
        snprintf(buf, n, " (default: %llu%s)", (unsigned long long)a->dflt, a->kind == ARG_ms ? "ms" : "");
}

void
help_command(FILE *f, const struct command *cmd)
{
    char left[128], dflt[64];

    fprintf(f, "%s\n\nusage: ", cmd->summary);
    usage_line(f, cmd);
    if (cmd->nargs > 0)
        fputc('\n', f);
    for (size_t i = 0; i < cmd->nargs; i++) {
        left_column(left, sizeof left, &cmd->args[i]);
        default_of(dflt, sizeof dflt, &cmd->args[i]);
        fprintf(f, "  %-22s %s%s\n", left, cmd->args[i].help, dflt);
        if (cmd->args[i].kind == ARG_value)
            fprintf(f, "  %-22s @FILE reads it from a file, - from standard input\n", "");
    }
    fprintf(f, "\nexample: %s\n\n", cmd->example);
    fprintf(f, "cost: %s; role: %s\n", control_cost_name(cmd->cost), control_role_name(cmd->role));
    fputs("--json fields:", f);
    for (size_t i = 0; i < cmd->ngives; i++) {
        const struct view *v = view_by_name(cmd->gives[i]);

        if (v->key[0] != '\0')
            fprintf(f, " %s[", v->key);
        for (size_t k = 0; k < v->nfields; k++)
            fprintf(f, "%s%s", k == 0 && v->key[0] != '\0' ? "" : " ", v->fields[k].name);
        if (v->key[0] != '\0')
            fputc(']', f);
    }
    fputc('\n', f);
}

/* --- the manual page --- */

/* mdoc reads a word that begins with '.' or ' as a request, and '\' as an escape. */
static void
roff(FILE *f, const char *text)
{
    for (const char *s = text; *s != '\0'; s++)
        if (*s == '\\')
            fputs("\\e", f);
        else if (s == text && (*s == '.' || *s == '\''))
            fprintf(f, "\\&%c", *s);
        else
            fputc(*s, f);
    fputc('\n', f);
}

static void
manual_command(FILE *f, const struct command *cmd)
{
    char name[64], dflt[64];

    fprintf(f, ".Ss %s\n", cmd->name);
    roff(f, cmd->summary);
    fprintf(f, "Cost: %s.\nRole: %s.\n", control_cost_name(cmd->cost), control_role_name(cmd->role));
    if (cmd->nargs > 0)
        fputs(".Bl -tag -width Ds\n", f);
    for (size_t i = 0; i < cmd->nargs; i++) {
        const struct command_arg *a = &cmd->args[i];

        option_name(a, name, sizeof name);
        default_of(dflt, sizeof dflt, a);
        if (a->how == HOW_OPT)
            fprintf(f, ".It Fl Fl %s Ar %s\n", name + 2, a->metavar);
        else if (a->how == HOW_FLAG)
            fprintf(f, ".It Fl Fl %s\n", name + 2);
        else
            fprintf(f, ".It %sAr %s\n", a->how == HOW_MAY ? "Op " : "", a->metavar);
        fputs(a->help, f);
        fprintf(f, "%s.\n", dflt);
    }
    if (cmd->nargs > 0)
        fputs(".El\n", f);
    fputs(".Pp\nExample:\n.Dl ", f);
    roff(f, cmd->example);
}

void
help_manual(FILE *f)
{
    const struct command *t;
    size_t n;

    fputs(
        ".\\\" Written by \"actorctl help manual\" from the tables; a test compares.\n"
        ".Dd November 22, 2026\n.Dt ACTORCTL 1\n.Os\n.Sh NAME\n.Nm actorctl\n"
        ".Nd look at a running actord node and operate it\n.Sh SYNOPSIS\n.Nm\n.Op Fl s Ar SOCKET | Fl N Ar "
        "NODE\n"
        ".Ar COMMAND\n.Op Ar ARGUMENT ...\n.Sh DESCRIPTION\n.Nm\nis a client of a node's control socket.\n"
        "Data goes to standard output, errors and progress to standard error.\n"
        "On a terminal answers are tables; into a pipe go all columns, separated by tabs.\n"
        "An actor is named by its path, its alias or slot.generation.\n.Pp\nOptions, anywhere on the line:\n"
        ".Bl -tag -width Ds\n",
        f);
    for (size_t i = 0; i < ARRAY_LEN(tool_options); i++) {
        fprintf(f, ".It Cm %s", tool_options[i].option);
        if (tool_options[i].value[0] != '\0')
            fprintf(f, " Ar %s", tool_options[i].value);
        fprintf(f, "\n%s.\n", tool_options[i].text);
    }
    fputs(".El\n.Sh COMMANDS\n", f);
    t = command_table(&n);
    for (size_t i = 0; i < n; i++)
        manual_command(f, &t[i]);
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", f);
    for (size_t i = 0; i < ARRAY_LEN(exits); i++)
        fprintf(f, ".It %d\n%s.\n", exits[i].number, exits[i].text);
    fputs(".El\n.Sh FILES\n.Bl -tag -width Ds\n.It Pa $XDG_RUNTIME_DIR/actord/NODE.sock\n"
          ".It Pa /run/actord/NODE.sock\nWhere control sockets are looked for, in this order.\n.El\n.Sh SEE "
          "ALSO\n.Xr actord 8\n",
          f);
}
