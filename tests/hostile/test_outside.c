/* SPDX-License-Identifier: MIT */
/*
 * test_outside.c: hostile surroundings: peers of streams and networks that vanish, stall or talk nonsense,
 * standard files that are closed, full or ended, signals at any moment, terminals that must be put back.
 */
#include "run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const struct setting plain = { 0 };

/* ---- sockets ----------------------------------------------------------------------------------- */

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return a;
}

/* Connected to a socket that may not be there yet; -1 after seconds. */
static int connect_to(const char *path, double seconds)
{
    struct sockaddr_un a = address(path);
    for (; seconds > 0; seconds -= 0.01) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        close(fd);
        wait_seconds(0.01);
    }
    return -1;
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1))
        return -1;
    return fd;
}

/* Whether n bytes come within seconds. */
static bool receives(int fd, size_t n, double seconds)
{
    uint8_t buf[65536];
    struct timeval t = { (time_t)seconds, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    while (n) {
        ssize_t r = read(fd, buf, n < sizeof buf ? n : sizeof buf);
        if (r <= 0)
            return false;
        n -= (size_t)r;
    }
    return true;
}

/* A stream through `stream` arguments ends in a peer that vanishes after some bytes. */
static void vanishing_peer(bool is_console, size_t takes)
{
    struct job j;
    const char *program = work(is_console ? WORK_SEND_CONSOLE : WORK_SEND_UART, 8 << 20);
    START(&j, &plain, VIRT, program, "-nographic", "-chardev",
          "socket,id=c,path=s,server=on",
          "-device", "virtio-serial-device", "-serial", is_console ? "null" : "chardev:c",
          is_console ? "-device" : "-append", is_console ? "virtconsole,chardev=c" : "x",
          is_console ? "-nodefaults" : "-kernel", is_console ? "-nodefaults" : program);
    int peer = connect_to("s", 60);
    bool got = peer >= 0 && receives(peer, takes, 60);
    close(peer);
    int status = job_wait(&j, 120);
    check(got && well(status), &j, "%s: peer gone after %zu bytes: status %d",
          is_console ? "console" : "UART", takes, status);
}

/* One that stalls, so that everything is full, goes; the next must be served. */
static void stalling_peer(bool is_console)
{
    struct job j;
    START(&j, &plain, VIRT, work(is_console ? WORK_SEND_CONSOLE : WORK_SEND_UART, UINT32_MAX), "-nographic",
          "-device", "virtio-serial-device", "-chardev", "socket,id=c,path=s,server=on",
          "-serial", is_console ? "null" : "chardev:c",
          is_console ? "-device" : "-name", is_console ? "virtconsole,chardev=c" : "x");
    for (int i = 0; i < 3; i++) {
        int peer = connect_to("s", 60);
        check(peer >= 0 && receives(peer, 100000, 60), &j, "%s: peer %d is not served",
              is_console ? "console" : "UART", i);
        wait_seconds(0.5); /* until nothing moves */
        close(peer);
    }
    check(stops(&j), &j, "after stalling peers");
}

/* As the client of a server that goes and comes back. */
static void vanishing_server(void)
{
    struct job j;
    int at = listen_at("t");
    START(&j, &plain, VIRT, work(WORK_SEND_UART, UINT32_MAX), "-nographic",
          "-chardev", "socket,id=c,path=t,reconnect=1", "-serial", "chardev:c");
    for (int i = 0; i < 2; i++) {
        int peer = accept(at, NULL, NULL);
        check(peer >= 0 && receives(peer, 10000, 60), &j, "connection %d", i);
        close(peer);
    }
    close(at);
    check(stops(&j), &j, "after its server went");
}

/* A reset in the middle, and bytes that nobody takes. */
static void rude_client(void)
{
    struct job j;
    uint8_t noise[65536];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(any() % 255 == 'q' ? 0 : any());
    START(&j, &plain, VIRT, work(WORK_SPIN, 0), "-nographic",
          "-chardev", "socket,id=c,host=127.0.0.1,port=0,server=on,wait=off", "-serial", "chardev:c",
          "-chardev", "socket,id=d,path=s,server=on,wait=off", "-device", "virtio-serial-device",
          "-device", "virtconsole,chardev=d");
    int peer = connect_to("s", 60);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 100; i++) {
        if (send(peer, noise, sizeof noise, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
    }
    close(peer);
    check(peer >= 0 && stops(&j), &j, "noise to a guest that does not read");
}

static void waiting_server(void)
{
    struct job j;
    START(&j, &plain, VIRT, work(WORK_SPIN, 0), "-nographic", "-serial", "unix:s,server=on");
    wait_seconds(0.3);
    int status = job_stop(&j, 120);
    check(status != HANG, &j, "SIGTERM while it waits for a client");
}

/* ---- terminals --------------------------------------------------------------------------------- */

static bool same_terminal(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
           a->c_cflag == b->c_cflag && !memcmp(a->c_cc, b->c_cc, sizeof a->c_cc);
}

enum when { RUNNING, TWICE, WAITING };

/* Ends by signals, given twice or not, or by keys, or before it runs; the terminal must be as it was. */
static void terminal(const char *how, int number, enum when when)
{
    struct job j;
    struct termios before, during, after;
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) || tcgetattr(slave, &before)) {
        skip("no pseudo-terminals");
        return;
    }
    fcntl(master, F_SETFD, FD_CLOEXEC);
    const struct setting own = { .in_fd = slave, .out_fd = slave, .own_session = true };
    START(&j, &own, VIRT, work(WORK_SPIN, 0), "-nographic",
          when == WAITING ? "-chardev" : "-name", when == WAITING ? "socket,id=c,path=s,server=on" : "x");
    char byte;
    bool spins = when == WAITING || (fcntl(master, F_SETFL, 0) == 0 && read(master, &byte, 1) == 1);
    bool is_raw = false, ready = false;
    for (int i = 0; i < 3000 && !ready; i++) {
        tcgetattr(slave, &during);
        is_raw = !same_terminal(&before, &during);
        ready = when == WAITING ? strstr(job_errors(&j), "waiting for") != NULL : is_raw;
        wait_seconds(ready ? 0 : 0.01);
    }
    if (number)
        kill(j.pid, number);
    else if (write(master, how, strlen(how)) < 0)
        spins = false;
    if (when == TWICE) {
        wait_seconds((double)below(3000) * 1e-6);
        kill(j.pid, number);
    }
    int status, r = 0;
    for (int i = 0; i < 3000 && !(r = waitpid(j.pid, &status, WNOHANG)); i++)
        wait_seconds(0.01);
    if (!r) {
        kill(j.pid, SIGKILL);
        waitpid(j.pid, &status, 0);
    }
    tcgetattr(slave, &after);
    check(spins && r, &j, "%s: does not end, or did not start", number ? how : "Ctrl-A x");
    check(ready, &j, when == WAITING ? "it does not wait" : "the terminal was not raw");
    check(same_terminal(&before, &after), &j, "%s: the terminal is left raw", number ? how : "Ctrl-A x");
    close(master);
    close(slave);
}

