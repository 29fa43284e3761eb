"""Runs nft and iptables, if they are installed, to list their rules."""

from __future__ import annotations

import os

from ..snapshot import UnseenError
from .chains import Chain, Firewall

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # folders that an ordinary user's PATH may lack
LEGACY = {"ip": "ip_tables_names", "ip6": "ip6_tables_names"}  # by family: the file in /proc/net that lists the tables
MODULES = ("nf_tables", "ip_tables", "ip6_tables")  # modules of the kernel: without them, there are no rules
CHAIN = '"chain"'  # in the JSON of nft; without it there are no rules, whose text would take another run
PATIENCE = 20  # seconds to wait for a program
NONE = ("not supported", "Table does not exist", "can't initialize")  # errors that mean that the kernel lacks it
OTHER = "-legacy"  # ends the names of programs for rules that aren't nftables'
SAVERS = {  # family: the program's name
    "ip": "iptables",
    "ip6": "ip6tables",
}


def firewall(privileged: bool) -> Firewall:
    """All rules of this network namespace. Raises UnseenError if they can't be listed."""
    programs = [name for name in ("nft", *SAVERS.values()) if _path(name)]
    if not programs:
        if any(os.path.exists(f"/sys/module/{module}") for module in MODULES):
            raise UnseenError("firewall rules: neither nft nor iptables is installed")
        return Firewall()
    if not privileged:
        raise UnseenError("firewall rules: it takes CAP_NET_ADMIN to list them")
    lacking: list[str] = []
    ruleset = _nft(lacking)
    found = [chain for family, name in SAVERS.items() for chain in _saved(name, family, ruleset, lacking)]
    twice = {chain.place[1:] for chain in found if not chain.program.endswith(OTHER)}  # nft lists them, too
    chains = found + [chain for chain in ruleset or () if chain.place[1:] not in twice]
    return Firewall(tuple(chains), tuple(lacking))


def _saved(name: str, family: str, ruleset: tuple[Chain, ...] | None, lacking: list[str]) -> list[Chain]:
    """The chains of both back ends of iptables, or of the one that is installed.

    A back end without rules isn't run, since that takes longer than everything else.
    """
    use = {
        "legacy": _has_text(f"/proc/net/{LEGACY[family]}"),
        "nft": (ruleset is None and "nft" not in lacking) or any(chain.family == family for chain in ruleset or ()),
    }
    back_ends = [end for end in use if _path(f"{name}-{end}-save")]
    found: list[Chain] = []
    for program in [f"{name}-{end}" for end in back_ends if use[end]] if back_ends else [name]:
        if (saved := _output(lacking, f"{program}-save")) is not None:
            from . import iptables

            found += iptables.chains(saved, program, family)
    return found


def _has_text(path: str) -> bool:
    try:
        with open(path) as file:
            return bool(file.read(1))
    except OSError:
        return False


def _nft(lacking: list[str]) -> tuple[Chain, ...] | None:
    """The chains of nftables; None without nft, or if the kernel doesn't support it."""
    ruleset = _output(lacking, "nft", "-j", "list", "ruleset")
    if ruleset is None:
        return None
    from . import nft

    listing = _output(lacking, "nft", "-a", "list", "ruleset") if CHAIN in ruleset else ""
    try:
        return nft.chains(ruleset, listing or "")
    except ValueError as error:
        raise UnseenError(f"firewall rules: {error}") from None


def _path(program: str) -> str:
    """Where `program` is installed; empty if it isn't."""
    places = (os.path.join(folder, program) for folder in PATH.split(os.pathsep) if folder)
    return next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), "")


def _output(lacking: list[str], program: str, *words: str) -> str | None:
    """The output of `program`; None if it isn't installed, or if the kernel lacks it, which is added to `lacking`.

    Bytes that aren't UTF-8 are replaced. Raises UnseenError if the program fails.
    """
    path = _path(program)
    if not path:
        return None
    import subprocess

    try:
        ran = subprocess.run([path, *words], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnseenError(f"firewall rules: {program}: {error}") from None
    stderr = ran.stderr.decode(errors="replace")
    if ran.returncode and any(told in stderr for told in NONE):
        lacking += [program] if program not in lacking else []
        return None
    if ran.returncode:
        told = stderr.strip().splitlines() or [f"status {ran.returncode}"]
        raise UnseenError(f"firewall rules: {program}: {told[0]}")
    return ran.stdout.decode(errors="replace")
