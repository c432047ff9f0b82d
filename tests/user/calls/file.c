/* SPDX-License-Identifier: MIT */
/* Opening, reading, writing, links, locks, attributes. */
#include "check.h"

#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

static char long_name[5000];

static void opening(void)
{
    int fd = open("a", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    CHECK(fd >= 0);
    FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open(".", O_RDWR), EISDIR);
    CHECK(symlink("a", "link") == 0);
    FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(open("nothing", O_RDONLY), ENOENT);
    FAILS(open(long_name, O_RDONLY), ENAMETOOLONG);
    FAILS(open(NOWHERE, O_RDONLY), EFAULT);
    FAILS(open(OUTSIDE, O_RDONLY), EFAULT);
    FAILS(syscall(SYS_openat, 77, "x", O_RDONLY), EBADF);
    FAILS(syscall(SYS_openat, fd, "x", O_RDONLY), ENOTDIR);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    printf("flags %o\n", flags_of(fd));
    CHECK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    printf("flags %o\n", flags_of(fd));
    int dir = open(".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    printf("directory's flags %o\n", flags_of(dir));
    int path = open("a", O_PATH);
    printf("path's flags %o\n", flags_of(path));
    char c;
    FAILS(read(path, &c, 1), EBADF);
    int tmp = open(".", O_TMPFILE | O_RDWR, 0600);
    if (tmp >= 0)
        printf("unnamed file's flags %o\n", flags_of(tmp));
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY, .resolve = RESOLVE_BENEATH };
    FAILS(syscall(SYS_openat2, AT_FDCWD, "..", &how, sizeof how), EXDEV);
    CHECK(syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how) >= 0);
    FAILS(syscall(SYS_openat2, AT_FDCWD, ".", &how, 8), EINVAL);
    FAILS(syscall(SYS_openat2, AT_FDCWD, ".", NOWHERE, sizeof how), EFAULT);
    CHECK(fcntl(fd, F_DUPFD, 100) == 100);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 100) == 101);
    FAILS(fcntl(fd, 9999, 0), EINVAL);
    FAILS(fcntl(999, 9999, 0), EBADF);
    CHECK(dup3(fd, 110, O_CLOEXEC) == 110 && fcntl(110, F_GETFD) == FD_CLOEXEC);
    FAILS(dup3(fd, fd, 0), EINVAL);
    CHECK(close(110) == 0);
    FAILS(close(110), EBADF);
    CHECK(syscall(SYS_close_range, 100, ~0u, 0) == 0);
    FAILS(fcntl(100, F_GETFD), EBADF);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

static void reading(void)
{
    int fd = open("b", O_RDWR | O_CREAT, 0600);
    char buf[64] = "", one[4], two[8];
    struct iovec v[2] = { { one, 3 }, { two, 5 } };
    SHOW(write(fd, "hello, world", 12));
    SHOW(pwrite(fd, "W", 1, 7));
    SHOW(pread(fd, buf, sizeof buf, 0));
    CHECK(!strcmp(buf, "hello, World"));
    SHOW(lseek(fd, 1, SEEK_SET));
    SHOW(readv(fd, v, 2));
    CHECK(!memcmp(one, "ell", 3) && !memcmp(two, "o, Wo", 5));
    SHOW(preadv(fd, v, 2, 4));
    SHOW(preadv2(fd, v, 2, -1, 0));
    SHOW(pwritev2(fd, v, 2, 20, RWF_APPEND));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(lseek(fd, 0, SEEK_HOLE));
    FAILS(lseek(fd, 0, 77), EINVAL);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    SHOW(pread(fd, NOWHERE, 4, 0));
    SHOW(pread(fd, OUTSIDE, 4, 0));
    SHOW(pread(fd, NOWHERE, 0, 0));
    SHOW(pread(fd, NULL, 4, 0));
    SHOW(read(999, NOWHERE, 4));
    SHOW(write(fd, NOWHERE, 4));
    SHOW(write(fd, NULL, 0));
    SHOW(writev(fd, NOWHERE, 1));
    SHOW(writev(999, NOWHERE, 1));
    SHOW(writev(fd, v, 1025));
    SHOW(writev(fd, v, -1));
    SHOW(writev(fd, v, 0));
    v[1].iov_base = NOWHERE;
    SHOW(writev(fd, v, 2));
    v[0].iov_len = (size_t)-1;
    SHOW(writev(fd, v, 2));
    /* Half of the buffer is there. */
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(m + 4096, 4096);
    SHOW(pread(fd, m + 4090, 12, 0));
    mprotect(m, 4096, PROT_READ);
    SHOW(pread(fd, m, 12, 0));
    SHOW(ftruncate(fd, 5));
    SHOW(ftruncate(fd, -1));
    SHOW(truncate("b", 6));
    SHOW(fallocate(fd, 0, 0, 100));
    SHOW(fallocate(fd, 0, 0, 0));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(syncfs(fd));
    SHOW(sync_file_range(fd, 0, 10, SYNC_FILE_RANGE_WRITE));
    SHOW(readahead(fd, 0, 10));
}