static void pty_of_its_own(void)
{
    struct job j;
    char name[128] = "";
    START(&j, &plain, VIRT, work(WORK_SEND_UART, UINT32_MAX), "-serial", "pty");
    bool told = job_says(&j, "redirected to ", 60) && job_says(&j, " (label", 60);
    /* the name is in what job_says passed; a link gives it more simply */
    job_stop(&j, 120);
    START(&j, &plain, VIRT, work(WORK_SEND_UART, UINT32_MAX), "-chardev", "pty,id=p,path=link", "-serial",
          "chardev:p");
    told &= job_says(&j, " (label", 60);
    for (int i = 0; i < 3; i++) {
        int fd = open("link", O_RDWR | O_NOCTTY | O_CLOEXEC);
        ssize_t n = readlink("link", name, sizeof name - 1);
        char buf[4096];
        check(fd >= 0 && n > 0 && read(fd, buf, sizeof buf) > 0, &j, "terminal, opened again: %d", i);
        close(fd);
        wait_seconds(0.1);
    }
    check(told && stops(&j), &j, "after its terminal was closed");
    check(access("link", F_OK) != 0, NULL, "the link to the terminal stays");
    put_file("mine", "precious", 8);
    START(&j, &plain, VIRT, work(WORK_SPIN, 0), "-chardev", "pty,id=p,path=mine", "-serial", "chardev:p");
    int status = job_wait(&j, 120);
    size_t n = 0;
    char *kept = get_file("mine", &n);
    check(status != HANG && !well(status) && n == 8 && !memcmp(kept, "precious", 8), &j,
          "a file where the link to the terminal should be is replaced");
    free(kept);
}

