"""The arguments and options that several verbs share, and the meaning of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..documents.formats import READ, WRITTEN
from ..network import DEVICE

if TYPE_CHECKING:
    FormatName = str
    ShownAs = str
    WrittenAs = str
else:
    FormatName = Literal[READ]
    WrittenAs = Literal[tuple(name for name in READ if name in WRITTEN)]
    ShownAs = Literal[("table", *WRITTEN)]  # the registry's formats with a writer, and the one for people

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A table as rules, JSON or YAML, or objects of Kubernetes; `-` for stdin.")
]
Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="SERVICE", help="Such as 192.168.2.10:80/tcp or fwmark:7. Default: all."),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--names", metavar="FILE", help="Show the names of Kubernetes Services and pods, from the objects in FILE."
    ),
]
NoPrune = Annotated[bool, typer.Option("--no-prune", help="Do not delete what FILE does not contain.")]
KeepWeights = Annotated[bool, typer.Option("--keep-weights", help="Keep the weights of servers that exist.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CIDR|fwmark:N",
        help="Touch only services with an address in this network, or with this mark. Repeatable.",
    ),
]
NoPager = Annotated[bool, typer.Option("--no-pager", help="Don't send a long list through a pager.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
WaitLock = Annotated[
    float,
    typer.Option(
        "--wait-lock",
        metavar="SECONDS",
        min=0,
        max=86400,
        help="How long to wait for other programs that change the table.",
    ),
]
Told = Annotated[
    Literal["text", "json"],
    typer.Option("--output", "-o", help="Output format: json lists what was changed, refused and undone."),
]
Device = Annotated[
    str | None,
    typer.Option("--device", metavar="INTERFACE", show_default=DEVICE, help="The dummy device for the addresses."),
]
BindTaken = Annotated[bool, typer.Option("--force", help="Also bind addresses that belong to another machine.")]
Addresses = Annotated[list[str], typer.Argument(metavar="ADDRESS", help="An address in numbers.", show_default=False)]
Server = Annotated[
    str,
    typer.Argument(
        metavar="SERVER",
        help="Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.",
        show_default=False,
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="SERVICE",
        help="Only in this service. Repeatable. Default: in all services that have the server.",
    ),
]
