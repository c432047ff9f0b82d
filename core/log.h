/* SPDX-License-Identifier: MIT */
/* log.h: -d, -D and -dfilter, and the one-line errors. What the rest of the core calls is in
 * face.h. */
#ifndef BACKPLANE_CORE_LOG_H
#define BACKPLANE_CORE_LOG_H

#include "core/face.h"

#include <stdio.h>

/* Turns on items by the names of -d, separated by commas. 0 or -errno after core_error(). */
int log_set_items(const char *items);
/* Writes to a file instead of standard error. 0 or -errno after core_error(). */
int log_set_file(const char *path);
/* Before log_set_file(): a program shares this process: the log must not take a file descriptor
 * whose number the program counts on, nor hold text back over a fork(). `append`: to what is there.
 */
void log_for_program(bool append);
/* Adds address ranges: "start+size", "start-size", "start..end", separated by commas. */
int log_set_filter(const char *ranges);
/* The items with what they mean, for -d help. */
void log_help(FILE *out);
void log_vtext(const char *format, va_list ap);
/* Prefix of core_error() lines. */
void log_set_program(const char *name);
/* Gives their text to fn instead; NULL: to standard error. */
void log_errors_to(void (*fn)(const char *text));
void log_flush(void);
/* TEXT and a newline, written at once. */
void log_line(const char *text);

#endif