/* ---- standard files ---------------------------------------------------------------------------- */

static void broken_pipe(void)
{
    struct job j;
    START(&j, &plain, VIRT, work(WORK_SEND_UART, 4 << 20), "-nographic");
    job_says(&j, "0123456789", 60);
    close(j.out);
    j.out = -1;
    int status = job_wait(&j, 120);
    check(well(status) && strstr(job_errors(&j), "Broken pipe") && lines_of(job_errors(&j)) == 1, &j,
          "reader of standard output gone: status %d", status);
}

static void full_file(const char *how, const char *option, const char *value)
{
    struct job j;
    START(&j, &plain, VIRT, work(WORK_SEND_UART, 1 << 20), "-display", "none", option, value,
          strcmp(option, "-D") ? "-name" : "-d", strcmp(option, "-D") ? "x" : "in_asm,int,exec");
    int status = job_wait(&j, 120);
    check(well(status) && strstr(job_errors(&j), "No space left") && lines_of(job_errors(&j)) == 1,
          &j, "%s on a full disk: status %d", how, status);
}

static bool all_zero(const char *path)
{
    size_t n;
    uint8_t *bytes = get_file(path, &n);
    bool zero = true;
    for (size_t i = 0; i < n; i++)
        zero &= !bytes[i];
    free(bytes);
    return zero;
}

/* What is opened first gets the number of a closed standard file. */
static void closed_files(unsigned mask)
{
    struct job j;
    struct setting s = { .closed = { mask & 1, mask & 2, mask & 4 } };
    put_empty("disk", 4 << 20);
    START(&j, &s, VIRT, work(WORK_SEND_UART, 100000), "-nographic", "-drive",
          "file=disk,if=virtio,format=raw", "-d", "int", "-D", "log");
    int status = job_wait(&j, 120);
    check(status != HANG && WIFEXITED(status), &j, "closed standard files %u: status %d", mask, status);
    check(all_zero("disk"), &j, "closed standard files %u: the disk has the output", mask);
}

static void ended_input(void)
{
    struct job j;
    START(&j, &plain, VIRT, work(WORK_ECHO, 0), "-nographic");
    check(job_says(&j, "ready", 60), &j, "does not start with ended input");
    wait_seconds(0.1);
    check(waitpid(j.pid, &(int){ 0 }, WNOHANG) == 0, &j, "ends with its input");
    check(stops(&j), &j, "SIGTERM with ended input");
    START(&j, &(struct setting){ .in_pipe = true }, VIRT, work(WORK_ECHO, 0), "-nographic");
    job_says(&j, "ready", 60);
    check(write(j.in, "abcq", 4) == 4 && job_says(&j, "abcq", 60) && well(job_wait(&j, 120)), &j,
          "input through a pipe");
}

/* ---- signals ----------------------------------------------------------------------------------- */

static void any_moment(void)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGKILL, SIGTERM };
    for (unsigned i = 0; i < (is_long ? 200 : 12); i++) {
        struct job j;
        int number = numbers[below(5)];
        put_empty("disk", 4 << 20);
        START(&j, &plain, VIRT, work(i % 2 ? WORK_SEND_UART : WORK_WRITE_ALWAYS, i % 2 ? UINT32_MAX : 64),
              "-nographic", "-smp", text("%u", 1 + below(4)), "-netdev", "user,id=n",
              "-device", "virtio-net-device,netdev=n", "-drive", "file=disk,if=virtio,format=raw");
        double after = (double)below(1000) / 1000;
        wait_seconds(after * after * after / (is_sanitized ? 1 : 2));
        kill(j.pid, number);
        if (below(4) == 0)
            kill(j.pid, number);
        int status = job_wait(&j, 120);
        size_t n = 0;
        free(get_file("disk", &n));
        check(status != HANG && n == 4 << 20 &&
              (well(status) || (WIFSIGNALED(status) && WTERMSIG(status) == number)), &j,
              "signal %d after %g s: status %d", number, after * after * after, status);
    }
}

