"""Asks nft and iptables, where they are installed, for their rules."""

from __future__ import annotations

import os
import shutil
import subprocess

from ..snapshot import UnseenError
from . import iptables, nft
from .rules import Chain, Firewall

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # where an ordinary user doesn't look
LEGACY = {"ip": "ip_tables_names", "ip6": "ip6_tables_names"}  # the tables that there are, in /proc/net
MODULES = ("nf_tables", "ip_tables", "ip6_tables")  # of the kernel: without them, there are no rules
PATIENCE = 20  # seconds
SAVERS = {  # family: the program's name
    "ip": "iptables",
    "ip6": "ip6tables",
}


def gather(privileged: bool) -> Firewall:
    """All rules of this network namespace. Raises UnseenError if they can't be told."""
    programs = [name for name in ("nft", *SAVERS.values()) if shutil.which(name, path=PATH)]
    if not programs:
        if any(os.path.exists(f"/sys/module/{module}") for module in MODULES):
            raise UnseenError("firewall rules: neither nft nor iptables is installed")
        return Firewall()
    if not privileged:
        raise UnseenError("firewall rules: it takes CAP_NET_ADMIN to list them")
    ruleset = _nft()
    found = [chain for family, name in SAVERS.items() for chain in _saved(name, family, ruleset)]
    tables = {(chain.family, chain.table) for chain in found}  # those that iptables keeps in nftables are told twice
    return Firewall(tuple(found + [chain for chain in ruleset or () if (chain.family, chain.table) not in tables]))


def _saved(name: str, family: str, ruleset: tuple[Chain, ...] | None) -> list[Chain]:
    """The chains of both back ends of iptables, or of the one that there is.

    One that has nothing to tell isn't asked: starting it takes longer than all else.
    """
    use = {
        "legacy": _has_text(f"/proc/net/{LEGACY[family]}"),
        "nft": ruleset is None or any(chain.family == family for chain in ruleset),
    }
    back_ends = [end for end in use if shutil.which(f"{name}-{end}-save", path=PATH)]
    found: list[Chain] = []
    for program in [f"{name}-{end}" for end in back_ends if use[end]] if back_ends else [name]:
        if (saved := _output(f"{program}-save")) is not None:
            found += iptables.chains(saved, program, family)
    return found


def _has_text(path: str) -> bool:
    try:
        with open(path) as file:
            return bool(file.read(1))
    except OSError:
        return False


def _nft() -> tuple[Chain, ...] | None:
    """The chains of nftables; None without nft."""
    ruleset = _output("nft", "-j", "list", "ruleset")
    if ruleset is None:
        return None
    try:
        if found := nft.chains(ruleset):
            found = nft.chains(ruleset, _output("nft", "-a", "list", "ruleset") or "")
    except ValueError as error:
        raise UnseenError(f"firewall rules: {error}") from None
    return found


def _output(program: str, *words: str) -> str | None:
    """What `program` prints; None if it isn't installed. Raises UnseenError if it fails."""
    path = shutil.which(program, path=PATH)
    if path is None:
        return None
    try:
        ran = subprocess.run([path, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnseenError(f"firewall rules: {program}: {error}") from None
    if ran.returncode and not _has_none(ran.stderr):
        told = ran.stderr.strip().splitlines() or [f"status {ran.returncode}"]
        raise UnseenError(f"firewall rules: {program}: {told[0]}")
    return ran.stdout


def _has_none(stderr: str) -> bool:
    """Whether the kernel lacks what the program is about, so that there are no rules."""
    return any(told in stderr for told in ("not supported", "Table does not exist", "can't initialize"))
