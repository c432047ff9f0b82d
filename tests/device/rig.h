/* SPDX-License-Identifier: MIT */
/*
 * rig.h: a test bench for one device: a machine without vCPUs, a MiB of RAM at RIG_RAM, the device's
 * windows where a guest would see them, a probe on its pins, and time that only moves when told to.
 */
#ifndef TESTS_DEVICE_RIG_H
#define TESTS_DEVICE_RIG_H

#include <core/chardev.h>
#include <core/machine.h>
#include <core/memory.h>

#include <check.h>

#define RIG_RAM UINT64_C(0x80000000)
#define RIG_RAM_SIZE (UINT64_C(1) << 20)
#define RIG_WINDOWS UINT64_C(0x10000000)
#define RIG_WINDOW_STEP UINT64_C(0x10000000)
#define RIG_PINS 128

struct rig {
    struct machine *m;
    struct part *dev;    /* the device under test */
    struct part *probe;  /* in[0-127] records, out[0-127] drives */
};

/* What the probe has seen of one of its inputs. */
struct rig_line {
    bool level;
    unsigned rises;
};

/* The plugin folder is $BP_TEST_PLUGINS, or plugins/.libs. */
void rig_plugins(void);
const struct bp_head *rig_entity(enum bp_kind kind, const char *id);

/* An empty bench, then the device, its properties given as name, value, ..., NULL. */
void rig_open(struct rig *r);
void rig_device(struct rig *r, const char *id, ...) __attribute__((sentinel));
/* As rig_device(), but must fail to be made: returns whether it did. */
bool rig_refused(struct rig *r, const char *id, ...) __attribute__((sentinel));
/* A further device, which finds what it needs in those that are there. */
void rig_child(struct rig *r, const char *id);
void rig_close(struct rig *r);

/* Wires the device's output PIN[i] to the probe's input `to`, or the probe's output `from` to PIN[i]. */
void rig_watch(struct rig *r, const char *pin, unsigned i, unsigned to);
void rig_drive(struct rig *r, unsigned from, const char *pin, unsigned i);
struct rig_line rig_line(struct rig *r, unsigned input);
void rig_set(struct rig *r, unsigned output, bool level);

/* Accesses as a guest's, at an offset of a window. */
uint64_t rig_read(struct rig *r, unsigned window, uint64_t offset, unsigned bytes);
void rig_write(struct rig *r, unsigned window, uint64_t offset, unsigned bytes, uint64_t value);
/* The same of a vCPU of that number; above: of nobody's. */
uint64_t rig_read_as(struct rig *r, uint32_t cpu, unsigned window, uint64_t offset, unsigned bytes);
void rig_write_as(struct rig *r, uint32_t cpu, unsigned window, uint64_t offset, unsigned bytes,
                  uint64_t value);
/* Guest RAM, by offset. */
void rig_poke(struct rig *r, uint64_t offset, const void *buf, size_t n);
void rig_peek(struct rig *r, uint64_t offset, void *buf, size_t n);

/* Moves virtual time on and fires what falls due, in order. */
void rig_advance(struct rig *r, int64_t ns);
/* Runs what the main loop has to do. */
void rig_poll(struct rig *r);

/* A chardev on the device's port PORT: what it sends is collected, what rig_type() gives is delivered. */
void rig_chardev(struct rig *r, const char *port);
const char *rig_sent(struct rig *r);
void rig_type(struct rig *r, const void *bytes, size_t n);
void rig_type_event(struct rig *r, enum bp_chardev_event event);

/* A drive of `size` bytes in memory on PORT; returns its bytes. */
uint8_t *rig_drive_memory(struct rig *r, const char *port, uint64_t size, bool read_only);

/* Runs a suite as a test program does: exit status. */
int rig_run(Suite *suite);

#endif
