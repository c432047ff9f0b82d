/* SPDX-License-Identifier: MIT */
/*
 * manifest.c: reads a plugin's manifest: the ELF notes of owner "Backplane" (System V ABI, ch. 5,
 * "Note Section"), whose descriptors joined together are key-file text.
 *
 * Everything read from the file is checked against its length; numbers are copied out, so alignment
 * does not matter. The text is ours: lines [kind id] and key=value, where a section may come again.
 * GKeyFile would take the text, but not an id with a character that it dislikes, so the few lines
 * are read here.
 */
#include "core/manifest.h"

#include <backplane/abi.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* This program's own header, placed by the linker: says which files can be loaded into it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

#define NOTE_MAX (1u << 20)

static const struct {
    const char *name;
    uint32_t kind;
} kinds[] = {
    { "device", BP_KIND_DEVICE }, { "board", BP_KIND_BOARD }, { "instrument", BP_KIND_INSTRUMENT },
    { "target", BP_KIND_TARGET }, { "backend", BP_KIND_BACKEND }, { "chardev", BP_KIND_CHARDEV },
    { "block", BP_KIND_BLOCK }, { "net", BP_KIND_NET }, { "service", BP_KIND_SERVICE },
    { "accel", BP_KIND_ACCEL }, { "control", BP_KIND_CONTROL },
};

const char *kind_name(uint32_t kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return NULL;
}

uint32_t kind_from_name(const char *name, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strlen(kinds[i].name) == n && !memcmp(kinds[i].name, name, n))
            return kinds[i].kind;
    return 0;
}

static void entity_free(void *p)
{
    struct manifest_entity *e = p;
    g_free(e->id);
    g_free(e->doc);
    g_free(e->category);
    g_free(e->elf);
    g_strfreev(e->aliases);
    g_free(e);
}

bool manifest_provides(const struct manifest *m, uint32_t kind, const char *id)
{
    for (unsigned i = 0; i < m->entities->len; i++) {
        const struct manifest_entity *e = m->entities->pdata[i];
        if (e->kind == kind && !strcmp(e->id, id))
            return true;
    }
    return false;
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    g_free(m->name);
    g_free(m->version);
    g_free(m->licence);
    g_ptr_array_unref(m->entities);
    g_ptr_array_unref(m->uses);
    g_ptr_array_unref(m->may_use);
    g_free(m);
}

static struct manifest *manifest_new(void)
{
    struct manifest *m = g_new0(struct manifest, 1);
    m->entities = g_ptr_array_new_with_free_func(entity_free);
    m->uses = g_ptr_array_new_with_free_func(g_free);
    m->may_use = g_ptr_array_new_with_free_func(g_free);
    return m;
}

/* ---- the text -------------------------------------------------------------------------------- */

static void add_once(GPtrArray *list, const char *id)
{
    for (unsigned i = 0; i < list->len; i++)
        if (!strcmp(list->pdata[i], id))
            return;
    g_ptr_array_add(list, g_strdup(id));
}

static struct manifest_entity *entity_section(struct manifest *m, uint32_t kind, const char *id)
{
    for (unsigned i = 0; i < m->entities->len; i++) {
        struct manifest_entity *e = m->entities->pdata[i];
        if (e->kind == kind && !strcmp(e->id, id))
            return e;
    }
    struct manifest_entity *e = g_new0(struct manifest_entity, 1);
    e->kind = kind;
    e->id = g_strdup(id);
    e->aliases = g_new0(char *, 1);
    g_ptr_array_add(m->entities, e);
    return e;
}

