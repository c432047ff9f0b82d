/* SPDX-License-Identifier: MIT */
/* test_chardev.c: the chardev drivers behind a UART, with this program as their peer. */
#include "rig.h"

#include <core/loop.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct rig r;
static char folder[] = "/tmp/bp-chardev-XXXXXX", path[128];

static void setup(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/it", folder);
    rig_open(&r);
}

static void teardown(void)
{
    rig_close(&r);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* drivers leave nothing behind */
}

/* The driver behind the UART's port; settings as name, value, ..., NULL. */
static int attach(const char *driver, ...)
{
    struct bp_set settings[8];
    uint32_t n = 0;
    va_list ap;
    va_start(ap, driver);
    const char *name;
    while ((name = va_arg(ap, const char *)))
        settings[n++] = (struct bp_set){ name, va_arg(ap, const char *) };
    va_end(ap);
    const struct bp_chardev_driver *d = (const void *)rig_entity(BP_KIND_CHARDEV, driver);
    int result = chardev_new(r.m, d, "chardev", settings, n, NULL);
    if (!result)
        rig_device(&r, "ns16550a", NULL);
    return result;
}

static void guest_sends(const char *text)
{
    for (; *text; text++)
        rig_write(&r, 0, 0, 1, (uint8_t)*text);
    rig_poll(&r);
}

/* What the guest receives within half a minute, at most n bytes. */
static const char *guest_gets(size_t n)
{
    static char buf[4096];
    size_t got = 0;
    for (unsigned tries = 0; tries < 30000 && got < n; tries++) {
        rig_poll(&r);
        while (got < n && rig_read(&r, 0, 5, 1) & 1)
            buf[got++] = (char)rig_read(&r, 0, 0, 1);
        if (got < n)
            usleep(1000);
    }
    buf[got] = 0;
    return buf;
}

/* What arrives on fd within half a minute, at most n bytes. */
static const char *peer_gets(int fd, size_t n)
{
    static char buf[4096];
    size_t got = 0;
    struct pollfd p = { fd, POLLIN, 0 };
    for (unsigned tries = 0; tries < 30000 && got < n; tries++) {
        rig_poll(&r);
        if (poll(&p, 1, 1) == 1) {
            ssize_t k = read(fd, buf + got, n - got);
            if (k <= 0)
                break;
            got += (size_t)k;
        }
    }
    buf[got] = 0;
    return buf;
}

/* ---- sockets ------------------------------------------------------------------------------------ */

static int peer_connects(void)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    strcpy(un.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    rig_poll(&r);
    return fd;
}

static int peer_listens(void)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    strcpy(un.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(server_and_its_peers)
{
    ck_assert_int_eq(attach("socket", "path", path, "server", "on", "wait", "off", NULL), 0);
    guest_sends("nobody hears");
    for (unsigned i = 0; i < 3; i++) {
        int fd = peer_connects();
        guest_sends("hello");
        ck_assert_str_eq(peer_gets(fd, 5), "hello");
        ck_assert_int_eq(write(fd, "a longer answer than fits", 25), 25);
        ck_assert_str_eq(guest_gets(25), "a longer answer than fits");
        if (i == 1)
            guest_sends("lost on the way"); /* the peer goes without reading it */
        close(fd);
        guest_sends("x"), guest_sends("y");
    }
}
END_TEST

START_TEST(server_waits)
{
    /* The peer is a child: opening blocks until it has connected. */
    pid_t child = fork();
    if (!child) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        strcpy(un.sun_path, path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        while (connect(fd, (struct sockaddr *)&un, sizeof un) < 0)
            usleep(1000);
        _exit(write(fd, "up", 2) == 2 ? 0 : 1);
    }
    ck_assert_int_eq(attach("socket", "path", path, "server", "on", NULL), 0);
    ck_assert_str_eq(guest_gets(2), "up");
}
END_TEST

START_TEST(client_and_a_vanishing_server)
{
    int listener = peer_listens();
    ck_assert_int_eq(attach("socket", "path", path, "reconnect", "1", NULL), 0);
    int fd = accept(listener, NULL, NULL);
    guest_sends("one");
    ck_assert_str_eq(peer_gets(fd, 3), "one");
    close(fd);
    guest_sends("gone");
    struct pollfd p = { listener, POLLIN, 0 };
    for (unsigned i = 0; i < 3000 && poll(&p, 1, 10) != 1; i++)
        rig_poll(&r);
    fd = accept(listener, NULL, NULL); /* it came back */
    ck_assert_int_eq(write(fd, "two", 3), 3);
    ck_assert_str_eq(guest_gets(3), "two");
    close(fd);
    close(listener);
    unlink(path);
    guest_sends("nobody");
}
END_TEST

START_TEST(slow_peer_loses_nothing)
{
    ck_assert_int_eq(attach("socket", "path", path, "server", "on", "wait", "off", NULL), 0);
    int fd = peer_connects();
    enum { TOTAL = 600000 };
    for (unsigned i = 0; i < TOTAL; i++)
        rig_write(&r, 0, 0, 1, (uint8_t)(i * 31));
    unsigned got = 0;
    uint8_t buf[3000];
    struct pollfd p = { fd, POLLIN, 0 };
    while (got < TOTAL) {
        rig_poll(&r);
        if (poll(&p, 1, 30000) != 1)
            break;
        ssize_t n = read(fd, buf, sizeof buf);
        ck_assert_int_gt(n, 0);
        for (ssize_t i = 0; i < n; i++, got++)
            ck_assert_uint_eq(buf[i], (uint8_t)(got * 31));
    }
    ck_assert_uint_eq(got, TOTAL);
    close(fd);
}
END_TEST

START_TEST(tcp)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t n = sizeof in;
    char port[16];
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &n), 0);
    snprintf(port, sizeof port, "%u", ntohs(in.sin_port));
    ck_assert_int_eq(attach("socket", "host", "127.0.0.1", "port", port, "nodelay", "on", NULL), 0);
    int fd = accept(listener, NULL, NULL);
    guest_sends("over tcp");
    ck_assert_str_eq(peer_gets(fd, 8), "over tcp");
    struct linger hard = { 1, 0 }; /* a reset instead of an orderly end */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    guest_sends("a"), guest_sends("b"), guest_sends("c");
    close(listener);
}
END_TEST

