/* SPDX-License-Identifier: MIT */
/* test_user_path.c: what -L makes of paths, on a folder with links that try to leave it. */
#include "plugins/boards/linux-user/linux-user.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/bp-path-XXXXXX";
static struct process process = { .sysroot_fd = -1 };
static unsigned failures;

static void expect(const char *path, bool follow, const char *want)
{
    char buf[4096], under[4096];
    const char *got = follow ? path_to_host(&process, path, buf)
                             : path_to_host_link(&process, path, buf);
    if (*want == '+') { /* under the root */
        snprintf(under, sizeof under, "%s%s", process.sysroot, want + 1);
        want = under;
    }
    if (strcmp(got, want)) {
        fprintf(stderr, "test_user_path: %s%s: %s, not %s\n", path, follow ? "" : " itself", got,
                want);
        failures++;
    }
}

static void make(void)
{
    static const char *const folders[] = { "usr", "usr/lib", "etc", "proc", "etc/alternatives" };
    static const char *const files[] = { "usr/lib/libx.so", "etc/passwd", "usr/tool", "proc/own" };
    static const struct { const char *to, *name; } links[] = {
        { "usr/lib", "lib" }, { "/usr/tool", "etc/alternatives/tool" },
        { "/etc/alternatives/tool", "usr/call" }, { "../../../../../etc/passwd", "usr/up" },
        { "/nowhere-at-all", "usr/dangling" }, { "loop", "loop" }, { "/", "self" },
    };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdirat(process.sysroot_fd, folders[i], 0755))
            abort();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        close(openat(process.sysroot_fd, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i].to, process.sysroot_fd, links[i].name))
            abort();
}

static void check(void)
{
    char own[4200];
    expect("/usr/lib/libx.so", true, "+/usr/lib/libx.so");
    expect("/lib/libx.so", true, "+/usr/lib/libx.so");
    expect("/usr/call", true, "+/usr/tool");
    expect("/usr/call", false, "+/usr/call");
    expect("/usr/up", true, "+/etc/passwd");
    expect("/usr/lib/../../../../etc/passwd", true, "+/etc/passwd");
    expect("/self/self/usr/tool", true, "+/usr/tool");
    expect("/self/usr/call", false, "+/usr/call");
    expect("/", true, "+");
    expect("/usr/dangling", true, "/usr/dangling");
    expect("/usr/dangling", false, "+/usr/dangling");
    expect("/usr/not-there", true, "/usr/not-there");
    expect("/loop", true, "+/loop");               /* the call says ELOOP */
    expect("/etc/passwd/x", true, "+/etc/passwd/x"); /* ENOTDIR */
    expect("usr/tool", true, "usr/tool");
    expect("", true, "");
    expect("/proc/own", true, "/proc/own");        /* the kernel's */
    expect("/dev/null", true, "/dev/null");
    snprintf(own, sizeof own, "%s/usr/call", process.sysroot); /* as getcwd() would say */
    expect(own, true, "+/usr/tool");
    process.exe = (char *)(uintptr_t)"/some/program";
    expect("/proc/self/exe", true, "/some/program");
    expect("/proc/self/exe", false, "/proc/self/exe");
}

int main(void)
{
    char command[64];
    if (!mkdtemp(root))
        return 99;
    process.sysroot = root;
    process.sysroot_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    make();
    check();
    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command))
        failures++;
    return failures != 0;
}
