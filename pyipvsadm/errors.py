"""What goes wrong, in words: ipvsadm's on the first line, ours in the hint."""

from __future__ import annotations

from errno import (
    EAFNOSUPPORT,
    EBADMSG,
    EEXIST,
    EINVAL,
    EMSGSIZE,
    ENETUNREACH,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPERM,
    ERANGE,
    ESRCH,
)
from os import strerror

FAILED = 255  # C's -1: the kernel refused a change, or popt a word
USAGE = 2  # wrong words, or IPVS can't be reached
LISTING = 1  # a listing failed
FAULT = 70  # an error that nobody expected: EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 141  # 128 + SIGPIPE, of which ipvsadm dies


OLDEST_IPVS = 0x010104  # a byte each for major, minor and patch


def mismatch(version: int) -> str:
    """What is said of a kernel whose IPVS is older than OLDEST_IPVS. Work goes on."""
    return (
        "Warning: IPVS version mismatch: \n"
        f"  Kernel compiled with IPVS version {version >> 16}.{version >> 8 & 255}.{version & 255}\n"
        "  ipvsadm v1.31  requires minimum IPVS version 1.1.4\n"
    )


class IpvsadmError(Exception):
    """Something that the user has to know: what (the message), how to go on (`hint`), `status`.

    `stops` tells whether a restore ends here; if not, it goes on with its next line.
    """

    status = USAGE
    stops = True

    def __init__(self, message: str, hint: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if status is not None:
            self.status = status


class UsageError(IpvsadmError):
    """Words that break ipvsadm's rules."""


class NoCommandError(IpvsadmError):
    """The first option is no command: ipvsadm then says where its help is."""

    status = FAILED


class OptionError(IpvsadmError):
    """A word that is no option, or lacks its value. A restore goes on behind it."""

    status = FAILED
    stops = False


class UnreachableError(IpvsadmError):
    """There is no IPVS to talk to, or not for us, where `errno` is EPERM."""

    def __init__(self, message: str, hint: str, errno: int) -> None:
        super().__init__(message, hint)
        self.errno = errno


class RefusedError(IpvsadmError):
    """The kernel refused a request, with `errno`. A restore goes on behind a change, not behind a listing."""

    def __init__(self, message: str, hint: str, status: int, errno: int) -> None:
        super().__init__(message, hint, status)
        self.errno = errno
        self.stops = status == LISTING


class OutputError(IpvsadmError):
    """stdout took not all that was written. Without a message where a reader just went away."""

    status = LISTING


_KEY_MISSING = ("Service not defined", "add the virtual service first, with `-A`")
_NO_SERVICE = ("No such service", "`-Ln` lists the services")
_NO_SERVER = (
    "No such destination",
    "`-Ln` lists the servers; address and port must match, and without `-m` the port is that of the service",
)
_THRESHOLDS = (strerror(ERANGE), "the lower threshold (`-y`) may not exceed the upper one (`-x`)")
_INVALID = "Invalid operation.  Possibly wrong module version, address not unicast, ..."
_UNFIT = (_INVALID, "a server needs a unicast address, of the service's family except with `-i`")
_NO_SCHEDULER = (
    "Scheduler or persistence engine not found",
    "names are lower case, as in `-s wlc`; this kernel needs the module `ip_vs_NAME`",
)

REFUSALS = {  # (verb, errno): what ipvsadm says, and how to go on; None stands for any verb
    ("add-service", EEXIST): ("Service already exists", "change it with `-E`, or remove it with `-D`"),
    ("add-service", ENOENT): _NO_SCHEDULER,
    ("edit-service", ENOENT): _NO_SCHEDULER,
    ("edit-service", ESRCH): _NO_SERVICE,
    ("delete-service", ESRCH): _NO_SERVICE,
    ("zero", ESRCH): _NO_SERVICE,
    ("list", ESRCH): _NO_SERVICE,
    ("add-server", EEXIST): ("Destination already exists", "change it with `-e`, or remove it with `-d`"),
    ("add-server", ESRCH): _KEY_MISSING,
    ("edit-server", ESRCH): _KEY_MISSING,
    ("delete-server", ESRCH): _KEY_MISSING,
    ("edit-server", ENOENT): _NO_SERVER,
    ("delete-server", ENOENT): _NO_SERVER,
    ("add-server", ERANGE): _THRESHOLDS,
    ("edit-server", ERANGE): _THRESHOLDS,
    ("start-daemon", EEXIST): ("Daemon has already run", "stop it first, with `--stop-daemon`"),
    ("start-daemon", ENODEV): (strerror(ENODEV), "name an interface of this machine with `--mcast-interface`"),
    ("start-daemon", ENETUNREACH): (strerror(ENETUNREACH), "bring the interface up: `ip link set NAME up`"),
    ("stop-daemon", ESRCH): ("No daemon is running", "`-L --daemon` shows which daemons run"),
    (None, EPERM): ("Permission denied (you must be root)", "IPVS requires CAP_NET_ADMIN, even to list"),
    ("add-server", EINVAL): _UNFIT,
    ("edit-server", EINVAL): _UNFIT,
    (None, EINVAL): (_INVALID, "the kernel gives no reason"),
    (None, ENOPROTOOPT): ("Protocol not available", "this kernel has no IPVS"),
    (None, ENOMEM): ("Memory allocation problem", "the kernel is out of memory"),
    (None, EOPNOTSUPP): ("Operation not supported with IPv6", "this kernel does not support it"),
    (None, EAFNOSUPPORT): (
        "Operation not supported with specified address family",
        "this kernel's IPVS has no IPv6",
    ),
    (None, EBADMSG): ("The table changes faster than it can be read", "find out who changes it, and try again"),
    (None, EMSGSIZE): ("Module is wrong version", "this kernel has another version of IPVS"),
}


def refusal(verb: str, errno: int) -> RefusedError:
    """The kernel's answer `errno` to `verb`, in ipvsadm's words."""
    found = REFUSALS.get((verb, errno)) or REFUSALS.get((None, errno))
    message, hint = found or (strerror(errno), "")
    return RefusedError(message, hint, LISTING if verb in ("list", "save") else FAILED, errno)


def unreachable(errno: int) -> UnreachableError:
    """IPVS can't be reached: `errno` is EPERM without CAP_NET_ADMIN, else the kernel has none."""
    reason = REFUSALS[None, EPERM if errno == EPERM else ENOPROTOOPT][0]
    why = "IPVS requires CAP_NET_ADMIN, even to list: use sudo" if errno == EPERM else "try `modprobe ip_vs` as root"
    return UnreachableError(
        f"Can't initialize ipvs: {reason}\nAre you sure that IP Virtual Server is built in the kernel or as module?",
        hint=f"{why}; or use a throw-away kernel: `pyipvsadm sandbox`",
        errno=errno,
    )
