/* elf.h - a bounds-checked reader of plugin files. By hand on purpose: it guards against damaged and hostile
 * files before anything else may touch them. It maps nothing, runs nothing and trusts nothing that the file
 * says.
 *
 *   bytes --> elf_read() --> segments, notes, dynamic section, symbols, relocations: each range checked
 *         --> elf_rules() --> what a plugin may be: one export, no executable stack, no static TLS ...
 *
 * `struct elf` borrows the bytes; everything it hands out points into them and lives as long as they do.
 * Any thread; nothing blocks or allocates. Only little-endian 64-bit files of the host's own machine are
 * read.
 */
#ifndef PLUGIN_ELF_H
#define PLUGIN_ELF_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_LOADS_MAX = 16, ELF_NOTES_MAX = 16, ELF_NEEDED_MAX = 64, ELF_BUILD_ID_MAX = 64 };
#define ELF_IMAGE_MAX_BYTES (256ull << 20) /* address space of one plugin */
#define ELF_ENTRY_SYMBOL    "actor_plugin_entry"

struct elf_load { /* a PT_LOAD */
    uint64_t offset, file_bytes, vaddr, mem_bytes;
    uint32_t flags; /* PF_R, PF_W, PF_X */
};
struct elf_notes { /* a PT_NOTE */
    uint64_t offset, bytes;
    uint32_t align; /* 4 or 8: of the entries */
};
struct elf_sym {
    const char *name;
    uint64_t value, bytes;
    uint16_t section; /* 0: undefined, so an import */
    uint8_t bind, type, visibility;
};
struct elf {
    const uint8_t *p;
    size_t n;
    struct elf_load load[ELF_LOADS_MAX];
    struct elf_notes note[ELF_NOTES_MAX];
    uint32_t nloads, nnotes;
    uint64_t image_bytes; /* from the lowest to the highest address */

    uint64_t symtab, strtab, strtab_bytes; /* file offsets */
    uint32_t nsyms;
    uint32_t needed[ELF_NEEDED_MAX], nneeded; /* offsets into strtab */
    uint64_t dt_flags, dt_flags_1;
    uint32_t ninit; /* functions that dlopen will run; the compiler's own start code is one of them */
    bool has_tls, has_stack_note, exec_stack, text_relocations, has_audit;
    uint64_t tls_bytes;

    uint8_t build_id[ELF_BUILD_ID_MAX];
    uint32_t build_id_bytes; /* 0: none */
};

/* Read and check the structure of bytes[0..n). -ERR_TRUNCATED: the file is shorter than it says; -ERR_ELF:
 * anything else. On failure *ret is untouched. */
int elf_read(struct elf *ret, const void *bytes, size_t n, struct err *err);

/* The i-th dynamic symbol, i < nsyms. -ERR_ELF: its name lies outside the string table. */
int elf_symbol(const struct elf *e, uint32_t i, struct elf_sym *ret, struct err *err);
/* The i-th DT_NEEDED library, i < nneeded. */
const char *elf_needed(const struct elf *e, uint32_t i);

/* Walk the notes: *pos starts at 0. 1: a note; 0: the end; -ERR_ELF: one that leaves its segment.
 * owner is not NUL-terminated beyond owner_bytes (which counts its NUL). */
struct elf_note {
    const char *owner;
    uint32_t owner_bytes, type, bytes;
    const uint8_t *desc;
    uint64_t offset; /* of desc in the file */
};
struct elf_note_pos {
    uint32_t segment;
    uint64_t at;
};
int elf_note_next(const struct elf *e, struct elf_note_pos *pos, struct elf_note *ret, struct err *err);

/* What a file that was read must be to be loaded. ret_pinned (may be NULL) says why a loaded copy can never
 * be unmapped, or NULL when it can. -ERR_REFUSED with the rule that it breaks and the compiler or linker flag
 * that mends it. */
int elf_rules(const struct elf *e, const char **ret_pinned, struct err *err);

#endif
