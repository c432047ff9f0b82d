/* SPDX-License-Identifier: MIT */
/* engine.h: the two files of the PCI engine to each other: configuration space, and MSI-X. */
#ifndef PCI_ENGINE_H
#define PCI_ENGINE_H

#define BP_PCI_NO_IMPORT
#include <backplane/bus/pci.h>
#include <backplane/memory.h>

enum { BARS = 6, FUNCTIONS = 256, LINES = 4 };

struct bar {
    uint64_t size;        /* bytes, a power of two; 0: there is none */
    uint32_t window;
    uint8_t flags;        /* enum bp_pci_bar_flags */
};

struct bp_pci_function {
    struct bp_pci *p;
    struct bp_pci_root *root;
    const struct bp_pci_device *face;
    void *dev;
    uint8_t devfn;
    bool intx_shown;      /* counted in the root's lines */
    bool told_pin, told_vector; /* mistakes of the card's author, each said once */
    uint32_t last_cap;    /* offset of the capability at the end of the list, or 0 */
    uint32_t next_cap;    /* where the next one goes */
    uint32_t msix_cap;    /* 0: none */
    uint32_t vectors;
    struct bar bars[BARS];
    uint8_t initial[BP_PCI_CONFIG_SIZE], writable[BP_PCI_CONFIG_SIZE], w1c[BP_PCI_CONFIG_SIZE];
};

struct bp_pci_root {
    void *host;
    const struct bp_pci_host *ops;
    struct bp_pci_function *functions[FUNCTIONS];
    uint32_t lines[LINES]; /* functions that drive each */
};

static inline uint32_t get_le(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n && i < 4; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

static inline void put_le(uint8_t *p, unsigned n, uint32_t v)
{
    for (unsigned i = 0; i < n && i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t command_of(const struct bp_pci_function *f)
{
    return get_le(f->p->config + BP_PCI_COMMAND, 2);
}

/* msix.c */
int msix_create(struct bp_pci_function *f);
int msix_set_vectors(struct bp_pci *p, unsigned count);
void msix_reset(struct bp_pci_function *f);
/* Sends what is pending and no longer held back: after every change of masks. */
void msix_release(struct bp_pci_function *f);
void msix_notify(struct bp_pci *p, unsigned vector);
bool msix_on(const struct bp_pci *p);
uint64_t msix_read(struct bp_pci *p, uint64_t offset, unsigned n);
void msix_write(struct bp_pci *p, uint64_t offset, uint64_t value, unsigned n);

/* pci.c */
/* The row of a window that the field `field` of the face names; NULL after bp_fail(). */
const struct bp_window *pci_window(const struct bp_pci_function *f, const char *field, uint32_t window);
int pci_add_capability(struct bp_pci *p, unsigned id, unsigned bytes);
void pci_set_field(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value, uint32_t writable,
                   uint32_t w1c);

#endif