START_TEST(sockets_refused)
{
    ck_assert_int_lt(attach("socket", "path", path, NULL), 0); /* nobody listens */
    ck_assert_int_lt(attach("socket", NULL), 0);
    ck_assert_int_lt(attach("socket", "path", path, "port", "1", NULL), 0);
    ck_assert_int_lt(attach("socket", "path", "/nonexistent/x", "server", "on", NULL), 0);
}
END_TEST

/* ---- files, nothing ----------------------------------------------------------------------------- */

static void check_file(const char *expected)
{
    char buf[64] = "";
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    fclose(f);
    ck_assert_uint_eq(n, strlen(expected));
    ck_assert_str_eq(buf, expected);
}

START_TEST(file)
{
    ck_assert_int_eq(attach("file", "path", path, NULL), 0);
    guest_sends("first");
    check_file("first");
    rig_close(&r), rig_open(&r);
    ck_assert_int_eq(attach("file", "path", path, "append", "on", NULL), 0);
    guest_sends(" second");
    check_file("first second");
    rig_close(&r), rig_open(&r);
    ck_assert_int_eq(attach("file", "path", path, NULL), 0);
    guest_sends("third");
    check_file("third");
    rig_close(&r), rig_open(&r);
    ck_assert_int_lt(attach("file", "path", "/nonexistent/x", NULL), 0);
    ck_assert_int_lt(attach("file", NULL), 0);
}
END_TEST

START_TEST(full_disk)
{
    ck_assert_int_eq(attach("file", "path", "/dev/full", NULL), 0);
    for (unsigned i = 0; i < 1000; i++)
        guest_sends("into the void");
    ck_assert_uint_eq(rig_read(&r, 0, 5, 1), 0x60);
}
END_TEST

START_TEST(null)
{
    ck_assert_int_eq(attach("null", NULL), 0);
    guest_sends("swallowed");
    ck_assert_str_eq(guest_gets(0), "");
}
END_TEST

/* ---- terminals ---------------------------------------------------------------------------------- */

START_TEST(pty)
{
    ck_assert_int_eq(attach("pty", "path", path, NULL), 0);
    for (unsigned i = 0; i < 2; i++) { /* users come and go */
        int fd = open(path, O_RDWR | O_NOCTTY);
        ck_assert_int_ge(fd, 0);
        guest_sends("tty\r\n");
        ck_assert_str_eq(peer_gets(fd, 5), "tty\r\n");
        ck_assert_int_eq(write(fd, "in\003\n", 4), 4);
        ck_assert_str_eq(guest_gets(4), "in\003\n");
        close(fd);
    }
}
END_TEST

/* Standard input and output become a terminal whose other side is returned. */
static int saved_in, saved_out, terminal;

