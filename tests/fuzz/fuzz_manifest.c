/* SPDX-License-Identifier: MIT */
/* fuzz_manifest.c: plugin files, whose manifest is read before anything else. */
#include "fuzz.h"

#include "core/manifest.h"

#include <backplane/abi.h>

#include <link.h>
#include <stdlib.h>
#include <string.h>

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct manifest *m = NULL;
    char *why = NULL;
    int r = manifest_parse(data, n, &m, &why);
    if ((r == 0) != (m != NULL) || (r < 0) != (why != NULL))
        abort();
    manifest_free(m);
    g_free(why);
    return 0;
}

struct note {
    uint32_t namesz, descsz, type;
    char name[12];
    char desc[160];
};

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    struct {
        ElfW(Ehdr) eh;
        ElfW(Phdr) ph[2];
        struct note note[2];
    } f;
    memset(&f, 0, sizeof f);
    memcpy(f.eh.e_ident, __ehdr_start.e_ident, EI_NIDENT);
    f.eh.e_type = ET_DYN;
    f.eh.e_machine = __ehdr_start.e_machine;
    f.eh.e_phoff = offsetof(__typeof__(f), ph);
    f.eh.e_phentsize = sizeof f.ph[0];
    f.eh.e_phnum = 2;
    f.ph[0].p_type = PT_NOTE;
    f.ph[0].p_offset = offsetof(__typeof__(f), note);
    f.ph[0].p_filesz = sizeof f.note;
    f.ph[1].p_type = PT_LOAD;
    f.ph[1].p_filesz = sizeof f;
    static const char *const texts[] = {
        "[plugin]\nname=x\nversion=1.0\nlicence=MIT\nabi=1\nlevel=100\n",
        "[device a]\ndoc=A device\n[board b]\ndoc=B\naliases=c@d;e@f:g,h;\n[uses i/1]\n[may-use "
        "j/2]\n"
        "[later k]\nl=m\n",
    };
    for (int i = 0; i < 2; i++) {
        f.note[i] = (struct note){ 10, sizeof f.note[i].desc, BP_NOTE_TYPE, "Backplane", "" };
        memcpy(f.note[i].desc, texts[i], strlen(texts[i]));
    }
    add(&f, sizeof f);
}
