/* SPDX-License-Identifier: MIT */
/*
 * test_interp_run.c: everything of the interpreter that is not arithmetic: memory with its slow
 * path and faults, atomics, exits and chaining, look-up of indirect jumps, calls, blocks, limits.
 */
#include "interp.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t ram_value(uint64_t va, unsigned bytes, bool big)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)rig->ram[va - RIG_RAM_AT + i] << 8 * (big ? bytes - 1 - i : i);
    return v;
}

static void test_accesses(void)
{
    static const struct {
        uint64_t va;
        bool slow;
    } places[] = { { 0x10008, 0 }, { 0x10001, 0 }, { 0x10ffd, 1 }, { 0x11ff8, 0 }, { 0x12010, 1 },
                   { 0x12f01, 1 } };
    static const char *const words[] = { "", " be", " acq", " rel", " acq rel", " be acq rel" };
    char text[400];
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {
        for (unsigned log2 = 0; log2 < 4; log2++) {
            for (unsigned w = 0; w < 6; w++) {
                unsigned bytes = 1u << log2, bits = 8 * bytes;
                bool big = strstr(words[w], "be");
                uint64_t va = places[p].va;
                bool slow = places[p].slow && (va != 0x10ffd || bytes > 2);
                for (unsigned sign = 0; sign < 2; sign++) {
                    rig_reset(rig);
                    rig_set(rig, R0, va - 16);
                    uint64_t v = ram_value(va, bytes, big);
                    uint64_t want = sign ? cut(64, as_signed(bits, v)) : v;
                    snprintf(text, sizeof text,
                             "mark 0 4\n%%1 = get.i64 r0\n%%2 = load.i64.%c%u [%%1 + 16] mmu1%s\n"
                             "put r1, %%2\nexit 0\n",
                             sign ? 's' : 'u', bits, words[w]);
                    run_one("load", text, R0 + 1, want);
                    expect(rig->slow_calls == slow, "load at %" PRIx64 " took %u slow calls", va,
                           rig->slow_calls);
                    if (bits > 32)
                        continue;
                    snprintf(text, sizeof text,
                             "mark 0 4\n%%1 = get.i64 r0\n%%2 = load.i32.%c%u [%%1 + 16] mmu1%s\n"
                             "put w1, %%2\nexit 0\n",
                             sign ? 's' : 'u', bits, words[w]);
                    run_one("load", text, W0 + 1, cut(32, want));
                }
                rig_reset(rig);
                rig_set(rig, R0, va + 16);
                rig_set(rig, R0 + 1, 0x1122334455667788);
                uint8_t before = rig->ram[va - RIG_RAM_AT + bytes];
                snprintf(text, sizeof text,
                         "mark 0 4\n%%1 = get.i64 r0\n%%2 = get.i64 r1\n"
                         "store.%u [%%1 - 16], %%2 mmu1%s\nput r2, %%2\nexit 0\n",
                         bits, words[w]);
                run_one("store", text, R0 + 2, 0x1122334455667788);
                expect(ram_value(va, bytes, big) == cut(bits, 0x1122334455667788),
                       "%s wrote %" PRIx64, text, ram_value(va, bytes, big));
                expect(rig->ram[va - RIG_RAM_AT + bytes] == before, "%s wrote too much", text);
            }
        }
    }
}

static void test_address_width(void)
{
    rig_reset(rig);
    rig_set(rig, W0, 0xffffffff);
    run_one("an i32 address wraps",
            "mark 0 4\n%1 = get.i32 w0\n%2 = load.i64.u8 [%1 + 65540] mmu1\nput r1, %2\nexit 0\n",
            R0 + 1, rig->ram[3]);
    rig_set(rig, R0, 0x1000f);
    run_one("a negative displacement",
            "mark 0 4\n%1 = get.i64 r0\n%2 = load.f64.u64 [%1 - 7] mmu1\nput d0, %2\nexit 0\n", D0,
            ram_value(0x10008, 8, false));
    run_one("a float of 32 bits",
            "mark 0 4\n%1 = get.i64 r0\n%2 = load.f32.u32 [%1 - 7] mmu1\nput s0, %2\nexit 0\n", S0,
            ram_value(0x10008, 4, false));
}

