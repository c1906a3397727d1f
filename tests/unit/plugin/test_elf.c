#include "fixture.h"
#include "plugin/elf.h"
#include <elf.h>

static struct bytes
exactly(const struct bytes *b, size_t n)
{
    struct bytes cut = {malloc(n > 0 ? n : 1),
                        n}; /* of its own, so that AddressSanitizer sees a read past the end */

    cr_assert_not_null(cut.p);
    memcpy(cut.p, b->p, n);
    return cut;
}

Test(elf, reads_a_plugin)
{
    struct bytes b = plugin_bytes("counter1");
    struct elf e;
    struct err err = {0};
    struct elf_sym s;
    bool entry = false;

    cr_assert_eq(elf_read(&e, b.p, b.n, &err), 0, "%s", err.text);
    cr_expect_gt(e.nloads, 1);
    cr_expect_gt(e.nnotes, 0);
    cr_expect_gt(e.ninit, 0);
    cr_expect_eq(e.has_tls, false);
    for (uint32_t i = 1; i < e.nsyms; i++) {
        cr_assert_eq(elf_symbol(&e, i, &s, &err), 0, "%s", err.text);
        entry |= s.section != 0 && strcmp(s.name, ELF_ENTRY_SYMBOL) == 0;
    }
    cr_expect(entry);
    cr_expect_eq(elf_rules(&e, NULL, &err), 0, "%s", err.text);
    free(b.p);
}

Test(elf, truncated_at_every_64_bytes_says_so)
{
    struct bytes b = plugin_bytes("counter1");
    struct elf e;

    for (size_t n = 0; n < b.n; n += 64) {
        struct bytes cut = exactly(&b, n);
        struct err err = {0};
        int r = elf_read(&e, cut.p, cut.n, &err);

        cr_expect_eq(r, -ERR_TRUNCATED, "cut to %zu of %zu bytes: %d %s", n, b.n, r, err.text);
        cr_expect(err.text[0] != '\0' && err.fix[0] != '\0');
        free(cut.p);
    }
    free(b.p);
}

/* Every byte of the structural parts, overwritten with a few values: an error or not, never a read outside.
 */
Test(elf, survives_any_changed_byte_of_its_structures)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct bytes b = plugin_bytes("counter1");
    size_t step = 1, until = b.n < 0x6000 ? b.n : 0x6000;
    unsigned refused = 0;

    for (size_t at = 0; at < until; at += at < 0x2000 ? step : 7) {
        unsigned char was = b.p[at];

        for (size_t v = 0; v < sizeof values; v++) {
            struct elf e;
            struct err err = {0};
            struct elf_sym s;
            struct elf_note_pos pos = {0};
            struct elf_note note;

            b.p[at] = values[v];
            if (elf_read(&e, b.p, b.n, &err) < 0) {
                refused++;
                cr_assert(err.text[0] != '\0');
                continue;
            }
            for (uint32_t i = 0; i < e.nsyms; i++)
                (void)elf_symbol(&e, i, &s, &err);
            for (uint32_t i = 0; i < e.nneeded; i++)
                (void)strlen(elf_needed(&e, i));
            while (elf_note_next(&e, &pos, &note, &err) > 0)
                ;
            (void)elf_rules(&e, NULL, &err);
        }
        b.p[at] = was;
    }
    cr_expect_gt(refused, 100);
    free(b.p);
}

Test(elf, other_machine_is_named_on_both_sides)
{
    struct bytes b = plugin_bytes("counter1");
    Elf64_Half machine = EM_S390;
    struct elf e;
    struct err err = {0};

    memcpy(b.p + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
    cr_expect_eq(elf_read(&e, b.p, b.n, &err), -ERR_ELF);
    expect_text(&err, "the file is for s390");
    expect_text(&err, "this host is");
    expect_fix(&err, "build the plugin for this machine");
    free(b.p);
}

Test(elf, what_is_not_elf_is_refused)
{
    char text[4096];
    struct elf e;
    struct err err = {0};

    memset(text, 'x', sizeof text);
    cr_expect_eq(elf_read(&e, text, sizeof text, &err), -ERR_ELF);
    expect_text(&err, "not an ELF file");
    cr_expect_eq(elf_read(&e, text, 0, &err), -ERR_TRUNCATED);
}

Test(elf, a_32_bit_or_big_endian_or_executable_file_is_refused)
{
    struct bytes b = plugin_bytes("counter1");
    struct elf e;
    struct err err = {0};

    b.p[EI_CLASS] = ELFCLASS32;
    cr_expect_eq(elf_read(&e, b.p, b.n, &err), -ERR_ELF);
    expect_text(&err, "64-bit");
    b.p[EI_CLASS] = ELFCLASS64;
    b.p[EI_DATA] = ELFDATA2MSB;
    cr_expect_eq(elf_read(&e, b.p, b.n, &err), -ERR_ELF);
    expect_text(&err, "little-endian");
    b.p[EI_DATA] = ELFDATA2LSB;
    b.p[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;
    cr_expect_eq(elf_read(&e, b.p, b.n, &err), -ERR_ELF);
    expect_text(&err, "not a shared object");
    free(b.p);
}

static int
rules_of(const char *name, const char **ret_pinned, struct err *err)
{
    struct bytes b = plugin_bytes(name);
    struct elf e;
    int r = elf_read(&e, b.p, b.n, err);

    cr_assert_eq(r, 0, "%s: %s", name, err->text);
    r = elf_rules(&e, ret_pinned, err);
    free(b.p);
    return r;
}

Test(elf, an_extra_export_is_refused_by_name)
{
    struct err err = {0};

    cr_expect_eq(rules_of("bad_extra_export", NULL, &err), -ERR_REFUSED);
    expect_text(&err, "helper_of_mine");
    expect_fix(&err, "pkg-config --cflags --libs actor-sdk");
}

Test(elf, a_file_without_the_symbol_is_no_plugin)
{
    struct err err = {0};

    cr_expect_eq(rules_of("bad_no_symbol", NULL, &err), -ERR_REFUSED);
    expect_text(&err, ELF_ENTRY_SYMBOL);
    expect_fix(&err, "ACTOR_PLUGIN");
}

Test(elf, an_executable_stack_is_refused)
{
    struct err err = {0};

    cr_expect_eq(rules_of("bad_exec_stack", NULL, &err), -ERR_REFUSED);
    expect_text(&err, "executable stack");
    expect_fix(&err, "noexecstack");
}

Test(elf, static_thread_local_storage_is_refused)
{
    struct err err = {0};

    cr_expect_eq(rules_of("bad_tls_static", NULL, &err), -ERR_REFUSED);
    expect_text(&err, "thread-local");
}

Test(elf, thread_local_variables_pin_the_file)
{
    struct err err = {0};
    const char *pinned = NULL;

    cr_expect_eq(rules_of("bad_tls", &pinned, &err), 0, "%s", err.text);
    cr_assert_not_null(pinned);
    cr_expect_str_eq(pinned, "has thread-local variables");
    pinned = "unset";
    cr_expect_eq(rules_of("counter1", &pinned, &err), 0, "%s", err.text);
    cr_expect_null(pinned);
}
