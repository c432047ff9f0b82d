/* SPDX-License-Identifier: MIT */
/* drivers.c: makes the part behind a chardev, a drive or a netdev. */
#include <core/drivers.h>

struct part *driver_part(struct machine *m, const char *what, const char *type, const char *id,
                         uint32_t state_size, const struct bp_rows *props,
                         const struct bp_set *settings, uint32_t count,
                         const void *entity, void *middle)
{
    g_autofree char *name = g_strdup_printf("%s %s", what, id);
    struct part *part = part_create_plain(m, PART_DRIVER, type, name, state_size, props, entity);
    if (!part)
        return NULL;
    part->middle = middle;
    for (uint32_t i = 0; i < count; i++) {
        if (part_set(part, settings[i].name, settings[i].value) < 0) {
            part_free(part);
            return NULL;
        }
    }
    return part;
}