/* A fault leaves by longjmp with its site in the slot. */
static void expect_fault(const char *text, uint64_t address, unsigned site, unsigned mark)
{
    const uint8_t *code = compile(text);
    if (!code)
        return;
    rig_set(rig, R0, address);
    uint64_t out = rig_run(rig, code);
    expect(out == RIG_FAULT, "no fault in\n%s", text);
    expect(rig->site_count > site, "site %u is missing in\n%s", site, text);
    expect(rig->fields.site == rig->sites[site].code + rig->exit_base, "wrong site slot in\n%s",
           text);
    expect(rig->sites[site].mark == mark, "site has mark %u\n%s", rig->sites[site].mark, text);
}

static void test_faults(void)
{
    rig_reset(rig);
    expect_fault("mark 0 4\n%2 = get.i64 r0\nput r1, %2\nmark 4 4\n%5 = load.i64.u64 [%2] mmu1\n"
                 "put r1, %5\nexit 0\n",
                 0x20000, 0, 4);
    expect(rig->fault_address == 0x20000, "fault at %" PRIx64, rig->fault_address);
    expect(rig_get(rig, R0 + 1) == 0x20000, "the put before the fault is lost");
    expect_fault("mark 0 4\n%2 = get.i64 r0\nstore.64 [%2], %2 mmu1\nexit 0\n", 0x13000, 0, 1);
    expect_fault("mark 0 4\n%2 = get.i64 r0\nstore.32 [%2], %2 mmu1 be\nexit 0\n", 0x13000, 0, 1);
    expect_fault("mark 0 4\n%2 = get.i64 r0\n%3 = load.i64.u32 [%2] mmu1 aligned\nexit 0\n",
                 0x10002, 0, 1);
    expect_fault("mark 0 4\n%2 = get.i64 r0\nstore.64 [%2], %2 mmu1 aligned\nexit 0\n", 0x10004, 0,
                 1);
    expect_fault("mark 0 4\n%2 = get.i64 r0\n%3 = rmw.i64.u64.add [%2], %2 mmu1\nexit 0\n", 0x13000,
                 0, 1);
    expect_fault("mark 0 4\n%2 = get.i64 r0\n%3 = cas.i64.u64 [%2], %2, %2 mmu1\nexit 0\n", 0x13000,
                 0, 1);
}

static uint64_t reference_rmw(unsigned kind, unsigned bits, uint64_t old, uint64_t v)
{
    wide a = as_signed(bits, old), b = as_signed(bits, v);
    wide ua = as_unsigned(bits, old), ub = as_unsigned(bits, v);
    const wide results[] = { b, a + b, a & b, a | b, a ^ b, a < b ? a : b, a > b ? a : b,
                             ua < ub ? ua : ub, ua > ub ? ua : ub };
    return cut(bits, results[kind]);
}

static void test_atomics(void)
{
    static const char *const kinds[] = { "xchg", "add", "and", "or", "xor", "min", "max", "minu",
                                         "maxu" };
    static const uint64_t values[] = { 0, 1, 0x7f01020304050607, 0x8899aabbccddeeff, UINT64_MAX };
    char text[400];
    for (unsigned kind = 0; kind < 9; kind++) {
        for (unsigned log2 = 0; log2 < 4; log2++) {
            for (unsigned big = 0; big < 2; big++) {
                for (unsigned v = 0; v < 5; v++) {
                    unsigned bits = 8u << log2;
                    rig_reset(rig);
                    rig_set(rig, R0, 0x10010);
                    rig_set(rig, R0 + 1, values[v]);
                    uint64_t old = ram_value(0x10010, 1u << log2, big);
                    snprintf(
                        text, sizeof text,
                        "mark 0 4\n%%1 = get.i64 r0\n%%2 = get.i64 r1\n"
                        "%%3 = rmw.i64.s%u.%s [%%1], %%2 mmu1%s acq rel\nput r2, %%3\nexit 0\n",
                        bits, kinds[kind], big ? " be" : "");
                    run_one("rmw", text, R0 + 2, cut(64, as_signed(bits, old)));
                    expect(ram_value(0x10010, 1u << log2, big) ==
                               reference_rmw(kind, bits, old, values[v]),
                           "%s left %" PRIx64, text, ram_value(0x10010, 1u << log2, big));
                }
            }
        }
    }
    for (unsigned log2 = 0; log2 < 4; log2++) {
        for (unsigned match = 0; match < 2; match++) {
            unsigned bits = 8u << log2;
            rig_reset(rig);
            uint64_t old = ram_value(0x10010, 1u << log2, false);
            rig_set(rig, R0, 0x10010);
            rig_set(rig, R0 + 1, match ? (old | 0xff00000000000000) : old + 1);
            rig_set(rig, R0 + 2, 0x0102030405060708);
            snprintf(text, sizeof text,
                     "mark 0 4\n%%1 = get.i64 r0\n%%2 = get.i64 r1\n%%3 = get.i64 r2\n"
                     "%%4 = cas.i64.u%u [%%1], %%2, %%3 mmu1\nput r3, %%4\nexit 0\n",
                     bits);
            bool hit = match && (bits < 64 || old >> 56 == 0xff);
            run_one("cas", text, R0 + 3, old);
            expect(ram_value(0x10010, 1u << log2, false) ==
                       (hit ? cut(bits, 0x0102030405060708) : old),
                   "%s match %u left %" PRIx64, text, match, ram_value(0x10010, 1u << log2, false));
        }
    }
    rig_reset(rig);
    rig_set(rig, R0, 0x12010);
    rig_set(rig, R0 + 1, 5);
    uint64_t old = ram_value(0x12010, 8, false);
    run_one("rmw by the slow path",
            "mark 0 4\n%1 = get.i64 r0\n%2 = get.i64 r1\n%3 = rmw.i64.u64.add [%1], %2 mmu1\n"
            "put r2, %3\nfence rr rw wr ww\nfence ww\nexit 0\n",
            R0 + 2, old);
    expect(ram_value(0x12010, 8, false) == old + 5 && rig->slow_calls == 1, "slow rmw");
}

