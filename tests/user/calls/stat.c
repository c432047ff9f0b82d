/* SPDX-License-Identifier: MIT */
/* stat and its relatives, times, directories, /proc. */
#include "check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static void show_stat(const char *what, const struct stat *s)
{
    printf("%s: mode %o links %lu uid %u gid %u size %ld blksize %ld blocks %ld rdev %lx times %ld.%ld "
           "%ld.%ld\n",
           what, s->st_mode, (unsigned long)s->st_nlink, s->st_uid, s->st_gid, (long)s->st_size,
           (long)s->st_blksize, (long)s->st_blocks, (long)s->st_rdev, (long)s->st_atim.tv_sec,
           s->st_atim.tv_nsec, (long)s->st_mtim.tv_sec, s->st_mtim.tv_nsec);
}

static void stats(void)
{
    struct stat s, f;
    struct statx x;
    const struct timespec times[2] = { { 1000000000, 123456789 }, { 5000000000, 987654321 } };
    int fd = open("a", O_RDWR | O_CREAT, 0604);
    CHECK(write(fd, "12345", 5) == 5);
    SHOW(utimensat(AT_FDCWD, "a", times, 0));
    SHOW(stat("a", &s));
    show_stat("a", &s);
    SHOW(fstat(fd, &f));
    CHECK(!memcmp(&s, &f, sizeof s));
    CHECK(s.st_dev && s.st_ino && s.st_ctim.tv_sec > 1000000000);
    SHOW(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &x));
    CHECK(x.stx_ino == s.st_ino && x.stx_size == 5 && x.stx_mode == s.st_mode &&
          x.stx_mtime.tv_sec == 5000000000 && x.stx_mtime.tv_nsec == 987654321 &&
          makedev(x.stx_dev_major, x.stx_dev_minor) == s.st_dev);
    SHOW(stat("/dev/null", &s));
    CHECK(major(s.st_rdev) == 1 && minor(s.st_rdev) == 3 && S_ISCHR(s.st_mode));
    SHOW(symlink("a", "l"));
    SHOW(lstat("l", &s));
    CHECK(S_ISLNK(s.st_mode) && s.st_size == 1);
    SHOW(fstatat(fd, "", &s, AT_EMPTY_PATH));
    CHECK(s.st_size == 5);
    SHOW(fstatat(AT_FDCWD, "a", &s, 0x8000000));
    SHOW(stat("none", &s));
    SHOW(stat("a/b", &s));
    SHOW(stat("", &s));
    SHOW(syscall(SYS_newfstatat, AT_FDCWD, NOWHERE, &s, 0));
    SHOW(syscall(SYS_newfstatat, AT_FDCWD, "a", NOWHERE, 0));
    SHOW(syscall(SYS_fstat, fd, OUTSIDE));
    SHOW(syscall(SYS_fstat, 999, OUTSIDE));
    SHOW(syscall(SYS_statx, AT_FDCWD, "a", 0, STATX_BASIC_STATS, NOWHERE));
    SHOW(utimensat(AT_FDCWD, "a", NOWHERE, 0));
    SHOW(utimensat(fd, NULL, NULL, 0));
    const struct timespec omit[2] = { { 0, UTIME_OMIT }, { 77, 5 } };
    SHOW(futimens(fd, omit));
    SHOW(stat("a", &s));
    printf("%ld.%ld\n", (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    struct statfs fs, fs2;
    SHOW(statfs("/proc", &fs));
    printf("type %lx bsize %ld namelen %ld frsize %ld\n", (long)fs.f_type, (long)fs.f_bsize,
           (long)fs.f_namelen, (long)fs.f_frsize);
    SHOW(statfs(".", &fs));
    SHOW(fstatfs(fd, &fs2));
    CHECK(fs.f_blocks == fs2.f_blocks && fs.f_type == fs2.f_type && fs.f_bsize >= 512);
    SHOW(syscall(SYS_statfs, ".", NOWHERE));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void directories(void)
{
    char *names[64];
    unsigned n = 0;
    CHECK(mkdir("d", 0700) == 0);
    for (int i = 0; i < 20; i++) {
        char name[40];
        snprintf(name, sizeof name, "d/file-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    DIR *d = opendir("d");
    struct dirent *e;
    long middle = 0;
    while ((e = readdir(d)) && n < 64) {
        CHECK(e->d_ino != 0 && e->d_reclen >= 20);
        CHECK(e->d_type == (e->d_name[0] == '.' ? DT_DIR : DT_REG));
        names[n++] = strdup(e->d_name);
        if (n == 10)
            middle = telldir(d);
    }
    printf("%u entries\n", n);
    seekdir(d, middle);
    CHECK((e = readdir(d)) && !strcmp(e->d_name, names[10]));
    qsort(names, n, sizeof *names, by_name);
    for (unsigned i = 0; i < n; i++)
        printf("%s ", names[i]);
    printf("\n");
    closedir(d);
    char buf[512];
    int fd = open("d", O_RDONLY | O_DIRECTORY), file = open("a", O_RDONLY);
    SHOW(syscall(SYS_getdents64, fd, buf, 8));
    SHOW(syscall(SYS_getdents64, fd, NOWHERE, 512));
    SHOW(syscall(SYS_getdents64, file, buf, sizeof buf));
    SHOW(syscall(SYS_getdents64, 999, buf, sizeof buf));
    CHECK(fchdir(fd) == 0);
    CHECK(getcwd(buf, sizeof buf) && !strcmp(buf + strlen(buf) - 2, "/d"));
    CHECK(chdir("..") == 0);
}

/* What is open, as /proc shows it: nothing but ours. */
static void descriptors(void)
{
    syscall(SYS_close_range, 3, ~0u, 0);
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;
    unsigned seen = 0;
    if (!d)
        return;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            seen |= 1u << atoi(e->d_name);
    printf("open: %x\n", seen);
    closedir(d);
    printf("next: %d\n", dup(0));
}

int main(void)
{
    umask(022);
    stats();
    directories();
    descriptors();
    return finish();
}
