/* SPDX-License-Identifier: MIT */
/* packet.h: packets of gdb's remote protocol (GDB manual, appendix "Remote Protocol", Overview). */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 16384 /* bytes between $ and #, as told to gdb */

enum packet_got {
    GOT_NOTHING,   /* more bytes are needed */
    GOT_PACKET,    /* buf[0..n) is one, with a zero behind it */
    GOT_BAD,       /* wrong checksum or too long: ask for it again */
    GOT_ACK,       /* + */
    GOT_NAK,       /* - */
    GOT_INTERRUPT, /* byte 3 outside packets */
};

/* What arrives, byte by byte. Zeroed: ready. */
struct packet_in {
    enum { IN_IDLE, IN_BODY, IN_SUM1, IN_SUM2 } state;
    bool too_long;
    uint8_t sum, told;
    size_t n;
    char buf[PACKET_MAX + 1];
};

enum packet_got packet_in_put(struct packet_in *in, uint8_t byte);

/* A reply under construction; grows. Zeroed: ready. */
struct packet_out {
    char *buf;
    size_t n, room;
    bool failed; /* no memory */
};

void out_clear(struct packet_out *o);
void out_free(struct packet_out *o);
void out_char(struct packet_out *o, char c);
void out_text(struct packet_out *o, const char *text);
void out_format(struct packet_out *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Two hex digits a byte. */
void out_hex(struct packet_out *o, const void *bytes, size_t n);
/* With what must not stand in a packet escaped. */
void out_binary(struct packet_out *o, const void *bytes, size_t n);
/* The body between $ and #, checksum behind: ready to be sent. */
void out_frame(const struct packet_out *body, struct packet_out *ret);

/* A hex number at *p, which is moved behind it. False where there is none or it has more than 64
 * bits. */
bool take_hex(const char **p, uint64_t *ret);
/* Moves *p behind `word` where it stands there. */
bool take_word(const char **p, const char *word);
/* Pairs of hex digits to at most `room` bytes; how many bytes that made. Stops at the first pair that
 * is none. */
size_t from_hex(const char *text, size_t text_n, uint8_t *ret, size_t room);
/* Takes the escapes out, in place; the new length. */
size_t from_binary(char *bytes, size_t n);

#endif
