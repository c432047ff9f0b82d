/* SPDX-License-Identifier: MIT */
/* signals.c: the host's signal numbers and gdb's (GDB's include/gdb/signals.def is the list; the manual says
 * that POSIX names have these numbers on every target). */
#include "gdb.h"

#include <signal.h>

#define GDB_SIGNAL_UNKNOWN 143u
#define GDB_SIGNAL_RT33 45u  /* 33 to 63 follow each other */
#define GDB_SIGNAL_RT32 77u
#define GDB_SIGNAL_RT64 78u

static const struct {
    int host;
    unsigned gdb;
} pairs[] = {
    { SIGHUP, 1 }, { SIGINT, 2 }, { SIGQUIT, 3 }, { SIGILL, 4 }, { SIGTRAP, 5 }, { SIGABRT, 6 },
    { SIGFPE, 8 }, { SIGKILL, 9 }, { SIGBUS, 10 }, { SIGSEGV, 11 }, { SIGSYS, 12 },
    { SIGPIPE, 13 }, { SIGALRM, 14 }, { SIGTERM, 15 }, { SIGURG, 16 }, { SIGSTOP, 17 },
    { SIGTSTP, 18 }, { SIGCONT, 19 }, { SIGCHLD, 20 }, { SIGTTIN, 21 }, { SIGTTOU, 22 },
    { SIGIO, 23 }, { SIGXCPU, 24 }, { SIGXFSZ, 25 }, { SIGVTALRM, 26 }, { SIGPROF, 27 },
    { SIGWINCH, 28 }, { SIGUSR1, 30 }, { SIGUSR2, 31 }, { SIGPWR, 32 },
};

unsigned gdb_signal_of_host(int signal)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].host == signal)
            return pairs[i].gdb;
    return signal == 32 ? GDB_SIGNAL_RT32
         : signal == 64 ? GDB_SIGNAL_RT64
         : signal >= 33 && signal <= 63 ? GDB_SIGNAL_RT33 + (unsigned)(signal - 33)
                                        : GDB_SIGNAL_UNKNOWN;
}

int host_signal_of_gdb(unsigned signal)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].gdb == signal)
            return pairs[i].host;
    return signal == GDB_SIGNAL_RT32 ? 32
         : signal == GDB_SIGNAL_RT64 ? 64
         : signal >= GDB_SIGNAL_RT33 && signal < GDB_SIGNAL_RT33 + 31
               ? 33 + (int)(signal - GDB_SIGNAL_RT33) : 0;
}
