/* SPDX-License-Identifier: MIT */
/* dtb-get.c: dtb-get FILE PATH [PROPERTY]: prints a property as text or as hex cells; without
 * one, the node's children. */
#include <glib.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

/* Strings, each ended by one zero byte. */
static int is_text(const char *p, int n)
{
    if (!n || p[n - 1] || !p[0])
        return 0;
    for (int i = 0; i < n; i++)
        if (p[i] ? !g_ascii_isprint(p[i]) : i && !p[i - 1])
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    char *fdt;
    gsize size;
    if (argc < 3 || !g_file_get_contents(argv[1], &fdt, &size, NULL) || fdt_check_full(fdt, size))
        return 2;
    int node = fdt_path_offset(fdt, argv[2]), n = 0, child;
    if (node < 0) {
        g_free(fdt);
        return 1;
    }
    if (argc < 4) {
        fdt_for_each_subnode(child, fdt, node)
            puts(fdt_get_name(fdt, child, NULL));
        g_free(fdt);
        return 0;
    }
    const char *p = fdt_getprop(fdt, node, argv[3], &n);
    if (!p) {
        g_free(fdt);
        return 1;
    }
    if (is_text(p, n)) {
        for (int i = 0; i < n; i += (int)strlen(p + i) + 1)
            printf("%s%s", i ? " " : "", p + i);
    } else {
        for (int i = 0; i + 4 <= n; i += 4)
            printf("%s%x", i ? " " : "", fdt32_ld((const fdt32_t *)(const void *)(p + i)));
    }
    putchar('\n');
    g_free(fdt);
    return 0;
}
