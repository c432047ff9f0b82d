/* SPDX-License-Identifier: MIT */
/* stubs.h: interfaces that accelerators offer, empty: enough to load targets and instruments and
 * read their tables. */
#ifndef BACKPLANE_BP_CHECK_STUBS_H
#define BACKPLANE_BP_CHECK_STUBS_H

#include "core/face.h"

#include <backplane/softfloat.h>
#include <backplane/user.h>

static inline void add_stub_services(void)
{
    static const struct bp_vcpu_api vcpu = { .size = sizeof vcpu };
    static const struct bp_instrument_api instrument = { .size = sizeof instrument };
    static const struct bp_softfloat_api softfloat = { .size = sizeof softfloat };
    service_add("backplane.vcpu/1", &vcpu);
    service_add("backplane.instrument/1", &instrument);
    static const struct bp_user_api user = { .size = sizeof user };
    service_add("backplane.user/1", &user);
    service_add("backplane.softfloat/1", &softfloat);
}

#endif
