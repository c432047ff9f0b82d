/* SPDX-License-Identifier: MIT */
/* fixture-boards.c: a board with arrays of parts and ranges of pins, and boards with one mistake
 * each. */
#include <backplane/board.h>

#include <stdio.h>

/* A part with four outputs and two inputs; its register shows the inputs, its property goes to
 * the device tree. */
struct dev {
    uint32_t inputs, drive, level;
    struct bp_pin *out[4];
};
static void input_set(void *dev, unsigned i, bool level)
{
    struct dev *s = dev;
    s->inputs = (s->inputs & ~(1u << i)) | (uint32_t)level << i;
}
static void drive_written(void *dev, unsigned i, uint64_t value)
{
    struct dev *s = dev;
    for (unsigned n = 0; n < 4; n++)
        bp_pin_set(s->out[n], s->drive >> n & 1);
}
static void dev_fdt(void *dev, struct bp_fdt_node *node)
{
    struct dev *s = dev;
    bp_fdt_u32(node, "test,level", s->level);
}
static const struct bp_reg regs[] = {
    { "INPUTS", 0, 32, BP_FIELD(struct dev, inputs) },
    { "DRIVE", 4, 32, BP_FIELD(struct dev, drive), .writable = 0xf, .write = drive_written },
};
static const struct bp_pin_row pins[] = {
    BP_OUTS(struct dev, out),
    BP_INS("in", 2, input_set),
};
static const struct bp_prop props[] = {
    BP_UINT(struct dev, level, 0, 0, 100, "for the device tree"),
};
BP_DEVICE(dev, "test-dev", "Four outputs and two inputs", .state_size = sizeof(struct dev),
          .window = 0x100, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
          .fdt_name = "dev", .fdt_compatible = "test,dev test,any", .fdt = dev_fdt);

/* An interrupt controller with two cells, numbered from 32. */
struct intc {
    uint32_t pending;
    struct bp_pin *out;
};
static void intc_set(void *dev, unsigned i, bool level)
{
    struct intc *s = dev;
    s->pending = (s->pending & ~(1u << i)) | (uint32_t)level << i;
    bp_pin_set(s->out, s->pending != 0);
}
static const struct bp_reg intc_regs[] = { { "PENDING", 0, 32, BP_FIELD(struct intc, pending) } };
static const struct bp_pin_row intc_pins[] = {
    BP_OUT(struct intc, out),
    { .name = "in", .direction = BP_PIN_IN, .count = 32, .number = 32, .set = intc_set },
};
BP_DEVICE(intc, "test-intc", "Thirty-two interrupts", .state_size = sizeof(struct intc),
          .window = 0x100,
          .regs = BP_ROWS(intc_regs), .pins = BP_ROWS(intc_pins), .interrupt_cells = 2,
          .fdt_name = "interrupt-controller", .fdt_compatible = "test,intc");

/* One that names its kinds of input, and something that only pulses. */
struct kinds {
    uint32_t last;
};
static void kinds_set(void *dev, unsigned i, bool level)
{
    struct kinds *s = dev;
    s->last = i;
}
static void kinds_interrupt(void *dev, uint32_t row, uint32_t index, uint32_t trigger,
                            uint32_t *cells)
{
    cells[0] = row ? 7 : 9;
    cells[1] = index;
    cells[2] = trigger;
}
static const struct bp_reg kinds_regs[] = { { "LAST", 0, 32, BP_FIELD(struct kinds, last) } };
static const struct bp_pin_row kinds_pins[] = {
    BP_INS("shared", 16, kinds_set),
    BP_INS("own", 8, kinds_set),
};
BP_DEVICE(kinds, "test-kinds", "Two kinds of interrupts", .state_size = sizeof(struct kinds),
          .window = 0x100, .regs = BP_ROWS(kinds_regs), .pins = BP_ROWS(kinds_pins),
          .interrupt_cells = 3, .fdt_interrupt = kinds_interrupt, .fdt_name = "intc3",
          .fdt_compatible = "test,kinds");