/* As with nohup. */
static void ignored(void)
{
    struct job j;
    const struct setting as_nohup = { .in_pipe = true, .ignored = SIGHUP };
    START(&j, &as_nohup, VIRT, work(WORK_ECHO, 0), "-nographic");
    job_says(&j, "ready", 60);
    kill(j.pid, SIGHUP);
    wait_seconds(0.1);
    check(write(j.in, "xyq", 3) == 3 && job_says(&j, "xyq", 60) && well(job_wait(&j, 120)), &j,
          "a signal that was to be ignored");
}

static void stopped(void)
{
    struct job j;
    START(&j, &(struct setting){ .in_pipe = true }, VIRT, work(WORK_ECHO, 0), "-nographic");
    job_says(&j, "ready", 60);
    kill(j.pid, SIGSTOP);
    wait_seconds(0.2);
    kill(j.pid, SIGCONT);
    check(write(j.in, "xyq", 3) == 3 && job_says(&j, "xyq", 60) && well(job_wait(&j, 120)), &j,
          "stopped and continued");
}

/* ---- networks ---------------------------------------------------------------------------------- */

/* Frames of the socket kind have their length before them, in 32 bits. */
static void noisy_network(const char *netdev, bool is_stream)
{
    struct job j;
    START(&j, &plain, VIRT, work(WORK_SPIN, 0), "-nographic", "-netdev", netdev,
          "-device", "virtio-net-device,netdev=n");
    job_says(&j, "spins", 60);
    for (int i = 0; i < 5; i++) {
        uint32_t noise[1024];
        int peer = connect_to("n", 60);
        for (unsigned k = 0; k < 1024; k++)
            noise[k] = i == 0 ? UINT32_MAX : i == 1 ? 0 : (uint32_t)any();
        if (i >= 3)
            noise[0] = htonl(i == 3 ? 4092 : 60);
        ssize_t n = peer < 0 ? -1 : send(peer, noise, i == 4 ? 30 : sizeof noise, MSG_NOSIGNAL);
        check(n > 0, &j, "%s: connection %d", netdev, i);
        wait_seconds(0.05);
        close(peer);
    }
    check(stops(&j), &j, "%s: after noise", netdev);
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void few_files(void)
{
    for (unsigned n = 4; n < 48; n += is_long ? 1 : 4) {
        struct job j;
        START(&j, &(struct setting){ .open_limit = n }, VIRT, work(WORK_SEND_UART, 100), "-nographic",
              "-smp", "2", "-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n",
              "-chardev", "socket,id=c,path=s,server=on,wait=off");
        int status = job_wait(&j, 120);
        const char *e = job_errors(&j);
        check(well(status) || (status != HANG && WIFEXITED(status) && *e), &j,
              "with %u open files: status %d", n, status);
    }
}

int main(int argc, char **argv)
{
    run_begin(argc, argv);
    for (int console = 0; console < 2; console++) {
        vanishing_peer(console, 1);
        vanishing_peer(console, 100000);
        stalling_peer(console);
    }
    vanishing_server();
    rude_client();
    waiting_server();
    terminal("\001x", 0, RUNNING);
    terminal("SIGTERM", SIGTERM, RUNNING);
    for (int i = 0; i < (is_long ? 50 : 3); i++) {
        terminal("SIGTERM, twice", SIGTERM, TWICE);
        terminal("SIGINT, twice", SIGINT, TWICE);
    }
    terminal("SIGHUP", SIGHUP, RUNNING);
    terminal("SIGQUIT", SIGQUIT, RUNNING);
    terminal("SIGSEGV", SIGSEGV, RUNNING);
    terminal("SIGABRT", SIGABRT, RUNNING);
    terminal("SIGTERM before it runs", SIGTERM, WAITING);
    terminal("SIGINT before it runs", SIGINT, WAITING);
    pty_of_its_own();
    broken_pipe();
    full_file("a stream's file", "-serial", "file:/dev/full");
    full_file("the log", "-D", "/dev/full");
    for (unsigned mask = 1; mask < 8; mask++)
        closed_files(mask);
    ended_input();
    any_moment();
    stopped();
    ignored();
    noisy_network("stream,id=n,server=on,addr.type=unix,addr.path=n", true);
    if (!is_sanitized) /* whose leak check needs some itself */
        few_files();
    return run_end("outside");
}
