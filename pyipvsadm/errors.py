"""Errors and their messages: ipvsadm's wording on the first line, ours in the hint."""

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

FAILED = 255  # C's -1: the kernel refused a change, or popt refused a word
USAGE = 2  # wrong usage, or IPVS can't be reached
LISTING = 1  # a listing failed
FAULT = 70  # an unexpected error: EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
PIPE_CLOSED = 141  # 128 + SIGPIPE, which kills ipvsadm


OLDEST_IPVS = 0x010104  # one byte each for major, minor and patch


def mismatch(version: int) -> str:
    """A warning about a kernel whose IPVS is older than OLDEST_IPVS. It doesn't stop the command."""
    return (
        "Warning: IPVS version mismatch: \n"
        f"  Kernel compiled with IPVS version {version >> 16}.{version >> 8 & 255}.{version & 255}\n"
        "  ipvsadm v1.31  requires minimum IPVS version 1.1.4\n"
    )


class IpvsadmError(Exception):
    """An error for the user: what is wrong (the message), how to go on (`hint`), and the exit `status`.

    `stops` says whether a restore ends here; if not, it continues with the next line.
    """

    status = USAGE
    stops = True

    def __init__(self, message: str, hint: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if status is not None:
            self.status = status


class UsageError(IpvsadmError):
    """The command line breaks ipvsadm's rules."""


class NoCommandError(IpvsadmError):
    """The first option isn't a command: ipvsadm then says where its help is."""

    status = FAILED


class OptionError(IpvsadmError):
    """An unknown option, or one without its value. A restore continues after it."""

    status = FAILED
    stops = False


class UnreachableError(IpvsadmError):
    """The kernel has no IPVS, or, where `errno` is EPERM, we may not use it."""

    def __init__(self, message: str, hint: str, errno: int) -> None:
        super().__init__(message, hint)
        self.errno = errno


class RefusedError(IpvsadmError):
    """The kernel refused a request, with `errno`. A restore continues after a refused change, not a refused listing."""

    def __init__(self, message: str, hint: str, status: int, errno: int) -> None:
        super().__init__(message, hint, status)
        self.errno = errno
        self.stops = status == LISTING


class OutputError(IpvsadmError):
    """Not all output could be written to stdout. The message is empty if the reader closed the pipe."""

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

REFUSALS = {  # (verb, errno): ipvsadm's message, and how to go on; None stands for any verb
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
    """The error when IPVS can't be reached: EPERM means no CAP_NET_ADMIN; any other `errno`, no IPVS in the kernel."""
    reason = REFUSALS[None, EPERM if errno == EPERM else ENOPROTOOPT][0]
    why = "IPVS requires CAP_NET_ADMIN, even to list: use sudo" if errno == EPERM else "try `modprobe ip_vs` as root"
    return UnreachableError(
        f"Can't initialize ipvs: {reason}\nAre you sure that IP Virtual Server is built in the kernel or as module?",
        hint=f"{why}; or use a throw-away kernel: `pyipvsadm sandbox`",
        errno=errno,
    )