struct pulse {
    struct bp_pin *tick, *relay;
};
static const struct bp_pin_row pulse_pins[] = {
    { .name = "tick", .direction = BP_PIN_OUT, .field = offsetof(struct pulse, tick),
      .flags = BP_PIN_PULSES },
    { .name = "relay", .direction = BP_PIN_OUT, .field = offsetof(struct pulse, relay),
      .flags = BP_PIN_FORWARDS },
};
static const struct bp_reg pulse_regs[] = { { "NOTHING", 0, 32, .flags = BP_REG_UNIMPL } };
BP_DEVICE(pulse, "test-pulse", "Pulses", .state_size = sizeof(struct pulse), .window = 0x100,
          .regs = BP_ROWS(pulse_regs), .pins = BP_ROWS(pulse_pins), .fdt_name = "pulse");

#define BASE_PARTS                                                                                 \
    BP_CPU("cpu", "riscv64"), BP_RAM("ram", 0x80000000, 0, .flags = BP_PART_MAIN_RAM),             \
    BP_DEV("finisher", "sifive-test", 0x00100000), BP_DEV("intc", "test-intc", 0x10000000)
#define DEV(...) { .name = "dev", .kind = BP_PART_DEVICE, .device = "test-dev", __VA_ARGS__ }
#define TEST_BOARD(sym, name, parts_, wires_, ...)                                                 \
    BP_BOARD(sym, name, "A board for tests", .parts = BP_ROWS(parts_), .wires = BP_ROWS(wires_),   \
             .reset_pc = 0x80000000, .load_at = 0x80000000, __VA_ARGS__)

static const struct bp_part array_parts[] = {
    BASE_PARTS,
    DEV(.base = 0x20000000, .count = 3, .stride = 0x1000, BP_SET({ "level", "4%i" })),
    BP_DEV("lone", "test-dev", 0x20010000, .fdt_parent = "/extra"),
    BP_DEV("quiet", "test-dev", 0x20020000, .flags = BP_PART_NO_FDT),
};
static const struct bp_wire array_wires[] = {
    { "dev[*].out[0-1]", "intc.in[4-9]" },
    { "lone.out", "intc.in[10-13]" },
    { "dev[1].out[2-3]", "dev[2].in" },
    { "intc.out", "cpu.mei" },
};
static int array_build(void *board)
{
    const struct bp_part more = BP_DEV("built", "test-dev", 0x20030000);
    int r = bp_add_part(board, &more);
    if (r >= 0)
        r = bp_add_setting(board, "dev[2]", "level", "77");
    return r < 0 ? r : bp_add_wire(board, "built.out[3]", "intc.in[20]");
}
TEST_BOARD(arrays, "test-arrays", array_parts, array_wires,
           .fdt_compatible = "test,arrays test,board",
           .fdt_model = "arrays", .build = array_build);

static const struct bp_part kinds_parts[] = {
    BASE_PARTS, DEV(.base = 0x20000000), BP_DEV("kinds", "test-kinds", 0x30000000),
    BP_DEV("pulse", "test-pulse", 0x30001000),
};
static const struct bp_wire kinds_wires[] = {
    { "dev.out[0]", "kinds.shared[5]" },
    { "dev.out[1]", "kinds.own[3]" },
    { "pulse.tick", "kinds.own[4]" },
    { "pulse.relay", "kinds.own[6]" },
    { "intc.out", "cpu.mei" },
};
static void kinds_fdt(void *board, struct bp_fdt_node *root)
{
    static const char *const pins[] = { "dev.out[1]", "pulse.tick", "dev.out[3]", "dev.tuo[1]" };
    uint32_t all[4 * (1 + BP_FDT_INTERRUPT_CELLS)], n = 0;
    struct bp_fdt_node *controller = NULL;
    for (unsigned i = 0; i < 4; i++) {
        all[n] = bp_fdt_interrupt(root, pins[i], &controller, &all[n + 1]);
        n += 1 + all[n];
    }
    bp_fdt_u32(bp_fdt_get_node(root, "map"), "parent", bp_fdt_phandle(controller));
    bp_fdt_cells(bp_fdt_get_node(root, "map"), "lines", all, n);
}
TEST_BOARD(kinds_board, "test-kinds", kinds_parts, kinds_wires, .fdt_compatible = "test,kinds",
           .fdt = kinds_fdt);