static void set_text(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void entity_key(struct manifest_entity *e, const char *key, const char *value)
{
    if (!strcmp(key, "doc")) {
        set_text(&e->doc, value);
    } else if (!strcmp(key, "category")) {
        set_text(&e->category, value);
    } else if (!strcmp(key, "elf")) {
        /* the machine's number is what a macro said: 243, 0xf3, 243u */
        char *end, *machine = g_strdup_printf("%" G_GUINT64_FORMAT,
                                              g_ascii_strtoull(value, &end, 0));
        g_free(e->elf);
        e->elf = g_strconcat(machine, strchr(end, ',') ? strchr(end, ',') : "", NULL);
        g_free(machine);
    } else if (!strcmp(key, "runs")) {
        e->runs_program = !strcmp(value, "program");
    } else if (!strcmp(key, "aliases")) {
        char **words = g_strsplit(value, ";", -1);
        unsigned n = 0;
        for (char **w = words; *w; w++) {
            if (**w)
                words[n++] = *w;
            else
                g_free(*w);
        }
        words[n] = NULL;
        g_strfreev(e->aliases);
        e->aliases = words;
    }
}

static void plugin_key(struct manifest *m, const char *key, const char *value)
{
    if (!strcmp(key, "name"))
        set_text(&m->name, value);
    else if (!strcmp(key, "version"))
        set_text(&m->version, value);
    else if (!strcmp(key, "licence"))
        set_text(&m->licence, value);
    else if (!strcmp(key, "abi"))
        m->abi = (uint32_t)g_ascii_strtoull(value, NULL, 10);
    else if (!strcmp(key, "level"))
        m->level = (uint32_t)g_ascii_strtoull(value, NULL, 10);
}

/* Unknown sections and keys are a later core's: passed over. */
static bool read_text(struct manifest *m, const char *text, char **ret_why)
{
    char **lines = g_strsplit(text, "\n", -1);
    bool in_plugin = false, fine = true;
    struct manifest_entity *entity = NULL;
    for (char **l = lines; *l && fine; l++) {
        char *line = *l;
        size_t n = strlen(line);
        if (line[0] == '[') {
            in_plugin = false;
            entity = NULL;
            fine = n > 2 && line[n - 1] == ']';
            if (!fine)
                break;
            line[n - 1] = '\0';
            char *kind = line + 1, *id = strchr(kind, ' ');
            if (id)
                *id++ = '\0';
            if (!strcmp(kind, "plugin"))
                in_plugin = true;
            else if (id && !strcmp(kind, "uses"))
                add_once(m->uses, id);
            else if (id && !strcmp(kind, "may-use"))
                add_once(m->may_use, id);
            else if (id && *id && kind_from_name(kind, strlen(kind)))
                entity = entity_section(m, kind_from_name(kind, strlen(kind)), id);
        } else if (n) {
            char *value = strchr(line, '=');
            fine = value != NULL;
            if (!fine)
                break;
            *value++ = '\0';
            if (in_plugin)
                plugin_key(m, line, value);
            else if (entity)
                entity_key(entity, line, value);
        }
    }
    g_strfreev(lines);
    if (!fine)
        *ret_why = g_strdup("its manifest is not key-file text");
    return fine;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool inside(uint64_t offset, uint64_t n, size_t size)
{
    return offset <= size && n <= size - offset;
}

static int refuse(int err, char **ret_why, char *why)
{
    *ret_why = why;
    return -err;
}

/* Adds the text of the Backplane notes of one segment. False where a note leaves the segment. */
static bool read_notes(const uint8_t *p, uint64_t n, GString *text)
{
    uint64_t at = 0;
    while (n - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr h; /* the 32-bit one is the same */
        memcpy(&h, p + at, sizeof h);
        at += sizeof h;
        uint64_t name = ((uint64_t)h.n_namesz + 3) & ~UINT64_C(3);
        uint64_t desc = ((uint64_t)h.n_descsz + 3) & ~UINT64_C(3);
        if (name > n - at || desc > n - at - name) {
            /* the last note's padding may be missing */
            if (name > n - at || h.n_descsz > n - at - name)
                return false;
            desc = n - at - name;
        }
        if (h.n_type == BP_NOTE_TYPE && h.n_namesz == 10 && !memcmp(p + at, "Backplane", 10)) {
            const char *s = (const char *)p + at + name;
            if (text->len + h.n_descsz > NOTE_MAX)
                return false;
            g_string_append_len(text, s, (gssize)strnlen(s, h.n_descsz));
            g_string_append_c(text, '\n');
        }
        at += name + desc;
    }
    return true;
}

struct segment {
    uint32_t type;
    uint64_t offset, size;
};

static void get_segment(const uint8_t *p, struct segment *ret)
{
    ElfW(Phdr) ph;
    memcpy(&ph, p, sizeof ph);
    *ret = (struct segment){ ph.p_type, ph.p_offset, ph.p_filesz };
}

/* The file header's own checks; fills where program headers are. */
static int check_header(const uint8_t *b, size_t n, uint64_t *ret_phoff, uint32_t *ret_phnum,
                        uint32_t *ret_phsize, char **ret_why)
{
    const ElfW(Ehdr) *own = &__ehdr_start;
    if (n < SELFMAG || memcmp(b, ELFMAG, SELFMAG))
        return refuse(ENOEXEC, ret_why, g_strdup("it is not an ELF file"));
    if (n < EI_NIDENT)
        return refuse(ENOEXEC, ret_why, g_strdup("it is truncated: no ELF header"));
    if (b[EI_CLASS] != own->e_ident[EI_CLASS])
        return refuse(ENOEXEC, ret_why,
                      g_strdup_printf("it is a %d-bit ELF file, this program is %d-bit",
                                      b[EI_CLASS] == ELFCLASS32 ? 32 : 64,
                                      own->e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64));
    if (b[EI_DATA] != own->e_ident[EI_DATA])
        return refuse(ENOEXEC, ret_why, g_strdup("it is an ELF file of the other byte order"));
    ElfW(Ehdr) eh;
    if (n < sizeof eh)
        return refuse(ENOEXEC, ret_why, g_strdup("it is truncated: no ELF header"));
    memcpy(&eh, b, sizeof eh);
    if (eh.e_machine != own->e_machine)
        return refuse(ENOEXEC, ret_why,
                      g_strdup_printf("it is for another machine: ELF machine %u, this program is "
                                      "%u",
                                      eh.e_machine, own->e_machine));
    if (eh.e_type != ET_DYN)
        return refuse(ENOEXEC, ret_why, g_strdup("it is not a shared object"));
    if (eh.e_phnum && eh.e_phentsize < sizeof(ElfW(Phdr)))
        return refuse(ENOEXEC, ret_why, g_strdup("its program headers are too small"));
    if (!inside(eh.e_phoff, (uint64_t)eh.e_phnum * eh.e_phentsize, n))
        return refuse(ENOEXEC, ret_why, g_strdup("it is truncated: program headers are missing"));
    if (eh.e_shoff && !inside(eh.e_shoff, (uint64_t)eh.e_shnum * eh.e_shentsize, n))
        return refuse(ENOEXEC, ret_why, g_strdup("it is truncated: section headers are missing"));
    *ret_phoff = eh.e_phoff;
    *ret_phnum = eh.e_phnum;
    *ret_phsize = eh.e_phentsize;
    return 0;
}

/* Takes the text over. `r` < 0: it was refused already. */
static int manifest_from_text(GString *text, int r, struct manifest **ret, char **ret_why)
{
    struct manifest *m = manifest_new();
    if (r >= 0 && !text->len)
        r = refuse(ENOMSG, ret_why, g_strdup("it is not a Backplane plugin: no manifest note"));
    if (r >= 0 && !read_text(m, text->str, ret_why))
        r = -ENOEXEC;
    if (r >= 0 && (!m->name || !m->abi))
        r = refuse(ENOEXEC, ret_why,
                   g_strdup("its manifest has no name or ABI number (no BP_PLUGIN?)"));
    g_string_free(text, true);
    if (r < 0) {
        manifest_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

int manifest_parse(const uint8_t *bytes, size_t n, struct manifest **ret, char **ret_why)
{
    uint64_t phoff;
    uint32_t phnum, phsize;
    int r = check_header(bytes, n, &phoff, &phnum, &phsize, ret_why);
    if (r < 0)
        return r;
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < phnum && r >= 0; i++) {
        struct segment s;
        get_segment(bytes + phoff + (uint64_t)i * phsize, &s);
        if ((s.type == PT_LOAD || s.type == PT_NOTE || s.type == PT_DYNAMIC) &&
            !inside(s.offset, s.size, n))
            r = refuse(ENOEXEC, ret_why,
                       g_strdup_printf("it is truncated: %zu bytes, segment %u ends "
                       "behind", n, i));
        else if (s.type == PT_NOTE && !read_notes(bytes + s.offset, s.size, text))
            r = refuse(ENOEXEC, ret_why, g_strdup("its notes are damaged"));
    }
    return manifest_from_text(text, r, ret, ret_why);
}

int manifest_from_notes(const uint8_t *notes, size_t n, struct manifest **ret, char **ret_why)
{
    GString *text = g_string_new(NULL);
    int r = 0;
    if (!read_notes(notes, n, text))
        r = refuse(ENOEXEC, ret_why, g_strdup("its notes are damaged"));
    return manifest_from_text(text, r, ret, ret_why);
}
int manifest_read(const char *file, struct manifest **ret, char **ret_why)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse(errno, ret_why, g_strdup(strerror(errno)));
    struct stat st;
    int r;
    if (fstat(fd, &st) < 0) {
        r = refuse(errno, ret_why, g_strdup(strerror(errno)));
    } else if (!S_ISREG(st.st_mode)) {
        r = refuse(EINVAL, ret_why, g_strdup("it is not a regular file"));
    } else if (st.st_size == 0) {
        r = refuse(ENOEXEC, ret_why, g_strdup("it is empty"));
    } else {
        size_t n = (size_t)st.st_size;
        void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            r = refuse(errno, ret_why, g_strdup(strerror(errno)));
        } else {
            r = manifest_parse(p, n, ret, ret_why);
            munmap(p, n);
        }
    }
    close(fd);
    return r;
}
