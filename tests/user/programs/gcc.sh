#!/bin/bash
# SPDX-License-Identifier: MIT
export TMPDIR=$PWD
cat >p.c <<'END'
#include <complex.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static _Atomic long sum;
static __thread int mine = 5;
static sigjmp_buf back;
static void *run(void *arg) { for (int i = 0; i < 10000; i++) atomic_fetch_add(&sum, (long)arg); mine += (int)(long)arg; return (void *)(long)mine; }
static void fault(int n, siginfo_t *s, void *u) { printf("signal %d code %d at %p\n", n, s->si_code, s->si_addr); fflush(stdout); siglongjmp(back, 1); }
int main(int argc, char **argv)
{
    pthread_t t[4];
    long ret, r = 0;
    for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, run, (void *)(i + 1));
    for (int i = 0; i < 4; i++) { void *v; pthread_join(t[i], &v); ret = (long)v; r += ret; }
    struct sigaction a = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &a, NULL);
    if (!sigsetjmp(back, 1)) *(volatile int *)0x1238 = 1;
    printf("%ld %ld %d %s %.17g %.17g %g\n", sum, r, mine, argc > 1 ? argv[1] : "-", sin(0.5), pow(2, 0.5), cabs(3 + 4 * I));
    unsigned __int128 w = (unsigned __int128)0xfedcba9876543210u * 0x123456789abcdefu; printf("%llx%016llx\n", (long long)(w >> 64), (long long)w);
    long double ld = 1.0L / 3; printf("%.15Lg %zu\n", ld, sizeof ld);
    char *p = malloc(1 << 24); memset(p, 7, 1 << 24); printf("%d\n", p[(1 << 24) - 1]); free(p);
    return 42;
}
END
for o in -O0 -O2 '-O3 -static' '-O2 -pie -flto'; do gcc -Wall $o p.c -o p -lm -lpthread && ./p arg; echo "$o $?"; done
cat >q.cc <<'END'
#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>
#include <regex>
struct base { virtual ~base() { std::cout << "gone\n"; } virtual int f() const = 0; };
struct derived : base { int f() const override { return 7; } };
int main()
{
    try { std::vector<int> v(3); v.at(5) = 1; } catch (const std::out_of_range &e) { std::cout << "caught\n"; }
    std::map<std::string, int> m; for (auto w : {"b", "a", "c", "a"}) m[w]++;
    for (auto &[k, n] : m) std::cout << k << n << ' ';
    std::unique_ptr<base> d = std::make_unique<derived>(); std::cout << d->f() << dynamic_cast<derived *>(d.get())->f() << '\n';
    std::vector<std::thread> t; int out[4]; for (int i = 0; i < 4; i++) t.emplace_back([&out, i] { out[i] = i * i; }); for (auto &x : t) x.join();
    std::cout << std::regex_replace("a1b22", std::regex("[0-9]+"), "#") << out[3] << std::endl;
}
END
g++ -O1 -std=c++20 q.cc -o q && ./q; echo "g++ $?"
cat >x.c <<'END'
#include <pthread.h>
#include <unistd.h>
static void *wait_for_ever(void *arg) { if (arg) for (;;) pause(); for (volatile int i = 0;;) i++; }
int main(void) { pthread_t t; for (long i = 0; i < 4; i++) pthread_create(&t, NULL, wait_for_ever, (void *)i); usleep(3000); return 7; }
END
gcc x.c -o x && for i in $(seq 1 30); do ./x; echo $?; done | sort | uniq -c
echo 'int f(int x) { return x * 3; }' >f.c; gcc -O2 -shared -fPIC f.c -o libf.so && ar 2>/dev/null; gcc -c f.c && ar rcs libg.a f.o && nm libg.a | grep -c ' T f'
echo 'int f(int); int puts(const char *); int main(void) { return f(5); }' >m.c; gcc m.c -L. -lf -Wl,-rpath,"$PWD" -o m && ./m; echo "shared $?"
echo 'int main(void) { return x; }' >e.c; gcc e.c 2>&1 | grep -c error; objdump -d f.o | grep -c 'ret$'; readelf -h m | grep -c "Class: *ELF64"; strip m && ./m; echo "stripped $?"; echo | gcc -E - >/dev/null && echo 'int a[3];' | gcc -S -x c - -o - | grep -c '\.size'
