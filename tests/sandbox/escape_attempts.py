"""Attempts to get out of a sandbox, as data. Each runs inside; the same act outside is its control.

An attempt is a shell script that says `ESCAPED` if, and only if, it got what it was after. Its
placeholders are filled in by the test, with things that it made on this machine for the purpose:
`{secret}` a file of another user's, `{folder}` its folder, `{port}` a loopback listener, `{socket}`
an abstract socket, `{pid}` a living process outside, `{variable}` in this machine's environment.
"""

from __future__ import annotations

from dataclasses import dataclass

PERL_CALL = "perl -e 'exit(syscall({call}) == -1)' && echo ESCAPED"


@dataclass(frozen=True)
class Attempt:
    """`control`: whether the same script succeeds outside, run by the one who runs the tests."""

    script: str
    control: bool = True


def syscall(*arguments: object) -> str:
    """A system call by number (x86-64), which escapes if it does anything but fail."""
    call = ", ".join(str(argument) for argument in arguments)
    return PERL_CALL.replace("{call}", call)


ATTEMPTS: dict[str, Attempt] = {
    # files of this machine
    "read another user's file": Attempt("cat {secret} && echo ESCAPED"),
    "list another user's folder": Attempt("ls {folder} && echo ESCAPED"),
    "read it through process 1": Attempt("cat /proc/1/root{secret} && echo ESCAPED", control=False),
    "read it through a process outside": Attempt("cat /proc/{pid}/root{secret} && echo ESCAPED"),
    "read it through one's own root": Attempt(
        "cat /proc/self/root{secret} /proc/thread-self/root{secret} && echo ESCAPED"
    ),
    "read it by the way up": Attempt(
        "cd /; for i in 1 2 3 4 5 6 7 8; do cd ..; done; cat .{secret} && echo ESCAPED"
    ),
    "read it through a link": Attempt(
        "ln -sf {secret} /tmp/escape-$$; cat /tmp/escape-$$ && echo ESCAPED; rm -f /tmp/escape-$$"
    ),
    "read it through an open file": Attempt(
        "for f in /proc/self/fd/*/..{secret} /proc/self/cwd{secret}; do "
        "cat $f && echo ESCAPED; done; cd / && cat /proc/self/cwd{secret} && echo ESCAPED"
    ),
    "read the passwords": Attempt("grep ':' /etc/shadow && echo ESCAPED"),
    "find private keys": Attempt("grep -rls 'PRIVATE KEY' {folder} | grep . && echo ESCAPED"),
    "find the container engine": Attempt(
        "ls /run/docker.sock /var/run/docker.sock /run/containerd && echo ESCAPED", control=False
    ),
    "see the agent's folder from outside": Attempt("ls -d /oldroot && echo ESCAPED", control=False),
    # processes and environment of this machine
    "see a process outside": Attempt("kill -0 {pid} && echo ESCAPED"),
    "read its command line": Attempt("grep -aq . /proc/{pid}/cmdline && echo ESCAPED"),
    "read the environment": Attempt(
        "env | grep '^{variable}=' && echo ESCAPED;"
        "cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep '^{variable}=' && echo ESCAPED"
    ),
    "find a key in the environment": Attempt(
        "cat /proc/[0-9]*/environ | grep -aq '_API_KEY=' && echo ESCAPED"
    ),
    "see many processes": Attempt("[ $(ls -d /proc/[0-9]* | wc -l) -gt 20 ] && echo ESCAPED"),
    "trace a process": Attempt(syscall(101, 0, 0, 0, 0)),
    "trace process 1": Attempt(syscall(101, 16, "$ARGV[0] || 1", 0, 0), control=False),
    "read another's memory": Attempt("head -c1 /proc/1/mem && echo ESCAPED", control=False),
    "kill process 1": Attempt("kill -9 1; kill -TERM 1; kill -0 1 || echo ESCAPED", control=False),
    "raise one's own priority": Attempt("nice -n -5 true 2>&1 | grep -q . || echo ESCAPED"),
    "be spared by the memory killer": Attempt(
        "o=$(cat /proc/self/oom_score_adj); sh -c 'echo -900 > /proc/self/oom_score_adj' "
        "&& echo ESCAPED",
        control=False,
    ),
    # kernel interfaces
    "write a kernel setting": Attempt(
        "v=$(cat /proc/sys/vm/swappiness); echo $v > /proc/sys/vm/swappiness && echo ESCAPED"
    ),
    "write the core pattern": Attempt(
        'v=$(cat /proc/sys/kernel/core_pattern); echo "$v" > /proc/sys/kernel/core_pattern '
        "&& echo ESCAPED"
    ),
    "write the module loader": Attempt(
        "v=$(cat /proc/sys/kernel/modprobe); echo $v > /proc/sys/kernel/modprobe && echo ESCAPED",
        control=False,
    ),
    "open the system request trigger": Attempt(
        "true 3>> /proc/sysrq-trigger && echo ESCAPED", control=False
    ),
    "see the devices' tree": Attempt("ls /sys/* | grep -q . && ls /sys/kernel && echo ESCAPED"),
    "open the memory": Attempt(
        "ls /dev/mem /dev/kmem /dev/port 2>/dev/null && echo ESCAPED", control=False
    ),
    "open a disk": Attempt("ls /dev/vd* /dev/sd* /dev/nvme* 2>/dev/null | grep . && echo ESCAPED"),
    "read the kernel's log": Attempt("head -c1 /dev/kmsg && echo ESCAPED", control=False),
    "read the kernel's log by call": Attempt(syscall(103, 10, 0, 0)),
    "use keyrings": Attempt(syscall(250, 0, -3, 1, 0, 0), control=False),
    "add a key": Attempt(
        'perl -e \'my ($t, $d) = ("user", "x"); exit(syscall(248, $t, $d, $d, 1, -2) == -1)\' '
        "&& echo ESCAPED"
    ),
    "load a filter program": Attempt(
        "perl -e '$a = \"\\0\" x 128; syscall(321, 5, $a, 128); exit($! == 1)' && echo ESCAPED"
    ),
    "watch performance": Attempt(
        'perl -e \'$a = "\\0" x 128; syscall(298, $a, 0, -1, -1, 0); '
        "exit($! == 1)' && echo ESCAPED"
    ),
    "handle page faults": Attempt(syscall(323, 1)),
    "open a ring of calls": Attempt(
        'perl -e \'$a = "\\0" x 120; syscall(425, 4, $a); '
        "exit($! == 1 || $! == 38)' && echo ESCAPED"
    ),
    "make a file handle": Attempt(
        'perl -e \'$p = "/etc"; $h = pack("II", 128, 0) . "\\0" x 128; $m = "\\0" x 8; '
        "exit(syscall(303, -100, $p, $h, $m, 0) == -1)' && echo ESCAPED"
    ),
    # more power
    "change the user": Attempt("perl -e '$> = 0; $< = 0; exit($< != 0)' && echo ESCAPED"),
    "run a program with its owner's power": Attempt(
        "[ -u /usr/bin/su ] || [ -u /bin/su ] || exit 0; "
        "grep -q '^NoNewPrivs:.*0' /proc/self/status && echo ESCAPED"
    ),
    "hold a capability": Attempt("grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo ESCAPED"),
    "could ever gain one": Attempt(
        "grep -q '^CapBnd:.*[1-9a-f]' /proc/self/status && echo ESCAPED"
    ),
    "open a user namespace": Attempt("unshare -U true && echo ESCAPED"),
    "open one as root": Attempt("unshare -Ur true && echo ESCAPED"),
    "open one by clone": Attempt(
        "perl -e '$p = syscall(56, 0x10000011, 0, 0, 0, 0); "
        "exit(0) if $p == 0 && $$ > 0; exit($p == -1)' && echo ESCAPED"
    ),
    "open one by clone3": Attempt(
        'perl -e \'$a = pack("Q11", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0); '
        "$p = syscall(435, $a, 88); exit($p == -1)' && echo ESCAPED"
    ),
    "open a network namespace": Attempt("unshare -n true && echo ESCAPED"),
    "join a namespace": Attempt("nsenter -t $$ -n true && echo ESCAPED"),
    "mount": Attempt("unshare -m mount -t tmpfs none /mnt && echo ESCAPED"),
    "mount without a namespace": Attempt(
        'perl -e \'($n, $p, $t) = ("none", "/mnt", "tmpfs"); '
        "exit(syscall(165, $n, $p, $t, 0, 0) == -1)' && echo ESCAPED",
        control=False,
    ),
    "unmount": Attempt(
        "umount /dev/shm && echo ESCAPED; umount -l /proc && echo ESCAPED", control=False
    ),
    "change the root": Attempt("chroot / /bin/true && echo ESCAPED"),
    "make a device": Attempt("mknod /tmp/escape-dev c 1 3 && echo ESCAPED; rm -f /tmp/escape-dev"),
    "set the clock": Attempt("date -s @$(date +%s) && echo ESCAPED", control=False),
    "rename the machine": Attempt('hostname "$(hostname)" && echo ESCAPED'),
    "type into the terminal": Attempt(
        'perl -e \'open($t, "+<", "/dev/ptmx") or exit 1; $c = "x"; '
        "ioctl($t, 0x5412, $c); exit($! == 1)' && echo ESCAPED"
    ),
    # the read-only system
    "write to the system": Attempt("touch /usr/escape && echo ESCAPED; rm -f /usr/escape"),
    "write to its programs": Attempt("true 3>> /usr/bin/env && echo ESCAPED"),
    "write to what runs": Attempt("sh -c 'true 3>> /proc/self/exe' && echo ESCAPED", control=False),
    "write to what runs as process 1": Attempt(
        "true 3>> /proc/1/exe && echo ESCAPED", control=False
    ),
    "write to the devices' folder": Attempt("touch /dev/escape && echo ESCAPED; rm -f /dev/escape"),
    # networks
    "reach a listener on this machine": Attempt(
        "(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo ESCAPED"
    ),
    "reach it by the other protocol": Attempt(
        "(exec 3<>/dev/tcp/localhost/{port}) && echo ESCAPED"
    ),
    "reach an abstract socket": Attempt(
        "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 1; "
        'connect(S, pack("S", AF_UNIX) . "\\0{socket}") or exit 1\' && echo ESCAPED'
    ),
    "open a raw socket": Attempt(
        "perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1) or exit 1' && echo ESCAPED"
    ),
    "open a packet socket": Attempt("perl -e 'socket(S, 17, 3, 768) or exit 1' && echo ESCAPED"),
    "open a socket to the hypervisor": Attempt(
        "perl -e 'socket(S, 40, 1, 0) or exit 1' && echo ESCAPED", control=False
    ),
    "open a socket to the kernel's ciphers": Attempt(
        "perl -e 'socket(S, 38, 5, 0) or exit 1' && echo ESCAPED", control=False
    ),
    "have a way out": Attempt("ip route | grep default && echo ESCAPED", control=False),
    "have a foreign interface": Attempt(
        "ip -o link | grep -v -e ': lo:' -e ': eth0@' | grep . && echo ESCAPED", control=False
    ),
    "ask a name server": Attempt(
        "grep -q ^nameserver /etc/resolv.conf && echo ESCAPED", control=False
    ),
    "forward packets": Attempt(
        "echo 1 > /proc/sys/net/ipv4/ip_forward && echo ESCAPED", control=False
    ),
    "add a route": Attempt("ip route add 10.99.0.0/24 dev lo && echo ESCAPED", control=False),
    "use the keeper's bridge": Attempt(
        "(exec 3<>/dev/tcp/10.0.12.1/{port}) 2>/dev/null && echo ESCAPED", control=False
    ),
}

# The hosts' own doors: what is done by ssh runs on a host and may get no further there.
ON_A_HOST = (
    "read another user's file",
    "see a process outside",
    "read the environment",
    "hold a capability",
    "could ever gain one",
    "open a user namespace",
    "mount without a namespace",
    "trace a process",
    "write to the system",
    "reach a listener on this machine",
    "reach an abstract socket",
    "open a raw socket",
    "have a way out",
    "read the kernel's log by call",
)
