"""The options that tell how to read a document, shared by all verbs that read one."""

from __future__ import annotations

import os
from _socket import AF_INET, AF_INET6

from ...documents import Asked
from ...errors import IpvsadmError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Annotated, Any, Literal

    import typer

    from ...record import Record
    from ..arguments import FormatName

KUBERNETES, KEEPALIVED = "Kubernetes", "keepalived"  # the headings of their options in the help
KUBE_PROXYS = "kube-ipvs0"  # kube-proxy's own device, whose addresses aren't the node's
FAMILIES = {"ipv4": (AF_INET,), "ipv6": (AF_INET6,)}
NODE_ADDRESS_HELP = "An address of the node. Repeatable. Default: this machine's addresses, except on kube-ipvs0."


def _kubernetes(name: str, metavar: str, help: str) -> Any:
    import typer

    return typer.Option(name, metavar=metavar, help=help, rich_help_panel=KUBERNETES)


def asked(
    format: Annotated[
        FormatName | None,
        typer.Option("--from", help="The format of FILE. Default: detected by content and name."),
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="List everything in FILE that a table cannot express or that may surprise.")
    ] = False,
    node: Annotated[
        str | None, _kubernetes("--node", "NAME", "The node that the table is for. Default: this host's name.")
    ] = None,
    node_address: Annotated[list[str] | None, _kubernetes("--node-address", "ADDRESS", NODE_ADDRESS_HELP)] = None,
    scheduler: Annotated[str | None, _kubernetes("--scheduler", "NAME", "kube-proxy's scheduler. Default: rr.")] = None,
    node_port_addresses: Annotated[
        list[str] | None,
        _kubernetes(
            "--node-port-addresses", "CIDR|primary", "The addresses of NodePorts. Repeatable. Default: all addresses."
        ),
    ] = None,
    exclude_cidrs: Annotated[
        list[str] | None,
        _kubernetes("--exclude-cidrs", "CIDR", "Leave services in this network alone. Repeatable."),
    ] = None,
    ip_family: Annotated[
        Literal["ipv4", "ipv6"] | None,
        typer.Option("--ip-family", case_sensitive=False, rich_help_panel=KUBERNETES, help="Use only this family."),
    ] = None,
    id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            rich_help_panel=KEEPALIVED,
            help="Read the lines with this @id, as keepalived -i. Default: this host's name.",
        ),
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(
            "--root", metavar="DIR", rich_help_panel=KEEPALIVED, help="Read the included files from a copy of / in DIR."
        ),
    ] = None,
) -> Asked:
    """How to read the document, from the options."""
    given = {
        "node": node,
        "node_addresses": node_address,
        "scheduler": scheduler,
        "node_port_addresses": node_port_addresses,
        "exclude_cidrs": exclude_cidrs,
        "families": ip_family,
    }
    said = {name: value for name, value in given.items() if value is not None}

    def options(format: str) -> Record | None:
        if format == "kubernetes" and id is None and root is None:
            return _kubernetes_options(**said)
        if format == "keepalived" and not said:
            return _keepalived_options(id, root)
        if said or id is not None or root is not None:
            raise UsageError(
                f"options for {KUBERNETES if said else KEEPALIVED}, but the file is not one of its",
                hint=f"{format} was found; `--from {'kubernetes' if said else 'keepalived'}` reads it as such",
            )
        return None

    return Asked(format=format or "", options=options, notes=notes)


def _keepalived_options(id: str | None, root: str | None) -> Record:
    """The options for keepalived, with defaults from this machine."""
    from ...documents.keepalived import Files, Options

    return Options(id=os.uname().nodename.partition(".")[0] if id is None else id, files=Files(root or ""))


def _kubernetes_options(**said: Any) -> Record:
    """The options for Kubernetes, with defaults from this machine. Raises UsageError."""
    from ...documents.kubernetes import PRIMARY, Options, network, packed

    def each(what: str, read: Any) -> tuple[Any, ...] | None:
        return None if what not in said else tuple(read(word) for word in _words(said[what]))

    try:
        ports = each("node_port_addresses", str)
        if ports != (PRIMARY,):
            list(map(network, ports or ()))
        excluded = each("exclude_cidrs", str)
        list(map(network, excluded or ()))
        addresses = each("node_addresses", packed)
    except ValueError as error:
        raise UsageError(str(error), hint="addresses are in digits, networks are CIDRs such as 192.0.2.0/24") from None
    return Options(
        node=said.get("node"),
        host=os.uname().nodename,
        node_addresses=tuple(map(packed, _own_addresses())) if addresses is None else addresses,
        scheduler=said.get("scheduler"),
        node_port_addresses=ports,
        exclude_cidrs=excluded,
        families=FAMILIES.get(said.get("families", ""), (AF_INET, AF_INET6)),
    )


def _words(given: Iterable[str]) -> list[str]:
    """Words that may be separated by commas, as in kube-proxy's own options."""
    return [word.strip() for words in given for word in words.split(",") if word.strip()]


def _own_addresses() -> Sequence[str]:
    """The addresses of this machine's interfaces except kube-proxy's. Raises IpvsadmError."""
    from ...network.facts import Reading

    try:
        with Reading() as machine:
            return [one.address for one in machine.addresses() if one.device != KUBE_PROXYS]
    except OSError as error:
        raise IpvsadmError(
            f"the addresses of this machine can't be read: {error.strerror}",
            hint="name those of the node with `--node-address`",
        ) from None
