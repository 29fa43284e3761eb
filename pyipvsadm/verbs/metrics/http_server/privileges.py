"""Drops all privileges except CAP_NET_ADMIN, which reading the table requires."""

from __future__ import annotations

import ctypes
import os

NOBODY = 65534
CAP_NET_ADMIN = 12  # linux/capability.h
VERSION_3 = 0x20080522
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 8, 24, 38  # linux/prctl.h
KEPT = 1 << CAP_NET_ADMIN
LAST_CAPABILITY = "/proc/sys/kernel/cap_last_cap"


def drop() -> None:
    """Become the user nobody if we are root, and keep only CAP_NET_ADMIN, if we have it. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = _effective()
    if held & ~KEPT:
        with open(LAST_CAPABILITY, encoding="ascii") as file:
            last = int(file.read())
        for number in range(last + 1):
            if number != CAP_NET_ADMIN:
                libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # needs CAP_SETPCAP; without it, there is nothing to drop
    if os.geteuid() == 0:
        _succeed(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _hold(libc, held & KEPT)


def hold_none() -> None:
    """Be the same user from here on, but without any capability. Raises OSError."""
    _hold(ctypes.CDLL(None, use_errno=True), 0)


def _hold(libc: ctypes.CDLL, kept: int) -> None:
    """Have the capabilities `kept` alone, and get no others by running a program."""
    head = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable: low words, then high ones
    _succeed(libc.capset(head, sets))
    _succeed(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _effective() -> int:
    """The effective capabilities, as a bit mask."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))


def _succeed(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
