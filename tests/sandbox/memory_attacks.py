"""Ways to hold memory that is no process's own, as Perl scripts that say how far they came.

Each stops by itself at `{mib}` MiB or thereabouts, so that a bound that fails does no harm, then
holds what it has for `{hold}` seconds.
"""

from __future__ import annotations

_HEAD = "use strict; use Socket; use Fcntl; my ($mib, $hold) = ({mib}, {hold}); my @held; "
_FILL = """
sub fill { my ($s, $size) = @_; fcntl($s, F_SETFL, O_NONBLOCK); my $n = 0; my $x = "a" x $size;
  while (defined(my $w = syswrite($s, $x))) { $n += $w } $n }
sub room { my $s = shift;
  setsockopt($s, SOL_SOCKET, $_, pack("i", 4 << 20)) for SO_SNDBUF, SO_RCVBUF }
my $done = 0;
"""
# Descriptors are for each process, so a process that has enough of them goes on in a child.
_MANY = """
while ($done < $mib << 20) {
  my ($r, $w);
  if (@held > 1500) { my $child = fork; if ($child) { sleep $hold; exit } @held = () }
  %s
  push @held, $r, $w;
}
sleep $hold;
"""
_PAIRS = "socketpair($r, $w, AF_UNIX, %s, 0) or last; room($_) for $r, $w; "
# A mapping of 64 MiB at a time: filled by the kernel, then dropped from the process's own pages.
_MAPPED = """
open(my $zero, "<", "/dev/zero"); my $size = 64 << 20; my $done = 0;
while ($done < $mib << 20) {
  my $at = syscall(9, 0, $size, 3, 0x21, -1, 0); last if $at == -1;
  syscall(0, fileno($zero), $at, $size) == $size or last;
  syscall(28, $at, $size, 4); $done += $size;
}
sleep $hold;
"""
_TABLES = """
pipe(my $r, my $w); my $done = 0; my $size = 1 << 40; my $c;
my $at = syscall(9, 0, $size, 1, 0x4022, -1, 0); die if $at == -1;
for (my $i = 0; $done < $mib << 20 && $i < $size; $i += 2 << 20) {
  syscall(1, fileno($w), $at + $i, 1) == 1 or last; sysread $r, $c, 1; $done += 4096;
}
sleep $hold;
"""
_SPLICED = """
my $done = 0; my $size = 2 << 20; my $zero; open($zero, "<", "/dev/zero");
while ($done < $mib << 20) {
  my ($r, $w); pipe($r, $w) or last; push @held, $r, $w;
  my $at = syscall(9, 0, 2 * $size, 3, 0x22, -1, 0); my $in = ($at + $size - 1) & ~($size - 1);
  syscall(28, $in, $size, 14); syscall(0, fileno($zero), $in, $size);
  my $vector = pack("QQ", $in, $size); my $got = syscall(278, fileno($w), $vector, 1, 2);
  syscall(11, $at, 2 * $size); last if $got <= 0; $done += $got;
}
sleep $hold;
"""
_LISTEN = """
socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(0, INADDR_LOOPBACK)); listen($l, 4096);
my ($port) = sockaddr_in(getsockname($l));
"""
_CONNECT = """
socket($w, AF_INET, SOCK_STREAM, 0) or last; room($w);
connect($w, sockaddr_in($port, INADDR_LOOPBACK)) or last;
accept($r, $l) or last; room($r); $done += fill($w, 1 << 16);
"""
_DATAGRAMS = """
socket($r, AF_INET, SOCK_DGRAM, 0) or last; room($r); bind($r, sockaddr_in(0, INADDR_LOOPBACK));
socket($w, AF_INET, SOCK_DGRAM, 0) or last; room($w); connect($w, getsockname($r));
fcntl($w, F_SETFL, O_NONBLOCK); my $x = "a" x 60000; syswrite($w, $x) for 1..70;
$done += 200_000;  # more is dropped
"""

ATTACKS = {
    "datagram sockets": _FILL + _MANY % (_PAIRS % "SOCK_DGRAM" + "$done += fill($w, 100_000);"),
    "stream sockets": _FILL + _MANY % (_PAIRS % "SOCK_STREAM" + "$done += fill($w, 1 << 16);"),
    "pipes": _FILL + _MANY % "pipe($r, $w) or last; $done += fill($w, 4096);",
    "TCP": _FILL + _LISTEN + _MANY % _CONNECT,
    "UDP": _FILL + _MANY % _DATAGRAMS,
    "shared memory that nobody maps": _MAPPED,
    "page tables": _TABLES,
    "pages in pipes": _SPLICED,
    "files in memory": "system('head -c {mib}M /dev/zero > /dev/shm/x'); sleep $hold;",
    "private memory": "for (1 .. 8) { next if fork; my $x = 'a' x ($mib << 17); sleep $hold; exit }"
    " sleep $hold;",
}


def script(what: str, mib: int, hold: float) -> list[str]:
    """The command of an attack: a Perl program for a machine with x86-64's system calls."""
    text = (_HEAD + ATTACKS[what]).replace("{mib}", str(mib)).replace("{hold}", str(hold))
    return ["/usr/bin/perl", "-e", text]
