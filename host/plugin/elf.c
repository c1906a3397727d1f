/* The reader works on file offsets. Addresses in the dynamic section are translated through the segments
 * (elf_at), and a range counts only if the whole of it comes from the file. After elf_read() every offset
 * kept in struct elf is valid, so the accessors need no error for those.
 *
 * The number of dynamic symbols stands nowhere in the file. It is the largest of what DT_HASH says, where the
 * chains of DT_GNU_HASH end, and what any relocation names: the last of these finds imports that a forged
 * hash table leaves out. */
#include "plugin/elf.h"
#include <elf.h>
#include <string.h>

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#elif defined(__riscv)
#define ELF_MACHINE EM_RISCV
#else
#error "name this machine's EM_ number"
#endif

static bool
in_file(const struct elf *e, uint64_t offset, uint64_t bytes)
{
    return offset <= e->n && bytes <= e->n - offset;
}

static void
get(const struct elf *e, void *ret, uint64_t offset, size_t bytes)
{
    memcpy(ret, e->p + offset, bytes); /* the buffer need not be aligned */
}

static uint32_t
get_u32(const struct elf *e, uint64_t offset)
{
    uint32_t v;

    get(e, &v, offset, sizeof v);
    return v;
}

static int
truncated(const struct elf *e, struct err *err, const char *what, uint64_t offset, uint64_t bytes)
{
    err_set(err, ERR_TRUNCATED, "%s needs %llu bytes at offset %llu, but the file has %zu bytes", what,
            (unsigned long long)bytes, (unsigned long long)offset, e->n);
    err_fix(err, "the file is incomplete or damaged: build or copy it again");
    return -ERR_TRUNCATED;
}

static const char *
machine_name(uint16_t machine)
{
    switch (machine) {
    case EM_386:
        return "x86 (32 bit)";
    case EM_X86_64:
        return "x86-64";
    case EM_ARM:
        return "ARM (32 bit)";
    case EM_AARCH64:
        return "aarch64";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "ppc64";
    case EM_S390:
        return "s390";
    default:
        return "another machine";
    }
}

static int
read_ident(const struct elf *e, Elf64_Ehdr *h, struct err *err)
{
    if (e->n < 4)
        return truncated(e, err, "the ELF header", 0, sizeof *h);
    if (memcmp(e->p, ELFMAG, SELFMAG) != 0)
        return err_set(err, ERR_ELF, "this is not an ELF file (it does not begin with 7f 45 4c 46)");
    if (e->n < sizeof *h)
        return truncated(e, err, "the ELF header", 0, sizeof *h);
    get(e, h, 0, sizeof *h);
    if (h->e_ident[EI_CLASS] != ELFCLASS64)
        return err_set(err, ERR_ELF, "the file is not a 64-bit ELF file (class %u)", h->e_ident[EI_CLASS]);
    if (h->e_ident[EI_DATA] != ELFDATA2LSB)
        return err_set(err, ERR_ELF, "the file is not little-endian (data encoding %u)", h->e_ident[EI_DATA]);
    if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
        return err_set(err, ERR_ELF, "unknown ELF version %u", (unsigned)h->e_version);
    if (h->e_machine != ELF_MACHINE) {
        err_set(err, ERR_ELF, "the file is for %s (machine %u), this host is %s (machine %u)",
                machine_name(h->e_machine), h->e_machine, machine_name(ELF_MACHINE), ELF_MACHINE);
        return err_fix(err, "build the plugin for this machine");
    }
    if (h->e_type != ET_DYN) {
        err_set(err, ERR_ELF, "the file is not a shared object (ELF type %u)", h->e_type);
        return err_fix(err, "link it with -shared");
    }
    return 0;
}