static int enter_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master) + unlockpt(master), 0);
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    fflush(stdout);
    saved_in = dup(0), saved_out = dup(1);
    dup2(terminal, 0), dup2(terminal, 1);
    return master;
}

static void leave_terminal(int master)
{
    dup2(saved_in, 0), dup2(saved_out, 1);
    close(saved_in), close(saved_out), close(terminal), close(master);
}

START_TEST(stdio_terminal)
{
    int master = enter_terminal();
    int result = attach("stdio", "signal", "off", "escape", "on", NULL);
    guest_sends("$ ");
    char prompt[3] = "", typed[8] = "", both[4] = "";
    strncpy(prompt, peer_gets(master, 2), 2);
    bool wrote = write(master, "ls\r\001\001", 5) == 5;
    strncpy(typed, guest_gets(4), 7);
    bool quit_early = r.m->requests != 0;
    /* The guest stops reading: quitting must still work. */
    char flood[3000];
    memset(flood, 'f', sizeof flood);
    wrote = wrote && write(master, flood, sizeof flood) == sizeof flood;
    rig_poll(&r);
    wrote = wrote && write(master, "\001x", 2) == 2;
    for (unsigned i = 0; i < 30000 && !r.m->requests; i++) {
        rig_poll(&r);
        usleep(1000);
    }
    uint32_t requests = r.m->requests;
    strncpy(both, guest_gets(3), 3);
    rig_close(&r);
    rig_open(&r);
    leave_terminal(master);
    ck_assert_int_eq(result, 0);
    ck_assert(wrote);
    ck_assert_str_eq(prompt, "$ ");
    ck_assert_str_eq(typed, "ls\r\001");
    ck_assert_str_eq(both, "fff");
    ck_assert(!quit_early);
    ck_assert_uint_eq(requests, REQUEST_SHUTDOWN);
}
END_TEST

/* The process group of a session of its own, so that the terminal may be made raw; and put back. */
START_TEST(stdio_raw_and_back)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), status;
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master) + unlockpt(master), 0);
    int keeper = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios t;
    pid_t child = fork();
    if (!child) {
        setsid();
        int fd = open(ptsname(master), O_RDWR); /* becomes the controlling terminal */
        dup2(fd, 0), dup2(fd, 1);
        if (attach("stdio", "signal", "off", NULL) != 0 || tcgetattr(0, &t) < 0)
            _exit(2);
        if (t.c_lflag & (ICANON | ECHO | ISIG) || t.c_iflag & ICRNL)
            _exit(3);
        rig_close(&r);
        tcgetattr(0, &t);
        _exit(t.c_lflag & ICANON && t.c_lflag & ECHO && t.c_lflag & ISIG ? 0 : 4);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(keeper), close(master);
}
END_TEST

START_TEST(stdio_pipes_are_plain)
{
    int in[2], out[2];
    ck_assert_int_eq(pipe(in) + pipe(out), 0);
    fflush(stdout);
    saved_in = dup(0), saved_out = dup(1);
    dup2(in[0], 0), dup2(out[1], 1);
    int result = attach("stdio", NULL);
    bool wrote = write(in[1], "\001x\003", 3) == 3;
    close(in[1]);
    char got[4] = "", sent[8] = "";
    strncpy(got, guest_gets(3), 3);
    guest_sends("out\n"); /* after the end of input */
    strncpy(sent, peer_gets(out[0], 4), 7);
    uint32_t requests = r.m->requests;
    rig_close(&r);
    rig_open(&r);
    dup2(saved_in, 0), dup2(saved_out, 1);
    close(saved_in), close(saved_out), close(in[0]), close(out[0]), close(out[1]);
    ck_assert_int_eq(result, 0);
    ck_assert(wrote);
    ck_assert_str_eq(got, "\001x\003");
    ck_assert_str_eq(sent, "out\n");
    ck_assert_uint_eq(requests, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chardevs");
    TCase *c = tcase_create("drivers");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, server_and_its_peers);
    tcase_add_test(c, server_waits);
    tcase_add_test(c, client_and_a_vanishing_server);
    tcase_add_test(c, slow_peer_loses_nothing);
    tcase_add_test(c, tcp);
    tcase_add_test(c, sockets_refused);
    tcase_add_test(c, file);
    tcase_add_test(c, full_disk);
    tcase_add_test(c, null);
    tcase_add_test(c, pty);
    tcase_add_test(c, stdio_terminal);
    tcase_add_test(c, stdio_raw_and_back);
    tcase_add_test(c, stdio_pipes_are_plain);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