static void moving(void)
{
    int in = open("b", O_RDWR), out = open("c", O_RDWR | O_CREAT, 0600), p[2];
    off_t at = 2;
    loff_t from = 1, to = 3;
    CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
    printf("pipe's flags %o %o\n", flags_of(p[0]), flags_of(p[1]));
    SHOW(fcntl(p[0], F_GETPIPE_SZ));
    SHOW(fcntl(p[0], F_SETPIPE_SZ, 8192));
    FAILS(read(p[0], long_name, 1), EAGAIN);
    SHOW(sendfile(out, in, &at, 3));
    CHECK(at == 5);
    SHOW(copy_file_range(in, &from, out, &to, 4, 0));
    CHECK(from == 5 && to == 7);
    from = 0;
    SHOW(splice(in, &from, p[1], NULL, 5, 0));
    CHECK(from == 5);
    int q[2];
    CHECK(pipe(q) == 0);
    SHOW(tee(p[0], q[1], 100, 0));
    struct iovec v = { long_name, 7 };
    SHOW(vmsplice(q[1], &v, 1, 0));
    SHOW(vmsplice(q[0], &v, 1, 0));
    SHOW(vmsplice(q[1], NOWHERE, 1, 0));
    SHOW(splice(p[0], NULL, q[0], NULL, 5, 0));
    SHOW(splice(p[0], NOWHERE, out, NULL, 5, 0));
    SHOW(syscall(SYS_pipe2, NOWHERE, 0));
    SHOW(syscall(SYS_pipe2, p, 0x1234));
}

