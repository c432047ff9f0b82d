#!/bin/bash
# SPDX-License-Identifier: MIT
cat >t.pl <<'END'
use strict; use warnings; use POSIX; use Digest::SHA qw(sha256_hex); use Storable; use Time::HiRes qw(usleep); use List::Util qw(sum first);
use Socket; use IO::Select; use Encode; use Math::BigInt; use Data::Dumper; $| = 1;
printf "%s %.15g %s %e\n", join(',', map { $_ ** 2 } 1 .. 5), atan2(1, 1) * 4, 1e21, 1 / 3;
my %h; $h{$_ % 97} .= chr(65 + $_ % 26) for 1 .. 20000; print sha256_hex(join '|', map { "$_=$h{$_}" } sort { $a <=> $b } keys %h), "\n";
(my $t = "the cat sat on the mat") =~ s/(\w+)/\u$1/g; print "$t ", scalar(() = $t =~ /at/g), "\n";
print join(' ', unpack("N n C a3 w", pack("N n C a3 w", 0xdeadbeef, 513, 255, "xyz", 123456))), "\n";
pipe(my $r, my $w); my $pid = fork // die; if (!$pid) { close $r; print $w "child $_\n" for 1 .. 3; close $w; exit 7 } close $w; print while <$r>; waitpid $pid, 0; print "status ", $? >> 8, "\n";
my $n = 0; $SIG{ALRM} = sub { $n++ }; setitimer(); sub setitimer { Time::HiRes::setitimer(Time::HiRes::ITIMER_REAL(), 0.02, 0.02) } select(undef, undef, undef, 0.01) while $n < 3; Time::HiRes::setitimer(Time::HiRes::ITIMER_REAL(), 0); print "alarms\n";
$SIG{CHLD} = 'IGNORE'; system("true") == -1 or print "system $?\n"; $SIG{CHLD} = 'DEFAULT'; print `echo backticks; exit 3`, $? >> 8, "\n";
my $k = fork; if (!$k) { kill 'TERM', $$; sleep 5; exit } waitpid $k, 0; print "signal ", $? & 127, "\n";
eval { local $SIG{ALRM} = sub { die "timed out\n" }; alarm 1; 1 while 1; }; print $@;
store { a => [1, 2, { b => undef }] }, 'st'; print Data::Dumper->new([retrieve('st')])->Indent(0)->Sortkeys(1)->Dump, "\n";
print Math::BigInt->new(2)->bpow(200), " ", Math::BigInt->new("123456789" x 4)->bmod(1000007), "\n";
socketpair(my $s1, my $s2, AF_UNIX, SOCK_STREAM, 0); syswrite $s1, "hello"; sysread $s2, my $buf, 5; print "$buf\n";
print length(encode("UTF-8", "h\x{e9}\x{4e2d}")), " ", fmod(7.5, 2), " ", floor(-1.5), " ", strftime("%F", gmtime 86400 * 365), " ", DBL_MAX, "\n";
my @s = sort { $a cmp $b } map { sprintf "%05d", $_ * 7919 % 100003 } 1 .. 5000; print "$s[0] $s[-1] ", sum(@s), "\n";
open my $f, '+>', 'file' or die; print $f "line $_\n" for 1 .. 100; seek $f, 0, 0; my @l = <$f>; print scalar(@l), " $l[99]"; truncate $f, 10; print -s 'file', "\n"; flock($f, 2) && print "locked\n"; utime 1e9, 1e9, 'file'; print((stat 'file')[9], "\n");
END
perl t.pl
perl -Mthreads -Mthreads::shared -e 'my $s :shared = 0; my @t = map { my $k = $_; threads->create(sub { for (1 .. 500) { lock($s); $s += $k } $k * 2 }) } 1 .. 4; my @r = map { $_->join } @t; print "threads $s @r\n"'
perl -e 'print "argv @ARGV\n"' a b c; perl -ne 'print if /5$/ && $. < 30' <(seq 1 100) | tr '\n' ' '; echo
perl -we 'use IO::Socket::INET; my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die; if (!fork) { my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport); print $c "over tcp\n"; exit } print scalar readline $l->accept; wait'
perl -e 'open $m, "<", "/proc/self/cmdline"; local $/; $_ = <$m>; s/\0/ /g; print /perl -e/ ? "cmdline\n" : "cmdline is $_\n"'
