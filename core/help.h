/* SPDX-License-Identifier: MIT */
/* help.h: what -h, -version, -list-plugins and "help" as an option's value print. */
#ifndef BACKPLANE_CORE_HELP_H
#define BACKPLANE_CORE_HELP_H

#include "core/options.h"

#include <backplane/instrument.h>

/* Whether manifests (or nothing) are enough, so that no plugin has to be loaded first. */
bool help_is_passive(const struct options *o);
/* What an instrument takes: -load-plugin FILE,help. */
void help_instrument(const struct bp_instrument *d);
/* Prints what was asked for. 0 or -errno after core_error(). */
int help_print(const struct options *o);

#endif
