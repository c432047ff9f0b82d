/* SPDX-License-Identifier: MIT */
/* gdb.h: what the files of the gdb stub share. */
#ifndef GDB_GDB_H
#define GDB_GDB_H

#include "packet.h"

#include <backplane/chardev.h>
#include <backplane/debug.h>
#include <backplane/host.h>

#define IN_MAX 65536  /* bytes that wait to be looked at */
#define GROUPS_MAX 32
#define ALL_THREADS UINT64_MAX

/* A thread as a packet names it. */
struct gdb_id {
    uint64_t pid; /* 0: any, ALL_THREADS; a group's number + 1, or a program's process id */
    uint64_t tid; /* 0: any, ALL_THREADS */
};

/* What a packet says of some threads; the first that matches one counts. */
struct gdb_order {
    struct gdb_id id;
    uint32_t what; /* enum bp_debug_do */
    int signal;    /* host's */
};
#define ORDERS_MAX 64

/* A breakpoint or watchpoint that gdb inserted: Z packets have more kinds than the core. */
struct gdb_point {
    unsigned type; /* 0 to 4 */
    struct bp_debug_point point;
};

enum gdb_state {
    GDB_ALONE,     /* no peer */
    GDB_ATTACHING, /* the machine is being stopped for a peer that has come */
    GDB_STOPPED,
    GDB_RUNNING,
    GDB_DETACHED,  /* the peer has let go, and may attach again */
    GDB_OVER,      /* the guest has ended */
};

struct gdb {
    struct bp_chardev *chardev;
    enum gdb_state state;
    bool peer;              /* connected */
    bool deferred;          /* gdb_serve() is on its way */
    uint8_t *waiting;       /* received, not looked at yet */
    size_t waiting_n;
    struct packet_in in;
    struct packet_out out, framed, scratch;
    /* the session */
    bool no_ack, multiprocess, swbreak, hwbreak, extended;
    bool owes_stop;         /* gdb waits for a stop reply */
    bool no_reply;          /* of the packet at hand */
    bool physical;          /* memory packets are gpa */
    unsigned step_flags;    /* BP_STEP_* */
    bool attached[GROUPS_MAX];
    uint64_t thread;        /* of g, m and so on: what H chose; never 0 while there are threads */
    struct gdb_id run_thread; /* Hc */
    struct bp_debug_event event; /* the last stop */
    bool stop_was_attach;   /* its reason is our own arrival */
    struct gdb_point *points;
    size_t point_n;
    uint32_t list_at;       /* qsThreadInfo */
    struct packet_out document; /* the object that is being read piece by piece ... */
    char document_name[256];    /* ... and which it is */
    uint8_t pass[32];       /* bit per gdb signal: not to be reported */
    struct gdb_order orders[ORDERS_MAX]; /* of the last resume */
    size_t order_n;
    struct bp_debug_action *actions; /* what they mean, thread by thread */
    uint32_t action_n;
    struct {
        bool open;
        uint8_t *bytes;     /* the whole file */
        size_t n;
    } files[8];             /* vFile */
};

/* ---- gdb.c */
/* Stops the machine for the peer; a session begins once it stands still. */
void gdb_attach(struct gdb *g);
void gdb_reply_error(struct gdb *g, unsigned number);
void gdb_reply_ok(struct gdb *g);
/* Sends a packet beside the reply. */
void gdb_send(struct gdb *g, const struct packet_out *body);

/* ---- threads.c */
bool gdb_find_thread(struct gdb *g, uint64_t tid, struct bp_debug_thread *ret);
/* The thread that g, m and others mean, and its group. */
uint32_t gdb_group(struct gdb *g);
bool gdb_take_id(struct gdb *g, const char **p, struct gdb_id *ret);
void gdb_out_id(struct gdb *g, struct packet_out *o, const struct bp_debug_thread *t);
uint64_t gdb_pid(struct gdb *g, uint32_t group);
/* Whether the id means this thread. */
bool gdb_id_matches(struct gdb *g, const struct gdb_id *id, const struct bp_debug_thread *t);
/* The first thread of a group that is attached. */
bool gdb_first_thread(struct gdb *g, struct bp_debug_thread *ret);
void gdb_threads_document(struct gdb *g, struct packet_out *o);
void cmd_set_thread(struct gdb *g, const char *p, size_t n);
void cmd_alive(struct gdb *g, const char *p, size_t n);
void cmd_current_thread(struct gdb *g, const char *p, size_t n);
void cmd_first_threads(struct gdb *g, const char *p, size_t n);
void cmd_next_threads(struct gdb *g, const char *p, size_t n);
void cmd_thread_extra(struct gdb *g, const char *p, size_t n);