/* ---- leaving, chaining, calls, blocks -------------------------------------------------------- */

static void test_exits(void)
{
    rig_reset(rig);
    rig_clear(rig);
    if (!rig_parse(&buffer, "%1 = get.i64 r0\n%2 = const.i64 5\nexit_if.eq %1, %2 -> 0x100\n"
                            "%4 = add.i64 %1, %2\nput r0, %4\nexit 0x200 loop\n")) {
        failures++;
        return;
    }
    buffer.exits[0].cookie = 0x1000;
    buffer.exits[1].cookie = 0x2000;
    const uint8_t *first = rig_compile(rig, &buffer);
    uint32_t patch0 = rig->exit_patch[0], patch1 = rig->exit_patch[1], base = rig->exit_base;
    if (!first)
        return;
    expect(rig_run(rig, first) == (0x2000 | BP_OUT_EXIT), "unchained exit");
    expect(rig_run(rig, first) == (0x1000 | BP_OUT_EXIT), "exit_if taken");
    expect(rig_get(rig, R0) == 5, "r0 after exits is %" PRIx64, rig_get(rig, R0));
    expect(rig_parse(&buffer, "%1 = get.i64 r1\n%2 = const.i64 1\n%3 = add.i64 %1, %2\nput r1, %3\n"
                              "leave halt 0x300\n"), "parse");
    const uint8_t *second = rig_compile(rig, &buffer);
    if (!second)
        return;
    expect(patch0 != UINT32_MAX && patch1 != UINT32_MAX, "exits can be patched");
    rig->backend->patch(rig->code + base + patch0, rig->code + base + patch0, second);
    rig->backend->patch(rig->code + base + patch1, rig->code + base + patch1, second);
    expect(rig_run(rig, first) == (BP_LEAVE_HALT << 3 | BP_OUT_LEAVE), "chained to leave");
    expect(rig_get(rig, R0 + 1) == 1 && rig->fields.pc == 0x300, "ran the second translation");
    rig_set(rig, R0, 0);
    rig->fields.interrupt = 1;
    expect(rig_run(rig, first) == (0x2000 | BP_OUT_INTERRUPT),
           "a loop exit looks at the interrupt flag");
    expect(rig_get(rig, R0 + 1) == 1, "and does not go on");
    expect(rig_run(rig, first) == (BP_LEAVE_HALT << 3 | BP_OUT_LEAVE), "another exit does not");
    rig->fields.interrupt = 0;
    rig->backend->patch(rig->code + base + patch0, rig->code + base + patch0, NULL);
    expect(rig_run(rig, first) == (0x1000 | BP_OUT_EXIT), "unchained again");
}

