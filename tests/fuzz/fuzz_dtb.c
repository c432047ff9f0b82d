/* SPDX-License-Identifier: MIT */
/* fuzz_dtb.c: device tree blobs given with -dtb. */
#include "fuzz.h"

#include "core/fdt.h"

#include <libfdt.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *why = NULL;
    GBytes *b = fdt_from_bytes(data, n, "console=ttyS0", 0x84000000, 0x1000, &why);
    if ((b != NULL) == (why != NULL))
        abort();
    if (b) {
        gsize size;
        const void *fdt = g_bytes_get_data(b, &size);
        if (fdt_check(fdt, size) || fdt_path_offset(fdt, "/chosen") < 0)
            abort();
        g_bytes_unref(b);
    }
    g_free(why);
    return 0;
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    uint8_t fdt[1024];
    fdt_create(fdt, sizeof fdt);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_string(fdt, "compatible", "test");
    fdt_begin_node(fdt, "chosen");
    fdt_property_string(fdt, "stdout-path", "/soc/serial@10000000");
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "soc");
    fdt_begin_node(fdt, "serial@10000000");
    fdt_property_u32(fdt, "reg", 0x10000000);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_finish(fdt);
    add(fdt, fdt_totalsize(fdt));
    fdt_create_empty_tree(fdt, sizeof fdt);
    add(fdt, fdt_totalsize(fdt));
}
