/* SPDX-License-Identifier: MIT */
/* fixture-bare.c: a manifest without the symbol. */
#include <backplane/abi.h>
BP_NOTE(note, "[plugin]\nname=bare\nversion=1\nlicence=MIT\nabi=1\nlevel=100\n");