/* Debug data and section names come last in a file, so this is what notices a cut in its tail. */
static int
check_sections(const struct elf *e, const Elf64_Ehdr *h, struct err *err)
{
    uint64_t bytes = (uint64_t)h->e_shnum * sizeof(Elf64_Shdr);

    if (h->e_shoff == 0)
        return 0; /* stripped of its section table: allowed, nothing below needs it */
    if (h->e_shnum != 0 && h->e_shentsize != sizeof(Elf64_Shdr))
        return err_set(err, ERR_ELF, "section headers have %u bytes, not %zu", h->e_shentsize,
                       sizeof(Elf64_Shdr));
    if (!in_file(e, h->e_shoff, bytes))
        return truncated(e, err, "the section table", h->e_shoff, bytes);
    for (uint32_t i = 0; i < h->e_shnum; i++) {
        Elf64_Shdr s;

        get(e, &s, h->e_shoff + i * sizeof s, sizeof s);
        if (s.sh_type != SHT_NULL && s.sh_type != SHT_NOBITS && !in_file(e, s.sh_offset, s.sh_size))
            return truncated(e, err, "a section", s.sh_offset, s.sh_size);
    }
    return 0;
}

static int
add_load(struct elf *e, const Elf64_Phdr *ph, struct err *err)
{
    struct elf_load *l, *before = e->nloads > 0 ? &e->load[e->nloads - 1] : NULL;

    if (e->nloads == ELF_LOADS_MAX)
        return err_set(err, ERR_ELF, "more than %d loadable segments", ELF_LOADS_MAX);
    if (ph->p_memsz < ph->p_filesz)
        return err_set(err, ERR_ELF, "a segment is smaller in memory than in the file");
    if (ph->p_vaddr > UINT64_MAX / 2 || ph->p_memsz > ELF_IMAGE_MAX_BYTES)
        return err_set(err, ERR_ELF, "a segment of %llu bytes at address %#llx is out of range",
                       (unsigned long long)ph->p_memsz, (unsigned long long)ph->p_vaddr);
    if (ph->p_align > 1 &&
        ((ph->p_align & (ph->p_align - 1)) != 0 || ((ph->p_vaddr ^ ph->p_offset) & (ph->p_align - 1)) != 0))
        return err_set(err, ERR_ELF, "a segment at address %#llx is misaligned",
                       (unsigned long long)ph->p_vaddr);
    /* dlopen reserves from the first to the last segment and maps each over that: order and overlap matter.
     */
    if (before != NULL && ph->p_vaddr < before->vaddr + before->mem_bytes)
        return err_set(err, ERR_ELF, "loadable segments overlap or are out of order");
    l = &e->load[e->nloads++];
    l->offset = ph->p_offset;
    l->file_bytes = ph->p_filesz;
    l->vaddr = ph->p_vaddr;
    l->mem_bytes = ph->p_memsz;
    l->flags = ph->p_flags;
    e->image_bytes = l->vaddr + l->mem_bytes - e->load[0].vaddr;
    if (e->image_bytes > ELF_IMAGE_MAX_BYTES)
        return err_set(err, ERR_ELF, "the image spans %llu bytes, more than %llu allowed",
                       (unsigned long long)e->image_bytes, (unsigned long long)ELF_IMAGE_MAX_BYTES);
    return 0;
}