static void naming(void)
{
    char buf[64];
    SHOW(mkdir("d", 0755));
    SHOW(mkdir("d", 0755));
    SHOW(link("a", "d/a"));
    SHOW(renameat2(AT_FDCWD, "d/a", AT_FDCWD, "b", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "d/a", AT_FDCWD, "b", RENAME_EXCHANGE));
    SHOW(rename("d/a", "d/e"));
    SHOW(rmdir("d"));
    SHOW(unlink("d"));
    SHOW(unlink("d/e"));
    SHOW(rmdir("d"));
    memset(buf, '-', sizeof buf);
    SHOW(readlink("link", buf, sizeof buf));
    CHECK(!memcmp(buf, "a-", 2));
    SHOW(symlink("a long name", "link2"));
    memset(buf, '-', sizeof buf);
    SHOW(readlink("link2", buf, 4));
    CHECK(!memcmp(buf, "a lo-", 5));
    SHOW(readlink("link2", buf, 0));
    SHOW(readlink("a", buf, 4));
    SHOW(readlink("link", NOWHERE, 4));
    SHOW(readlink(NOWHERE, buf, 4));
    SHOW(mkfifo("fifo", 0600));
    SHOW(mknod("fifo", S_IFIFO | 0600, 0));
    SHOW(access("a", R_OK | W_OK));
    SHOW(access("a", 99));
    SHOW(faccessat(AT_FDCWD, "link2", F_OK, AT_SYMLINK_NOFOLLOW));
    SHOW(faccessat(AT_FDCWD, "link2", F_OK, 0));
    SHOW(chmod("a", 04711));
    SHOW(fchmodat(AT_FDCWD, "link2", 0600, 0));
    SHOW(chown("a", getuid(), (gid_t)-1));
    SHOW(lchown("link2", getuid(), (gid_t)-1));
    SHOW(chdir("nowhere"));
    SHOW(syscall(SYS_getcwd, buf, 1));
    SHOW(syscall(SYS_getcwd, NOWHERE, 4096));
    CHECK(umask(027) == 022 && umask(022) == 027);
    struct { unsigned bytes; int type; char data[128]; } handle = { 0 };
    int mount;
    SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, "a", &handle, &mount, 0));
    CHECK(handle.bytes > 0);
    SHOW_OK(syscall(SYS_name_to_handle_at, AT_FDCWD, "a", &handle, &mount, 0));
}

static void locking(void)
{
    int fd = open("a", O_RDWR), other = open("a", O_RDWR);
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 5 };
    SHOW(fcntl(fd, F_SETLK, &l));
    SHOW(fcntl(fd, F_OFD_SETLK, &l));
    l.l_type = F_RDLCK;
    SHOW(fcntl(other, F_OFD_GETLK, &l));
    printf("lock %d %ld %ld\n", l.l_type, (long)l.l_start, (long)l.l_len);
    SHOW(fcntl(fd, F_SETLK, NOWHERE));
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(fd, 77));
    SHOW(fcntl(fd, F_GETOWN));
    CHECK(fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_GETOWN) == getpid());
    struct f_owner_ex owner = { -1, -1 };
    CHECK(fcntl(fd, F_GETOWN_EX, &owner) == 0 && owner.type == F_OWNER_PID && owner.pid == getpid());
    SHOW(fcntl(fd, F_SETSIG, 12));
    SHOW(fcntl(fd, F_GETSIG));
    SHOW(fcntl(fd, F_GETLEASE));
    uint64_t hint = 0;
    SHOW(fcntl(fd, F_GET_RW_HINT, &hint));
    int m = memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    SHOW(fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(fcntl(m, F_GET_SEALS));
    SHOW(ftruncate(m, 10));
    SHOW(ftruncate(m, 1));
    SHOW(memfd_create(NOWHERE, 0));
    SHOW(memfd_create(long_name, 0));
}

static void attributes(void)
{
    char buf[64];
    int fd = open("a", O_RDWR);
    SHOW(setxattr("a", "user.x", "value", 5, XATTR_CREATE));
    SHOW(setxattr("a", "user.x", "value", 5, XATTR_CREATE));
    SHOW(getxattr("a", "user.x", buf, sizeof buf));
    SHOW(getxattr("a", "user.x", buf, 2));
    SHOW(getxattr("a", "user.x", NULL, 0));
    SHOW(getxattr("a", "user.none", buf, sizeof buf));
    SHOW(fgetxattr(fd, "user.x", buf, sizeof buf));
    SHOW(lgetxattr("link", "user.x", buf, sizeof buf));
    SHOW(setxattr("a", "bad.x", "value", 5, 0));
    SHOW(setxattr("a", NOWHERE, "value", 5, 0));
    SHOW(setxattr("a", "user.x", NOWHERE, 5, 0));
    SHOW(removexattr("a", "user.x"));
    SHOW(fremovexattr(fd, "user.x"));
}

int main(void)
{
    umask(022);
    memset(long_name, 'n', sizeof long_name - 1);
    opening();
    reading();
    moving();
    naming();
    locking();
    attributes();
    return finish();
}
