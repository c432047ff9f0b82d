/* SPDX-License-Identifier: MIT */
/* fw-cfg.h: what boards put into the firmware configuration device named "fw-cfg". */
#ifndef BOARDS_FW_CFG_H
#define BOARDS_FW_CFG_H

#include <backplane/board.h>

/* RAM size and number of vCPUs; with `kernel` also -kernel, -initrd and -append, for firmware that loads
 * them by itself. 0, or -errno after bp_fail(). */
int fw_cfg_fill(void *board, bool kernel);

#endif