static int
read_segments(struct elf *e, const Elf64_Ehdr *h, Elf64_Phdr *ret_dynamic, struct err *err)
{
    uint64_t bytes = (uint64_t)h->e_phnum * sizeof(Elf64_Phdr);
    unsigned ndynamic = 0;
    int r;

    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum == PN_XNUM)
        return err_set(err, ERR_ELF, "no usable program headers (%u of %u bytes)", h->e_phnum,
                       h->e_phentsize);
    if (!in_file(e, h->e_phoff, bytes))
        return truncated(e, err, "the program header table", h->e_phoff, bytes);
    for (uint32_t i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr ph;

        get(e, &ph, h->e_phoff + i * sizeof ph, sizeof ph);
        if (ph.p_type != PT_NULL && !in_file(e, ph.p_offset, ph.p_filesz))
            return truncated(e, err, "a segment", ph.p_offset, ph.p_filesz);
        switch (ph.p_type) {
        case PT_LOAD:
            r = add_load(e, &ph, err);
            if (r < 0)
                return r;
            break;
        case PT_DYNAMIC:
            *ret_dynamic = ph;
            ndynamic++;
            break;
        case PT_NOTE:
            if (e->nnotes == ELF_NOTES_MAX)
                return err_set(err, ERR_ELF, "more than %d note segments", ELF_NOTES_MAX);
            e->note[e->nnotes++] = (struct elf_notes){ph.p_offset, ph.p_filesz, ph.p_align == 8 ? 8 : 4};
            break;
        case PT_TLS:
            e->has_tls = true;
            e->tls_bytes = ph.p_memsz;
            break;
        case PT_GNU_STACK:
            e->has_stack_note = true;
            e->exec_stack = (ph.p_flags & PF_X) != 0;
            break;
        case PT_INTERP:
            err_set(err, ERR_ELF, "the file is a program (it names an interpreter), not a plugin");
            return err_fix(err, "link it with -shared");
        default:
            break;
        }
    }
    if (e->nloads == 0)
        return err_set(err, ERR_ELF, "the file has no loadable segment");
    if (ndynamic != 1)
        return err_set(err, ERR_ELF, "the file has %u dynamic sections, a shared object has one", ndynamic);
    return 0;
}

/* Address to file offset; the whole range must come from the file. */
static bool
elf_at(const struct elf *e, uint64_t vaddr, uint64_t bytes, uint64_t *ret_offset)
{
    for (uint32_t i = 0; i < e->nloads; i++) {
        const struct elf_load *l = &e->load[i];

        if (vaddr >= l->vaddr && vaddr - l->vaddr <= l->file_bytes &&
            bytes <= l->file_bytes - (vaddr - l->vaddr)) {
            *ret_offset = l->offset + (vaddr - l->vaddr);
            return true;
        }
    }
    return false;
}

struct dynamic { /* addresses and sizes as the file gives them; 0 = absent */
    uint64_t symtab, strtab, strsz, syment, hash, gnu_hash;
    uint64_t rela, relasz, relaent, jmprel, pltrelsz, pltrel;
    uint64_t init, init_array, init_arraysz;
    bool rel;
};

