/* What a plugin file may be. Each rule stands for a way in which loading code beside other code has gone
 * wrong: symbols that bind to another version's, memory that stays mapped, stacks that become executable. See
 * README.md. */
#include "plugin/elf.h"
#include <elf.h>
#include <string.h>

static bool
exported(const struct elf_sym *s)
{
    if (s->section == SHN_UNDEF ||
        (s->bind != STB_GLOBAL && s->bind != STB_WEAK && s->bind != STB_GNU_UNIQUE))
        return false;
    /* Some linkers leave hidden symbols (__start_actor_types) in the dynamic table; nobody can bind to those.
     */
    return s->visibility == STV_DEFAULT || s->visibility == STV_PROTECTED;
}

/* First of all: what is no plugin should hear that, not which of our rules some library breaks. */
static int
check_entry(const struct elf *e, struct err *err)
{
    struct elf_sym s;
    int r;

    for (uint32_t i = 1; i < e->nsyms; i++) {
        r = elf_symbol(e, i, &s, err);
        if (r < 0)
            return r;
        if (!exported(&s) || strcmp(s.name, ELF_ENTRY_SYMBOL) != 0)
            continue;
        if (s.type != STT_OBJECT)
            return err_set(err, ERR_REFUSED, "'" ELF_ENTRY_SYMBOL "' is not data; ACTOR_PLUGIN defines it");
        return 0;
    }
    err_set(err, ERR_REFUSED, "the file does not export '" ELF_ENTRY_SYMBOL "': it is not a plugin");
    return err_fix(err, "end one source file with ACTOR_PLUGIN(name, version, behaviours...)");
}

static int
check_exports(const struct elf *e, struct err *err)
{
    struct elf_sym s;
    int r;

    for (uint32_t i = 1; i < e->nsyms; i++) {
        r = elf_symbol(e, i, &s, err);
        if (r < 0)
            return r;
        if (!exported(&s))
            continue;
        if (s.bind == STB_GNU_UNIQUE) {
            err_set(err, ERR_REFUSED,
                    "the symbol '%.100s' is unique in the process: two versions would share it", s.name);
            return err_fix(err, "compile with -fno-gnu-unique -fvisibility=hidden");
        }
        /* AddressSanitizer marks the one export with another. */
        if (strcmp(s.name, ELF_ENTRY_SYMBOL) == 0 || strncmp(s.name, "__odr_asan", 10) == 0)
            continue;
        err_set(err, ERR_REFUSED, "the file exports '%.100s'; a plugin exports only '" ELF_ENTRY_SYMBOL "'",
                s.name);
        return err_fix(err, "use the flags of `pkg-config --cflags --libs actor-sdk`, or make the symbol static");
    }
    return 0;
}

int
elf_rules(const struct elf *e, const char **ret_pinned, struct err *err)
{
    const char *pinned = NULL;
    int r = check_entry(e, err);

    if (r < 0)
        return r;
    for (uint32_t i = 0; i < e->nloads; i++)
        if ((e->load[i].flags & PF_W) != 0 && (e->load[i].flags & PF_X) != 0) {
            err_set(err, ERR_REFUSED, "segment %u is both writable and executable", i);
            return err_fix(err, "link without -z textrel, -N and custom linker scripts");
        }
    if (!e->has_stack_note || e->exec_stack) {
        err_set(err, ERR_REFUSED,
                e->exec_stack ? "the file asks for an executable stack"
                              : "the file does not say that its stack is not executable");
        return err_fix(err, "link with -z noexecstack");
    }
    if (e->text_relocations) {
        err_set(err, ERR_REFUSED, "the file has relocations in read-only code (TEXTREL)");
        return err_fix(err, "compile with -fPIC");
    }
    if ((e->dt_flags & DF_STATIC_TLS) != 0) {
        err_set(err, ERR_REFUSED,
                "the file uses static thread-local storage: a few versions would exhaust it");
        return err_fix(err, "use no thread-local variables, or compile with -ftls-model=global-dynamic");
    }
    if ((e->dt_flags_1 & DF_1_GLOBAL) != 0 || (e->dt_flags_1 & DF_1_NOOPEN) != 0) {
        err_set(err, ERR_REFUSED,
                "the file asks for global symbols or forbids loading at run time (DT_FLAGS_1 %#llx)",
                (unsigned long long)e->dt_flags_1);
        return err_fix(err, "link without -z global and -z nodlopen");
    }
    if ((e->dt_flags_1 & DF_1_PIE) != 0) {
        err_set(err, ERR_REFUSED, "the file is a position-independent program, not a plugin");
        return err_fix(err, "link it with -shared, not -pie");
    }
    if (e->has_audit)
        return err_set(err, ERR_REFUSED, "the file names a filter or an auditing library");
    r = check_exports(e, err);
    if (r < 0)
        return r;

    if ((e->dt_flags_1 & DF_1_NODELETE) != 0)
        pinned = "linked with -z nodelete";
    else if (e->has_tls)
        pinned = "has thread-local variables";
    if (ret_pinned != NULL)
        *ret_pinned = pinned;
    return 0;
}
