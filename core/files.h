/* SPDX-License-Identifier: MIT */
/* files.h: the service backplane.files/1. */
#ifndef BACKPLANE_CORE_FILES_H
#define BACKPLANE_CORE_FILES_H

#include <backplane/files.h>

extern const struct bp_files_api files_api;

#endif