static int
read_dynamic(struct elf *e, const Elf64_Phdr *ph, struct dynamic *d, struct err *err)
{
    uint64_t at, end = ph->p_filesz / sizeof(Elf64_Dyn);
    uint64_t needed[ELF_NEEDED_MAX];

    /* The linker that loads the file goes by the address, this reader by the offset: they must mean the same.
     */
    if (!elf_at(e, ph->p_vaddr, ph->p_filesz, &at) || at != ph->p_offset)
        return err_set(err, ERR_ELF, "the dynamic section is not where its program header says");
    for (uint64_t i = 0; i < end; i++) {
        Elf64_Dyn dyn;

        get(e, &dyn, at + i * sizeof dyn, sizeof dyn);
        switch (dyn.d_tag) {
        case DT_NULL:
            end = i;
            break;
        case DT_NEEDED:
            if (e->nneeded == ELF_NEEDED_MAX)
                return err_set(err, ERR_ELF, "the file needs more than %d libraries", ELF_NEEDED_MAX);
            needed[e->nneeded++] = dyn.d_un.d_val;
            break;
        case DT_SYMTAB:
            d->symtab = dyn.d_un.d_ptr;
            break;
        case DT_STRTAB:
            d->strtab = dyn.d_un.d_ptr;
            break;
        case DT_STRSZ:
            d->strsz = dyn.d_un.d_val;
            break;
        case DT_SYMENT:
            d->syment = dyn.d_un.d_val;
            break;
        case DT_HASH:
            d->hash = dyn.d_un.d_ptr;
            break;
        case DT_GNU_HASH:
            d->gnu_hash = dyn.d_un.d_ptr;
            break;
        case DT_RELA:
            d->rela = dyn.d_un.d_ptr;
            break;
        case DT_RELASZ:
            d->relasz = dyn.d_un.d_val;
            break;
        case DT_RELAENT:
            d->relaent = dyn.d_un.d_val;
            break;
        case DT_JMPREL:
            d->jmprel = dyn.d_un.d_ptr;
            break;
        case DT_PLTRELSZ:
            d->pltrelsz = dyn.d_un.d_val;
            break;
        case DT_PLTREL:
            d->pltrel = dyn.d_un.d_val;
            break;
        case DT_REL:
            d->rel = true;
            break;
        case DT_INIT:
            d->init = dyn.d_un.d_ptr;
            break;
        case DT_INIT_ARRAY:
            d->init_array = dyn.d_un.d_ptr;
            break;
        case DT_INIT_ARRAYSZ:
            d->init_arraysz = dyn.d_un.d_val;
            break;
        case DT_TEXTREL:
            e->text_relocations = true;
            break;
        case DT_FLAGS:
            e->dt_flags = dyn.d_un.d_val;
            break;
        case DT_FLAGS_1:
            e->dt_flags_1 = dyn.d_un.d_val;
            break;
        case DT_AUDIT:
        case DT_DEPAUDIT:
        case DT_FILTER:
        case DT_AUXILIARY:
            e->has_audit = true;
            break;
        default:
            break;
        }
    }
    if ((e->dt_flags & DF_TEXTREL) != 0)
        e->text_relocations = true;
    for (uint32_t i = 0; i < e->nneeded; i++) {
        if (needed[i] >= d->strsz)
            return err_set(err, ERR_ELF, "the name of a needed library lies outside the string table");
        e->needed[i] = (uint32_t)needed[i];
    }
    return 0;
}

static int
count_hash(const struct elf *e, uint64_t vaddr, uint64_t *ret_count, struct err *err)
{
    uint64_t at;

    if (!elf_at(e, vaddr, 8, &at))
        return err_set(err, ERR_ELF, "the symbol hash table lies outside the file's segments");
    *ret_count = get_u32(e, at + 4); /* one chain entry per symbol */
    return 0;
}

/* [nbuckets, first hashed symbol, bloom words, shift] [bloom] [buckets] [chain: a low bit of 1 ends one] */
static int
count_gnu_hash(const struct elf *e, uint64_t vaddr, uint64_t *ret_count, struct err *err)
{
    uint64_t at, buckets, chain, end;
    uint32_t nbuckets, first, bloom, last = 0;

    if (!elf_at(e, vaddr, 16, &at))
        goto outside;
    nbuckets = get_u32(e, at);
    first = get_u32(e, at + 4);
    bloom = get_u32(e, at + 8);
    buckets = vaddr + 16 + (uint64_t)bloom * 8;
    chain = buckets + (uint64_t)nbuckets * 4;
    if (!elf_at(e, vaddr, chain - vaddr, &at))
        goto outside;
    at += buckets - vaddr;
    for (uint32_t i = 0; i < nbuckets; i++) {
        uint32_t b = get_u32(e, at + (uint64_t)i * 4);

        if (b > last)
            last = b;
    }
    if (last < first) { /* nothing is hashed: what comes before `first` are the imports */
        *ret_count = first;
        return 0;
    }
    for (;; last++) {
        if (!elf_at(e, chain + (uint64_t)(last - first) * 4, 4, &end))
            goto outside;
        if ((get_u32(e, end) & 1) != 0)
            break;
    }
    *ret_count = (uint64_t)last + 1;
    return 0;

outside:
    return err_set(err, ERR_ELF, "the symbol hash table lies outside the file's segments");
}

