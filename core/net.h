/* SPDX-License-Identifier: MIT */
/* net.h: what stands between network drivers and devices. */
#ifndef BACKPLANE_CORE_NET_H
#define BACKPLANE_CORE_NET_H

#include <backplane/net.h>

struct machine;
struct part;

/* -netdev DRIVER,id=ID,...: makes and opens it. 0 or -errno after core_error(). [main] */
int net_new(struct machine *m, const struct bp_net_driver *driver, const char *id,
            const struct bp_set *settings, uint32_t count, struct bp_net **ret);
struct bp_net *net_find(const struct machine *m, const char *id);
int net_connect(struct bp_net *net, struct part *part, const struct bp_port *port);
void net_free(struct bp_net *net);

extern const struct bp_net_api net_api; /* backplane.net/1 */

#endif