/* ---- registers.c */
void gdb_out_reg(struct gdb *g, struct packet_out *o, uint64_t thread,
                 const struct bp_debug_reg *reg);
void gdb_features_document(struct gdb *g, struct packet_out *o);
bool gdb_set_pc(struct gdb *g, uint64_t thread, uint64_t pc);
void cmd_read_all(struct gdb *g, const char *p, size_t n);
void cmd_write_all(struct gdb *g, const char *p, size_t n);
void cmd_read_reg(struct gdb *g, const char *p, size_t n);
void cmd_write_reg(struct gdb *g, const char *p, size_t n);

/* ---- memory.c */
/* Type of the breakpoint there: 0, 1, or -1. */
int gdb_break_type(const struct gdb *g, uint64_t va);
void cmd_read_memory(struct gdb *g, const char *p, size_t n);
void cmd_write_memory(struct gdb *g, const char *p, size_t n);
void cmd_write_binary(struct gdb *g, const char *p, size_t n);
void cmd_insert(struct gdb *g, const char *p, size_t n);
void cmd_remove(struct gdb *g, const char *p, size_t n);

/* ---- run.c */
void gdb_out_stop(struct gdb *g, struct packet_out *o);
/* An event while gdb is there. */
void gdb_stopped(struct gdb *g, const struct bp_debug_event *e);
void cmd_why(struct gdb *g, const char *p, size_t n);
void cmd_continue(struct gdb *g, const char *p, size_t n);
void cmd_continue_signal(struct gdb *g, const char *p, size_t n);
void cmd_step(struct gdb *g, const char *p, size_t n);
void cmd_step_signal(struct gdb *g, const char *p, size_t n);
void cmd_vcont(struct gdb *g, const char *p, size_t n);
void cmd_vcont_query(struct gdb *g, const char *p, size_t n);
void cmd_interrupt(struct gdb *g, const char *p, size_t n);
void cmd_kill(struct gdb *g, const char *p, size_t n);
void cmd_vkill(struct gdb *g, const char *p, size_t n);
void cmd_attach(struct gdb *g, const char *p, size_t n);
void cmd_detach(struct gdb *g, const char *p, size_t n);
void cmd_restart(struct gdb *g, const char *p, size_t n);
void cmd_pass_signals(struct gdb *g, const char *p, size_t n);
void cmd_catch_calls(struct gdb *g, const char *p, size_t n);

/* ---- signals.c */
unsigned gdb_signal_of_host(int signal);
int host_signal_of_gdb(unsigned signal);

/* ---- query.c */
void cmd_supported(struct gdb *g, const char *p, size_t n);
void cmd_transfer(struct gdb *g, const char *p, size_t n);
void cmd_attached_query(struct gdb *g, const char *p, size_t n);
void cmd_no_ack(struct gdb *g, const char *p, size_t n);
void cmd_extended(struct gdb *g, const char *p, size_t n);
void cmd_ok(struct gdb *g, const char *p, size_t n);
void cmd_step_bits(struct gdb *g, const char *p, size_t n);
void cmd_step_query(struct gdb *g, const char *p, size_t n);
void cmd_step_set(struct gdb *g, const char *p, size_t n);
void cmd_physical_query(struct gdb *g, const char *p, size_t n);
void cmd_physical_set(struct gdb *g, const char *p, size_t n);

/* ---- monitor.c */
void cmd_monitor(struct gdb *g, const char *p, size_t n);

/* ---- file.c */
void gdb_close_files(struct gdb *g);
void cmd_file_open(struct gdb *g, const char *p, size_t n);
void cmd_file_read(struct gdb *g, const char *p, size_t n);
void cmd_file_stat(struct gdb *g, const char *p, size_t n);
void cmd_file_close(struct gdb *g, const char *p, size_t n);
void cmd_file_link(struct gdb *g, const char *p, size_t n);
void cmd_file_setfs(struct gdb *g, const char *p, size_t n);
void cmd_file_other(struct gdb *g, const char *p, size_t n);

#endif