/* Where a relocation writes: dlopen would die writing outside the image, and into read-only pages. */
static int
check_target(struct elf *e, uint64_t vaddr, struct err *err)
{
    for (uint32_t i = 0; i < e->nloads; i++) {
        const struct elf_load *l = &e->load[i];

        if (vaddr >= l->vaddr && vaddr - l->vaddr <= l->mem_bytes && l->mem_bytes - (vaddr - l->vaddr) >= 8) {
            if ((l->flags & PF_W) == 0)
                e->text_relocations = true;
            return 0;
        }
    }
    return err_set(err, ERR_ELF, "a relocation writes to %#llx, outside the file's segments",
                   (unsigned long long)vaddr);
}

static int
scan_relocations(struct elf *e, uint64_t vaddr, uint64_t bytes, uint64_t *count, struct err *err)
{
    uint64_t at;
    int r;

    if (bytes == 0)
        return 0;
    if (bytes % sizeof(Elf64_Rela) != 0 || !elf_at(e, vaddr, bytes, &at))
        return err_set(err, ERR_ELF, "a relocation table lies outside the file's segments");
    for (uint64_t i = 0; i < bytes; i += sizeof(Elf64_Rela)) {
        Elf64_Rela rela;

        get(e, &rela, at + i, sizeof rela);
        r = check_target(e, rela.r_offset, err);
        if (r < 0)
            return r;
        if (ELF64_R_SYM(rela.r_info) >= *count)
            *count = (uint64_t)ELF64_R_SYM(rela.r_info) + 1;
    }
    return 0;
}

static int
read_symbols(struct elf *e, const struct dynamic *d, struct err *err)
{
    uint64_t count = 0, n = 0;
    int r;

    if (d->symtab == 0 || d->strtab == 0 || d->strsz == 0)
        return err_set(err, ERR_ELF, "the file has no dynamic symbol table");
    if (d->syment != 0 && d->syment != sizeof(Elf64_Sym))
        return err_set(err, ERR_ELF, "symbols have %llu bytes, not %zu", (unsigned long long)d->syment,
                       sizeof(Elf64_Sym));
    if (d->hash == 0 && d->gnu_hash == 0)
        return err_set(err, ERR_ELF, "the file has no symbol hash table");
    if (d->rel || (d->pltrelsz != 0 && d->pltrel != DT_RELA) ||
        (d->relasz != 0 && d->relaent != sizeof(Elf64_Rela)))
        return err_set(err, ERR_ELF, "the file has relocations of an unknown form");
    if (d->hash != 0) {
        r = count_hash(e, d->hash, &n, err);
        if (r < 0)
            return r;
        count = n;
    }
    if (d->gnu_hash != 0) {
        r = count_gnu_hash(e, d->gnu_hash, &n, err);
        if (r < 0)
            return r;
        if (n > count)
            count = n;
    }
    r = scan_relocations(e, d->rela, d->relasz, &count, err);
    if (r == 0)
        r = scan_relocations(e, d->jmprel, d->pltrelsz, &count, err);
    if (r < 0)
        return r;
    if (!elf_at(e, d->strtab, d->strsz, &e->strtab))
        return err_set(err, ERR_ELF, "the string table lies outside the file's segments");
    e->strtab_bytes = d->strsz;
    if (e->p[e->strtab + e->strtab_bytes - 1] != '\0')
        return err_set(err, ERR_ELF, "the string table does not end in a zero byte");
    if (count > UINT32_MAX || !elf_at(e, d->symtab, count * sizeof(Elf64_Sym), &e->symtab))
        return err_set(err, ERR_ELF, "the symbol table (%llu symbols) lies outside the file's segments",
                       (unsigned long long)count);
    e->nsyms = (uint32_t)count;
    return 0;
}