static void test_lookup(void)
{
    rig_reset(rig);
    rig_clear(rig);
    bool ok = rig_parse(&buffer, "%1 = const.i64 7\nput r1, %1\nleave state\n");
    const uint8_t *to = ok ? rig_compile(rig, &buffer) : NULL;
    ok = ok && rig_parse(&buffer, "%1 = get.i64 r0\nexit_to %1 return\n");
    const uint8_t *indirect = ok ? rig_compile(rig, &buffer) : NULL;
    ok = ok && rig_parse(&buffer, "%1 = get.i32 w0\nexit_to %1\n");
    const uint8_t *narrow = ok ? rig_compile(rig, &buffer) : NULL;
    ok = ok && rig_parse(&buffer, "exit 0x80001236 lookup\n");
    const uint8_t *direct = ok ? rig_compile(rig, &buffer) : NULL;
    expect(ok && to && indirect && narrow && direct, "translations for look-up");
    if (!direct)
        return;
    expect(rig->exit_patch[0] == UINT32_MAX, "a look-up exit is never patched");
    const uint64_t pc = 0x80001236;
    struct bp_jump_slot *slot = &rig->jumps[bp_jump_index(pc, 1)];
    rig_set(rig, R0, pc);
    rig_set(rig, W0, pc);
    rig->fields.jump_tag = 9;
    const uint8_t *const all[] = { indirect, narrow, direct };
    const uint64_t how[] = { (1 + BP_HINT_RETURN) << 3, (1 + BP_HINT_NONE) << 3, 0 };
    for (unsigned i = 0; i < 3; i++) {
        *slot = (struct bp_jump_slot){ 0 };
        rig->fields.pc = 0;
        expect(rig_run(rig, all[i]) == (how[i] | BP_OUT_LOOKUP) && rig->fields.pc == pc, "miss %u", i);
        *slot = (struct bp_jump_slot){ pc, 8, to, 0 };
        expect(rig_run(rig, all[i]) == (how[i] | BP_OUT_LOOKUP), "another tag %u", i);
        slot->tag = 9;
        rig_set(rig, R0 + 1, 0);
        expect(rig_run(rig, all[i]) == (BP_LEAVE_STATE << 3 | BP_OUT_LEAVE), "hit %u", i);
        expect(rig_get(rig, R0 + 1) == 7, "ran what was found");
        rig->fields.interrupt = 1;
        expect(rig_run(rig, all[i]) == (how[i] | BP_OUT_LOOKUP_INTERRUPT) && rig->fields.pc == pc,
               "interrupt %u", i);
        rig->fields.interrupt = 0;
    }
    *slot = (struct bp_jump_slot){ 0 };
}

static void test_calls(void)
{
    rig_reset(rig);
    rig_set(rig, R0, 40);
    run_one("call", "%1 = get.i64 r0\n%2 = const.i64 2\narg %1\narg %2\n%3 = call.i64 add2 2\n"
                    "put r1, %3\nexit 0\n", R0 + 1, 42);
    run_one(
        "args of all widths",
        "%1 = const.i8 0xfe\n%2 = const.i16 0x8001\n%3 = const.i32 0xf0000001\n%4 = const.i64 "
        "0x1000000000000000\n%5 = const.f64 0x7f00000000000000\narg %1\narg %2\narg %3\narg %4\n"
        "arg %5\n%6 = call.i64 widths 5\nput r1, %6\nexit 0\n",
        R0 + 1, 0xfe + 0x100ull * 0x8001 + 0x1000000ull * 0xf0000001 + 0x1000000000000000 + 0x7f);
    rig_set(rig, R0 + 7, 0xfedcba9876543210);
    run_one("env and a narrow result", "%1 = call.i32 get_r7 0\nput w1, %1\nexit 0\n", W0 + 1,
            0x76543210);
    run_one("a float result",
            "%1 = const.f32 0x3f800000\narg %1\n%2 = call.f32 fret 1\nput s1, %2\n"
            "exit 0\n",
            S0 + 1, 0xbf800000);
    run_one("state written by the helper",
            "%1 = const.i64 99\narg %1\ncall set_r7 1\n%2 = get.i64 r7\nput r1, %2\nexit 0\n",
            R0 + 1, 99);
    expect_fault("mark 0 4\n%2 = get.i64 r0\nput r1, %2\nmark 4 2\ncall raise 0\nexit 0\n", 1, 0,
                 4);
    expect_fault("mark 0 4\nmark 8 2\ncall halt 0\n", 1, 0, 2);
}

static void test_count(void)
{
    char text[200];
    int before_env = (int)(offsetof(struct rig, env) - offsetof(struct rig, fields.counter));
    rig_reset(rig);
    snprintf(text, sizeof text, "count [env - %d] += 0x100000005\ncount [env - %d] += -2\nexit 0\n",
             before_env, before_env);
    const uint8_t *code = compile(text);
    if (!code)
        return;
    rig_run(rig, code);
    rig_run(rig, code);
    expect(rig->fields.counter == 0x200000006, "count gave %" PRIx64, rig->fields.counter);
}

