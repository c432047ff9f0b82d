/* SPDX-License-Identifier: MIT */
/* fuzz_options.c: command lines: words separated by zero bytes. */
#include "fuzz.h"

#include "core/log.h"
#include "core/options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static int null = -1;
    if (null < 0) {
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO); /* complaints are expected */
    }
    char *argv[66] = { "backplane" };
    int argc = 1;
    char *text = g_malloc(n + 1);
    if (n)
        memcpy(text, data, n);
    text[n] = '\0';
    for (size_t at = 0; at < n && argc < 65; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    struct options o;
    if (options_parse(argc, argv, &o) == 0)
        options_clear(&o);
    /* and the first word as a value: what was parsed, written again, must parse to the same */
    if (argc > 1) {
        struct option_list *l = option_list_parse("-x", argv[1]), *copy = option_list_copy(l);
        if (g_strcmp0(l->head, copy->head) || l->sets->len != copy->sets->len)
            abort();
        g_free(option_list_take(copy, "id"));
        if (option_list_get(copy, "id"))
            abort();
        uint64_t size;
        (void)parse_size(argv[1], 1 << 20, &size);
        option_list_free(l);
        option_list_free(copy);
    }
    g_free(text);
    return 0;
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
#define SEED(text) add(text, sizeof text)
    SEED("-M\0virt,dumpdtb=x,aclint=on\0-smp\0cpus=4\0-m\0size=2G\0-nographic");
    SEED("-drive\0file=a,,b,if=none,id=d0,format=raw,readonly=on\0-device\0"
         "virtio-blk-device,drive=d0");
    SEED("-net\0nic,model=x\0-net\0user,hostfwd=tcp::1-:2\0-nic\0none\0-netdev\0user,id=n");
    SEED("-serial\0tcp:host:1,server=on,wait=off\0-chardev\0socket,id=c,path=p\0-global\0a.b=c");
    SEED("--load-plugin=x.so,a=b\0--list-plugins\0verbose\0-cpu\0rv64,+x,-y,z=on\0-seed\01");
    SEED("-d\0int,exec\0-D\0file\0-dfilter\01+2\0-accel\0tcg,tb-size=3\0-S");
    SEED("id=1,id=2,on,,,=,x=,,");
    SEED("0x7fffffffffffffffM");
}