static const struct bp_part one_dev[] = { BASE_PARTS, DEV(.base = 0x20000000) };
static const struct bp_part dev_array[] = {
    BASE_PARTS,
    DEV(.base = 0x20000000, .count = 2, .stride = 0x1000),
};
#define WRONG_WIRE(sym, name, parts_, from, to)                                                    \
    static const struct bp_wire sym##_wires[] = { { from, to } };                                  \
    TEST_BOARD(sym, name, parts_, sym##_wires)
WRONG_WIRE(pin, "wrong-pin", one_dev, "dev.uot", "intc.in[1]");
WRONG_WIRE(direction, "wrong-direction", one_dev, "dev.in[0]", "intc.in[1]");
WRONG_WIRE(index, "wrong-index", one_dev, "dev.out[4]", "intc.in[1]");
WRONG_WIRE(ends, "wrong-ends", one_dev, "dev.out[0-3]", "intc.in[1-3]");
WRONG_WIRE(part, "wrong-part", one_dev, "dve.out[0]", "intc.in[1]");
WRONG_WIRE(whole, "wrong-array", dev_array, "dev.out[0]", "intc.in[1]");
WRONG_WIRE(element, "wrong-element", dev_array, "dev[2].out[0]", "intc.in[1]");
WRONG_WIRE(syntax, "wrong-syntax", one_dev, "dev.out[3-1]", "intc.in[1]");
WRONG_WIRE(no_pin, "wrong-no-pin", one_dev, "dev", "intc.in[1]");
WRONG_WIRE(of_ram, "wrong-of-ram", one_dev, "ram.out", "intc.in[1]");
static const struct bp_wire twice_wires[] = {
    { "dev.out[0]", "intc.in[1]" },
    { "dev.out[0-1]", "intc.in[1-2]" },
};
TEST_BOARD(twice, "wrong-twice", one_dev, twice_wires);

static const struct bp_wire no_wires[] = { { "intc.out", "cpu.mei" } };
static const struct bp_part device_parts[] = { BASE_PARTS, BP_DEV("x", "test-dve", 0x20000000) };
TEST_BOARD(device, "wrong-device", device_parts, no_wires);
static const struct bp_part prop_parts[] = {
    BASE_PARTS,
    DEV(.base = 0x20000000, BP_SET({ "levle", "3" })),
};
TEST_BOARD(prop, "wrong-prop", prop_parts, no_wires);
static const struct bp_part value_parts[] = {
    BASE_PARTS,
    DEV(.base = 0x20000000, BP_SET({ "level", "101" })),
};
TEST_BOARD(value, "wrong-value", value_parts, no_wires);
static const struct bp_part overlap_parts[] = { BASE_PARTS, DEV(.base = 0x10000080) };
TEST_BOARD(overlap, "wrong-overlap", overlap_parts, no_wires);
static const struct bp_part name_parts[] = { BASE_PARTS, DEV(.base = 0x20000000),
                                             DEV(.base = 0x20001000) };
TEST_BOARD(name, "wrong-name", name_parts, no_wires);
static const struct bp_part size_parts[] = { BASE_PARTS, BP_RAM("tcm", 0x40000000, 0) };
TEST_BOARD(size, "wrong-size", size_parts, no_wires);
static int setting_build(void *board) { return bp_add_setting(board, "dve", "level", "1"); }
TEST_BOARD(setting, "wrong-setting", one_dev, no_wires, .build = setting_build);
static int late_finish(void *board) { return bp_add_wire(board, "dev.out[0]", "intc.in[0]"); }
TEST_BOARD(late, "wrong-late", one_dev, no_wires, .finish = late_finish);
/* Two instruction sets in one machine. */
static const struct bp_part mixed_parts[] = {
    BP_CPU("big", "riscv64"),
    BP_CPU("little", "riscv32", .count = 2),
    BP_RAM("ram", 0x80000000, 0, .flags = BP_PART_MAIN_RAM),
};
BP_BOARD(mixed, "test-mixed", "A board for tests", .parts = BP_ROWS(mixed_parts),
         .reset_pc = 0x80000000, .load_at = 0x80000000);
BP_PLUGIN("fixture-boards", "1.0", "MIT");
