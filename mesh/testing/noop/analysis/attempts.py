"""The attempts of a hostile analysis, by name: each returns when it succeeded and raises when it was refused."""

import ctypes
import os
import resource
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PTRACE_ATTACH, _PTRACE_DETACH = 16, 17
_PIDFD_GETFD, _KEYCTL, _BPF = 438, 250, 321
_MOST_PROCESSES, _MOST_MEMORY_MB, _MIB = 200, 4096, 1 << 20
# Documentation addresses (RFC 5737, RFC 3849) and what a container usually reaches.
_HOSTS = (("192.0.2.1", 80), ("172.17.0.1", 5679), ("127.0.0.1", 5679), ("127.0.0.1", 6389), ("127.0.0.1", 9010))


def _connect(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        connection.connect((host, port))


def _send(host: str, family: int = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (host, 53))


def _look_up() -> None:
    socket.getaddrinfo("example.org", 80)


def _open_socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def _interfaces() -> str:
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    if not names:
        raise OSError("there is only the loopback interface")
    return str(names)


def _write(path: str) -> None:
    # Not "w": that would need the right to create where the file is there already.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, b"x")
    finally:
        os.close(descriptor)


def _rename_out() -> None:
    Path("/unit/out").rename("/unit/elsewhere")


def _run_from_tmp() -> None:
    program = Path("/tmp/program")  # noqa: S108 - the container's own
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    subprocess.run([program], check=True)


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        return f"{len(file.read(1))} bytes read"


def _list(path: str) -> str:
    return str(sorted(entry.name for entry in Path(path).iterdir())[:5])


def _mounted_from() -> str:
    """Go to where the mounts of this container come from on the host (proc(5), mountinfo, field 4)."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="ascii").splitlines()
    sources = {line.split()[3] for line in lines} - {"/"}
    reached = sorted(source for source in sources if Path(source).parent.is_dir() and Path(source).exists())
    outside = [source for source in reached if not source.startswith(("/proc", "/sys", "/dev", "/bus", "/fs", "/irq"))]
    if not outside:
        raise OSError("no source of a mount can be reached")
    return str(outside)


def _make_device() -> None:
    os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))  # noqa: S108


def _call(name: str, *arguments: object) -> None:
    if getattr(_LIBRARY, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _become_root() -> None:
    os.setuid(0)


def _be_preferred() -> None:
    os.nice(-5)


def _trace_server() -> None:
    _call("ptrace", _PTRACE_ATTACH, 1, None, None)
    os.waitpid(1, 0)
    _call("ptrace", _PTRACE_DETACH, 1, None, None)


def _take_descriptor() -> str:
    server = os.pidfd_open(1)
    taken = []
    for number in range(3, 20):
        descriptor = _LIBRARY.syscall(_PIDFD_GETFD, server, number, 0)
        if descriptor != -1:
            taken.append(number)
            os.close(descriptor)
    os.close(server)
    if not taken:
        raise OSError("no descriptor of process 1 could be taken")
    return str(taken)


def _set_user_programs() -> str:
    folders = [Path(name) for name in ("/bin", "/usr/bin", "/sbin", "/usr/sbin")]
    found = [path for folder in folders for path in folder.iterdir() if path.stat().st_mode & stat.S_ISUID]
    for program in found:
        told = subprocess.run([program, "-c", "id -u"], capture_output=True, text=True, timeout=5, check=False)
        if told.stdout.strip() == "0":
            return str(program)
    raise OSError("no program makes another user of us")


def _forks() -> str:
    children = []
    try:
        for _ in range(_MOST_PROCESSES):
            pid = os.fork()
            if pid == 0:
                signal.pause()
                os._exit(0)
            children.append(pid)
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    return f"{len(children)} processes"


def _memory() -> str:
    pid = os.fork()
    if pid == 0:
        blocks: list[bytearray] = []
        try:
            while len(blocks) < _MOST_MEMORY_MB:
                blocks.append(bytearray(os.urandom(_MIB)))
        except MemoryError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise OSError(f"the process ended with {os.waitstatus_to_exitcode(status)}")
    return f"{_MOST_MEMORY_MB} MiB"


def _fill_tmp() -> None:
    written: list[Path] = []
    try:
        while len(written) < _MOST_MEMORY_MB:
            written.append(Path(f"/tmp/{len(written)}"))  # noqa: S108
            written[-1].write_bytes(bytes(_MIB))
    finally:
        for path in written:
            path.unlink(missing_ok=True)


def _large_file() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    path = Path("/unit/out/.large")
    try:
        with path.open("wb") as file:
            file.truncate(_MOST_MEMORY_MB * _MIB)
    finally:
        path.unlink(missing_ok=True)


def _raise_limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


ATTEMPTS: Mapping[str, Callable[[], str | None]] = {
    **{f"network: connect to {host}:{port}": partial(_connect, host, port) for host, port in _HOSTS},
    "network: send to 192.0.2.1": partial(_send, "192.0.2.1"),
    "network: send to 2001:db8::1": partial(_send, "2001:db8::1", socket.AF_INET6),
    "network: look up a name": _look_up,
    "network: raw socket": partial(_open_socket, socket.AF_INET, socket.SOCK_RAW),
    "network: packet socket": partial(_open_socket, socket.AF_PACKET, socket.SOCK_RAW),
    "network: another interface": _interfaces,
    "network: the engine's socket": partial(_list, "/run/docker.sock"),
    **{
        f"write: {path}": partial(_write, path)
        for path in (
            "/unit/unit.json",
            "/unit/new",
            "/unit/in/new",
            "/unit/in/events/201600270010.001/events.txt",
            "/ctl/new",
            "/opt/odamesh/mesh/kit/new.py",
            "/opt/odamesh/cache/numba/new",
            "/etc/passwd",
            "/root/new",
            "/dev/new",
            "/dev/shm/new",  # noqa: S108
            "/proc/sys/kernel/core_pattern",
            "/proc/sysrq-trigger",
            "/sys/fs/cgroup/new",
            "/sys/fs/cgroup/cgroup.procs",
            "/sys/fs/cgroup/memory.max",
            "/sys/kernel/uevent_helper",
        )
    },
    "write: move out/": _rename_out,
    "write: run a program from /tmp": _run_from_tmp,
    **{
        f"host: read {path}": partial(_read, path)
        for path in ("/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg", "/proc/kcore")
    },
    **{f"host: list {path}": partial(_list, path) for path in ("/var/lib/odamesh", "/host", "/mnt/host")},
    "host: go where the mounts come from": _mounted_from,
    "host: make a disk device": _make_device,
    "privileges: become root": _become_root,
    "privileges: change the group": partial(os.setgid, 0),
    "privileges: programs with another user's rights": _set_user_programs,
    "privileges: mount": partial(_call, "mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "privileges: new user namespace": partial(_call, "unshare", _CLONE_NEWUSER),
    "privileges: new network namespace": partial(_call, "unshare", _CLONE_NEWNET),
    "privileges: change the root": partial(os.chroot, "/tmp"),  # noqa: S108
    "privileges: kernel keys": partial(_call, "syscall", _KEYCTL, 0, -3, 1),
    "privileges: kernel programs": partial(_call, "syscall", _BPF, 0, None, 0),
    "privileges: host name": partial(_call, "sethostname", b"x", 1),
    "privileges: raise own priority": _be_preferred,
    "limits: processes": _forks,
    "limits: memory": _memory,
    "limits: temporary files": _fill_tmp,
    "limits: size of a file": _large_file,
    "limits: raise a limit": _raise_limit,
    "server: trace": _trace_server,
    "server: take a descriptor": _take_descriptor,
    "server: write memory": partial(_write, "/proc/1/mem"),
    "server: read memory": partial(_read, "/proc/1/mem"),
    "server: read environment": partial(_read, "/proc/1/environ"),
    "server: list descriptors": partial(_list, "/proc/1/fd"),
    "server: enter root": partial(_list, "/proc/1/root"),
}
"""``server:`` is process 1, which serves many units in a warm container and is a mere init in a cold one."""