static void test_blocks(void)
{
    rig_reset(rig);
    rig_set(rig, R0, 10);
    /* the loop passes its two parameters crosswise: a copy one after the other would lose one */
    run_one(
        "Fibonacci by block parameters",
        "%1 = get.i64 r0\n%2 = const.i64 0\n%3 = const.i64 1\narg %1\narg %2\narg %3\njump -> b8\n"
        "block b8 3\n%9 = param.i64\n%10 = param.i64\n%11 = param.i64\n"
        "%12 = add.i64 %10, %11\n%13 = sub.i64 %9, %3\narg %13\narg %11\narg %12\n"
        "branch.ne %13, %2 -> b8\nblock b20 0\nput r1, %11\nput r2, %12\nexit 0\n",
        R0 + 2, 89);
    expect(rig_get(rig, R0 + 1) == 55, "first of the pair is %" PRIu64, rig_get(rig, R0 + 1));
    rig_set(rig, R0, 3);
    run_one("parameters that change places",
            "%1 = get.i64 r0\n%2 = const.i64 0\n%3 = const.i64 1\n%4 = const.i64 111\n"
            "%5 = const.i64 222\narg %1\narg %4\narg %5\njump -> b9\n"
            "block b9 3\n%10 = param.i64\n%11 = param.i64\n%12 = param.i64\n"
            "%13 = sub.i64 %10, %3\narg %13\narg %12\narg %11\n"
            "branch.ne %13, %2 -> b9\nblock b20 0\nput r1, %11\nput r2, %12\nexit 0\n",
            R0 + 1, 111);
    rig_set(rig, R0, 2);
    run_one("a value from before the loop outlives slots that the loop takes",
            "%1 = get.i64 r0\n%2 = const.i64 0\n%3 = const.i64 1\n%4 = const.i64 1000\narg %1\n"
            "arg %2\njump -> b7\nblock b7 2\n%8 = param.i64\n%9 = param.i64\n"
            "%10 = add.i64 %9, %4\n%11 = mul.i64 %8, %8\n%12 = add.i64 %10, %11\n"
            "%13 = sub.i64 %8, %3\narg %13\narg %12\nbranch.ne %13, %2 -> b7\nblock b20 0\n"
            "put r1, %12\nexit 0\n",
            R0 + 1, 2005);
}

/* More values alive at once than a frame holds are refused, not overrun. */
static void test_limits(void)
{
    ir_reset(&buffer);
    const unsigned n = 5000;
    for (unsigned i = 0; i < n; i++)
        ir_append_raw(&buffer, (struct bp_ir){ BP_GET, BP_I64, (uint16_t)(i % 8), 0, 0, 0 });
    for (unsigned i = 0; i < n; i++)
        ir_append_raw(&buffer, (struct bp_ir){ BP_PUT, BP_VOID, 0, i + 1, 0, 0 });
    uint32_t exit = ir_add_exit(&buffer, &(struct bp_ir_exit){ .pc = 4 });
    ir_append_raw(&buffer, (struct bp_ir){ BP_EXIT, BP_VOID, 0, 0, 0, exit });
    char msg[200];
    expect(ir_check(&buffer, msg, sizeof msg), "%s", msg);
    rig_clear(rig);
    fprintf(stderr, "(expected here: a refusal) ");
    expect(!rig_compile(rig, &buffer), "5000 values alive at once");
}

static void test_disassembler(void)
{
    const uint8_t *code = compile("mark 0 4\n%1 = get.i64 r0\n%2 = load.i64.u64 [%1 + 8] mmu1\n"
                                  "exit_if.eq %1, %2 -> 8\nput r1, %2\nexit 0\n");
    char line[120], all[1000] = "";
    for (unsigned at = 0, n; code && rig->exit_base + at < rig->code_used; at += n) {
        n = rig->backend->disassemble(code + at, rig->code_used - rig->exit_base - at, at, line,
                                      sizeof line);
        if (!n)
            break;
        strcat(strcat(all, line), "\n");
    }
    expect(strstr(all, "get_64") && strstr(all, "load_u_64") && strstr(all, "jump_eq_64") &&
               strstr(all, "exit"),
           "disassembly:\n%s", all);
    expect(rig->backend->disassemble((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0,
                                     line, sizeof line) == 0,
           "junk is no instruction");
}

int main(void)
{
    set_up();
    test_accesses();
    test_address_width();
    test_faults();
    test_atomics();
    test_exits();
    test_lookup();
    test_calls();
    test_count();
    test_blocks();
    test_limits();
    test_disassembler();
    return report("interpreter, running");
}
