/* SPDX-License-Identifier: MIT */
/* System V IPC, POSIX message queues, terminals. */
#include "check.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <termios.h>

static void semaphores(void)
{
    int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0640);
    unsigned short all[3] = { 1, 2, 3 };
    struct semid_ds d;
    CHECK(id >= 0);
    SHOW(semctl(id, 0, SETALL, all));
    SHOW(semctl(id, 1, GETVAL));
    SHOW(semctl(id, 1, SETVAL, 7));
    memset(all, 0, sizeof all);
    SHOW(semctl(id, 0, GETALL, all));
    printf("%d %d %d\n", all[0], all[1], all[2]);
    memset(&d, 0xff, sizeof d);
    SHOW(semctl(id, 0, IPC_STAT, &d));
    printf("%o %lu %ld\n", d.sem_perm.mode, (long)d.sem_nsems, (long)d.sem_otime);
    CHECK(d.sem_ctime > 1000000000);
    d.sem_perm.mode = 0600;
    SHOW(semctl(id, 0, IPC_SET, &d));
    SHOW(semctl(id, 0, IPC_STAT, &d));
    printf("%o\n", d.sem_perm.mode);
    struct sembuf op[2] = { { 0, -1, IPC_NOWAIT }, { 1, 1, 0 } };
    SHOW(semop(id, op, 2));
    SHOW(semop(id, op, 2));
    SHOW(semctl(id, 1, GETVAL));
    op[0].sem_flg = 0;
    const struct timespec soon = { 0, 10000000 };
    SHOW(semtimedop(id, op, 1, &soon));
    SHOW(semop(id, NOWHERE, 1));
    SHOW(semctl(id, 0, IPC_STAT, NOWHERE));
    SHOW(semctl(id, 9, GETVAL));
    SHOW(semctl(id, 0, IPC_RMID));
    SHOW(semctl(id, 0, GETVAL));
}

static void messages(void)
{
    struct {
        long type;
        char text[16];
    } m = { 5, "hello" };
    struct msqid_ds d;
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    CHECK(id >= 0);
    SHOW(msgsnd(id, &m, 6, 0));
    SHOW(msgctl(id, IPC_STAT, &d));
    printf("%lu %lu %o\n", (long)d.msg_qnum, (long)d.__msg_cbytes, d.msg_perm.mode);
    memset(&m, 0, sizeof m);
    SHOW(msgrcv(id, &m, 2, 0, 0));
    SHOW(msgrcv(id, &m, 16, 4, IPC_NOWAIT));
    SHOW(msgrcv(id, &m, 16, 5, 0));
    printf("%ld %s\n", m.type, m.text);
    m.type = 0;
    SHOW(msgsnd(id, &m, 6, 0));
    SHOW(msgsnd(id, NOWHERE, 6, 0));
    SHOW(msgsnd(id, &m, -1, 0));
    SHOW(msgctl(id, IPC_RMID, NULL));
    int shm = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    struct shmid_ds s;
    SHOW(shmctl(shm, IPC_STAT, &s));
    printf("%lu %o %lu\n", (long)s.shm_segsz, s.shm_perm.mode, (long)s.shm_nattch);
    char *p = shmat(shm, NULL, 0);
    CHECK(p != (void *)-1);
    p[9999] = 1;
    CHECK(shmctl(shm, IPC_STAT, &s) == 0 && s.shm_nattch == 1);
    SHOW(shmdt(p));
    SHOW(shmctl(shm, IPC_RMID, NULL));
    char name[40];
    snprintf(name, sizeof name, "/backplane-%d", getpid());
    struct mq_attr a = { .mq_maxmsg = 3, .mq_msgsize = 32 };
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &a);
    if (q != (mqd_t)-1) {
        unsigned priority = 0;
        char buf[32];
        SHOW(mq_send(q, "one", 3, 1));
        SHOW(mq_send(q, "two", 3, 2));
        SHOW(mq_receive(q, buf, 32, &priority));
        printf("%u %.3s\n", priority, buf);
        SHOW(mq_receive(q, buf, 3, NULL));
        SHOW(mq_getattr(q, &a));
        printf("%lo %ld %ld %ld\n", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
        SHOW(mq_receive(q, buf, 32, NULL));
        SHOW(mq_receive(q, buf, 32, NULL));
        SHOW(mq_close(q));
        SHOW(mq_unlink(name));
    }
    SHOW(mq_open("/backplane-none", O_RDONLY));
}

static void terminals(void)
{
    int m = posix_openpt(O_RDWR | O_NOCTTY), n, p[2];
    struct termios t, u;
    struct winsize w = { 12, 34, 56, 78 }, got = { 0 };
    if (m < 0)
        return;
    CHECK(grantpt(m) == 0 && unlockpt(m) == 0);
    int s = open(ptsname(m), O_RDWR | O_NOCTTY);
    CHECK(s >= 0);
    SHOW(isatty(s));
    SHOW(tcgetattr(s, &t));
    printf("%o %o %o %o %d %d %u\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_cc[VINTR],
           t.c_cc[VMIN], cfgetospeed(&t));
    cfmakeraw(&t);
    cfsetspeed(&t, B9600);
    SHOW(tcsetattr(s, TCSAFLUSH, &t));
    SHOW(tcgetattr(s, &u));
    printf("%o %o %o %o %d %d %u\n", u.c_iflag, u.c_oflag, u.c_cflag, u.c_lflag, u.c_cc[VINTR],
           u.c_cc[VMIN], cfgetospeed(&u));
    SHOW(ioctl(s, TIOCSWINSZ, &w));
    SHOW(ioctl(m, TIOCGWINSZ, &got));
    printf("%d %d %d %d\n", got.ws_row, got.ws_col, got.ws_xpixel, got.ws_ypixel);
    SHOW(write(m, "typed", 5));
    struct pollfd f = { s, POLLIN, 0 };
    SHOW(poll(&f, 1, 60000));
    SHOW(ioctl(s, FIONREAD, &n));
    printf("%d\n", n);
    SHOW(tcflush(s, TCIOFLUSH));
    SHOW(ioctl(s, FIONREAD, &n));
    printf("%d\n", n);
    SHOW(tcgetsid(s));
    SHOW(ioctl(s, TIOCGPGRP, &n));
    SHOW(ioctl(m, TIOCGPTN, NOWHERE));
    SHOW(ioctl(s, TCGETS, NOWHERE));
    SHOW(ioctl(999, TCGETS, &t));
    CHECK(pipe(p) == 0);
    SHOW(isatty(p[0]));
    SHOW(ioctl(p[0], TCGETS, &t));
    SHOW(ioctl(p[0], 0xdeadbeef, &t));
    SHOW(ioctl(999, 0xdeadbeef, &t));
    n = 1;
    SHOW(ioctl(p[0], FIONBIO, &n));
    CHECK(fcntl(p[0], F_GETFL) & O_NONBLOCK);
    SHOW(ioctl(p[0], FIOCLEX));
    CHECK(fcntl(p[0], F_GETFD) == FD_CLOEXEC);
}

int main(void)
{
    semaphores();
    messages();
    terminals();
    return finish();
}
