// SPDX-License-Identifier: MIT
// plugin.cc: a device and a board in C++: what a vendor's C++ plugin needs of the SDK's macros.
#include <backplane/board.h>
#include <backplane/chardev.h>
#include <backplane/net.h>
#include <backplane/time.h>

namespace {

struct port {
    uint32_t sent;
    uint8_t last;
    bool enabled;
    bp_chardev *chardev;
    bp_net *netdev;
    bp_timer timer;
    bp_pin *irq;
};

port &self(void *dev) { return *static_cast<port *>(dev); }

void data_written(void *dev, unsigned, uint64_t value)
{
    port &s = self(dev);
    s.sent++;
    if (s.enabled)
        bp_chardev_put(s.chardev, static_cast<uint8_t>(value));
    bp_timer_arm(dev, &s.timer, bp_now(dev, BP_CLOCK_VIRTUAL) + BP_NS_PER_S);
    bp_pin_set(s.irq, true);
}
void fired(void *dev) { bp_pin_set(self(dev).irq, false); }
size_t room(void *) { return 1; }
void receive(void *dev, const uint8_t *bytes, size_t) { self(dev).last = bytes[0]; }
bool can_receive(void *) { return false; }
void frame(void *, const uint8_t *, size_t) {}

const bp_reg regs[] = {
    BP_REG("DATA", 0, 8, .write = data_written, .doc = "a byte to send"),
    BP_REG("LAST", 1, 8, BP_FIELD(port, last)),
    BP_REG("SENT", 4, 32, BP_FIELD(port, sent), .writable = 0xFF),
};
const bp_pin_row pins[] = { BP_OUT(port, irq) };
const bp_prop props[] = { BP_BOOL(port, enabled, false, "send at all") };
const bp_port ports[] = {
    BP_CHARDEV(port, chardev, room, receive),
    BP_NET(port, netdev, can_receive, frame),
};
const bp_timer_row timers[] = { BP_TIMER(port, timer, BP_CLOCK_VIRTUAL, fired) };

const bp_part parts[] = {
    BP_CPU("cpu", "riscv64"),
    BP_MAIN_RAM("ram", 0x80000000),
    BP_DEV("port", "cpp-port", 0x10000000, BP_SET({ "enabled", "on" })),
    BP_DEV("finisher", "sifive-test", 0x00100000),
};
const bp_wire wires[] = { { "port.irq", "cpu.mei" } };

} // namespace

BP_DEVICE_IN(port, "cpp-port", "char", "A port in C++", .state_size = sizeof(port), .window = 0x100,
             .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
             .ports = BP_ROWS(ports), .timers = BP_ROWS(timers));
BP_BOARD(board, "cpp-board", "A board in C++", .parts = BP_ROWS(parts), .wires = BP_ROWS(wires),
         .reset_pc = 0x80000000, .load_at = 0x80000000, .default_chardevs = "port.chardev");
BP_PLUGIN("cpp", "1.0", "MIT");