static int
read_build_id(struct elf *e, struct err *err)
{
    struct elf_note_pos pos = {0};
    struct elf_note note;
    int r;

    while ((r = elf_note_next(e, &pos, &note, err)) > 0) {
        if (note.type != NT_GNU_BUILD_ID || note.owner_bytes != 4 || memcmp(note.owner, "GNU", 4) != 0)
            continue;
        if (note.bytes > ELF_BUILD_ID_MAX)
            return err_set(err, ERR_ELF, "the build id has %u bytes, more than %d", note.bytes,
                           ELF_BUILD_ID_MAX);
        memcpy(e->build_id, note.desc, note.bytes);
        e->build_id_bytes = note.bytes;
    }
    return r;
}

int
elf_read(struct elf *ret, const void *bytes, size_t n, struct err *err)
{
    struct elf e = {.p = bytes, .n = n};
    struct dynamic d = {0};
    Elf64_Phdr dynamic = {0};
    Elf64_Ehdr h;
    uint64_t at;
    int r;

    r = read_ident(&e, &h, err);
    if (r == 0)
        r = read_segments(&e, &h, &dynamic, err);
    if (r == 0)
        r = check_sections(&e, &h, err);
    if (r == 0)
        r = read_dynamic(&e, &dynamic, &d, err);
    if (r == 0)
        r = read_symbols(&e, &d, err);
    if (r == 0)
        r = read_build_id(&e, err);
    if (r < 0)
        return r;
    if (d.init_arraysz % 8 != 0 || (d.init_arraysz != 0 && !elf_at(&e, d.init_array, d.init_arraysz, &at)))
        return err_set(err, ERR_ELF, "the table of constructors lies outside the file's segments");
    e.ninit = (uint32_t)(d.init_arraysz / 8);
    *ret = e;
    return 0;
}

int
elf_symbol(const struct elf *e, uint32_t i, struct elf_sym *ret, struct err *err)
{
    Elf64_Sym s;

    get(e, &s, e->symtab + (uint64_t)i * sizeof s, sizeof s);
    if (s.st_name >= e->strtab_bytes)
        return err_set(err, ERR_ELF, "the name of symbol %u lies outside the string table", i);
    ret->name = (const char *)e->p + e->strtab + s.st_name; /* ends in the table: its last byte is zero */
    ret->value = s.st_value;
    ret->bytes = s.st_size;
    ret->section = s.st_shndx;
    ret->bind = ELF64_ST_BIND(s.st_info);
    ret->type = ELF64_ST_TYPE(s.st_info);
    ret->visibility = ELF64_ST_VISIBILITY(s.st_other);
    return 0;
}

const char *
elf_needed(const struct elf *e, uint32_t i)
{
    return (const char *)e->p + e->strtab + e->needed[i];
}

int
elf_note_next(const struct elf *e, struct elf_note_pos *pos, struct elf_note *ret, struct err *err)
{
    while (pos->segment < e->nnotes) {
        const struct elf_notes *s = &e->note[pos->segment];
        uint64_t left = s->bytes - pos->at, mask = s->align - 1, owner, desc;
        Elf64_Nhdr h;

        if (left < sizeof h) { /* padding at the end */
            pos->segment++;
            pos->at = 0;
            continue;
        }
        get(e, &h, s->offset + pos->at, sizeof h);
        owner = sizeof h + (uint64_t)h.n_namesz;
        owner = (owner + mask) & ~mask;
        desc = owner + h.n_descsz;
        if (owner > left || desc > left)
            return err_set(err, ERR_ELF, "a note at offset %llu leaves its segment",
                           (unsigned long long)(s->offset + pos->at));
        ret->owner = (const char *)e->p + s->offset + pos->at + sizeof h;
        ret->owner_bytes = h.n_namesz;
        ret->type = h.n_type;
        ret->bytes = h.n_descsz;
        ret->offset = s->offset + pos->at + owner;
        ret->desc = e->p + ret->offset;
        desc = (desc + mask) & ~mask;
        pos->at = desc < left ? pos->at + desc : s->bytes;
        return 1;
    }
    return 0;
}
