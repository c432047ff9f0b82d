/* SPDX-License-Identifier: MIT */
/* pauth.h: pointer authentication, FEAT_PAuth (pauth.c). */
#ifndef AARCH64_PAUTH_H
#define AARCH64_PAUTH_H

#include "cpu.h"

/* Rows of a64_system.ap_key; 0 to 3 as instructions have them. */
enum pauth_key { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA, KEY_COUNT };
#define KEY_IS_DATA(key) ((key) >> 1 & 1u)

/* qarma.c */
uint64_t qarma(uint64_t x, uint64_t tweak, uint64_t w0, uint64_t k0);

/* pauth.c */
uint64_t pauth_mac(const struct a64_cpu *cpu, enum pauth_key key, uint64_t data, uint64_t modifier);
void pauth_new_keys(struct a64_cpu *cpu, unsigned keys); /* random ones; bits by enum pauth_key */

/* (pointer, modifier, key); the general one (data, modifier); (pointer, is it data's). */
extern const struct bp_helper helper_pac, helper_aut, helper_pacga, helper_xpac;

#endif
