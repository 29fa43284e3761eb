"""The lines above a table: the version of IPVS and the column heads. An empty table prints nothing else."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..model import Info, Listing

_WIDE = "Prot LocalAddress:Port"
_REMOTE = "  -> RemoteAddress:Port"
HEADS = {  # by format: the two lines above a table
    "plain": (
        "Prot LocalAddress:Port Scheduler Flags",
        f"{_REMOTE}           Forward Weight ActiveConn InActConn",
    ),
    "tun-info": (
        "Prot LocalAddress:Port Scheduler Flags",
        f"{_REMOTE}           Forward TunnelInfo    Weight ActiveConn InActConn",
    ),
    "stats": (f"{_WIDE:<33}    Conns   InPkts  OutPkts  InBytes OutBytes", _REMOTE),
    "rate": (f"{_WIDE:<33}      CPS    InPPS   OutPPS    InBPS   OutBPS", _REMOTE),
    "thresholds": (f"{_WIDE:<33} Uthreshold Lthreshold ActiveConn InActConn ", _REMOTE),
    "persistent-conn": (f"{_WIDE:<33} Weight    PersistConn ActiveConn InActConn ", _REMOTE),
}


def format_of(listing: Listing) -> str:
    """The format to show: the first that was asked for, in ipvsadm's order."""
    for name in ("stats", "rate", "thresholds", "persistent_conn", "tun_info"):
        if getattr(listing, name):
            return name.replace("_", "-")
    return "plain"


def header(info: Info | None, listing: Listing) -> str:
    """The lines above a table; without the version for a single service, where `info` is None."""
    lines: tuple[str, ...] = HEADS[format_of(listing)]
    if info:
        lines = (title(info), *lines)
    return "\n".join((*lines, ""))


def title(info: Info) -> str:
    """The line with the version of IPVS."""
    major, minor, patch = info.version >> 16 & 255, info.version >> 8 & 255, info.version & 255
    return f"IP Virtual Server version {major}.{minor}.{patch} (size={info.size})"
