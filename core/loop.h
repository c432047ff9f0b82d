/* SPDX-License-Identifier: MIT */
/* loop.h: the main loop, deferred calls, worker threads, and what drivers may use of them. */
#ifndef BACKPLANE_CORE_LOOP_H
#define BACKPLANE_CORE_LOOP_H

#include <backplane/host.h>

#include <glib.h>

struct machine;
struct part;
struct loop;

struct loop *loop_new(struct machine *m);
/* Joins the workers; what is still queued has run. */
void loop_free(struct loop *loop);
/* For a program that is debugged; else there is one from the beginning. Before anything is watched. */
void loop_make_context(struct loop *loop);
GMainContext *loop_context(struct loop *loop);
/* Runs until loop_quit(); the calling thread becomes the main loop's. [main] */
void loop_run(struct loop *loop);
void loop_quit(struct loop *loop);
/* The signal ends the process, after what runs at its end. */
void loop_let_signal_end(int number);
/* One round of what is ready, without blocking. [main] */
void loop_poll(struct loop *loop);

/* Calls fn(arg) on the main loop soon. PART may be NULL; with one, the call is dropped when the
 * part goes. [any] */
void loop_defer(struct loop *loop, struct part *part, void (*fn)(void *arg), void *arg);
/* Calls run(arg) on a worker thread. [any] */
void loop_work(struct loop *loop, void (*run)(void *arg), void *arg);
/* Waits until no worker runs anything and nothing is queued for one. [main, no lock held] */
void loop_drain_workers(struct loop *loop);
/* Waits for a part's jobs and makes its deferred calls now. [main, no lock held] */
void loop_settle(struct loop *loop, struct part *part);
/* The same, and removes its watches and timers: the part goes. */
void loop_forget(struct loop *loop, struct part *part);

extern const struct bp_host_api host_api; /* backplane.host/1 */

#endif
