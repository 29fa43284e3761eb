"""The arguments of `metrics`."""

from __future__ import annotations

from ...support.verb import verb
from .outputs import Wishes, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...world import World


@verb(rank=115)
def metrics(
    world: World,
    textfile: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write to FILE atomically, for the textfile collector of node_exporter."),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS:]PORT", help="Serve scrapes by HTTP until SIGTERM. Default address: 127.0.0.1."),
    ] = None,
    netns: Annotated[
        list[str] | None,
        typer.Option(
            "--netns",
            metavar="NAME|PID|PATH",
            help="Export this network namespace, with the label `netns`. Repeatable. Entered once, at the start.",
        ),
    ] = None,
    services_only: Annotated[bool, typer.Option("--services-only", help="Export no series of single servers.")] = False,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Keep only these labels, separated by commas, and sum over the others. What can't be summed, such as"
            " weights, is exported only if the labels still distinguish it.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CIDR|fwmark:N",
            help="Export only services with an address in this network, or with this mark. Repeatable.",
        ),
    ] = None,
    compatible: Annotated[
        Literal["node_exporter"] | None,
        typer.Option(help="Use the names and labels of node_exporter's collector."),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Print alerting rules for Prometheus.")] = False,
    dashboard: Annotated[bool, typer.Option("--dashboard", help="Print a dashboard for Grafana.")] = False,
) -> int:
    """Export services and servers to Prometheus: on stdout, to a file, or by HTTP.

    pyipvsadm(8) lists all series. No module is loaded: if the kernel has no IPVS, `ipvs_module_loaded` is 0. Without
    privilege, `ipvs_up` is 0, and the series are those that `/proc` shows.

    Exit status: 0 done; 1 the kernel or the file failed; 2 wrong input.

    - `pyipvsadm metrics --textfile /var/lib/prometheus/node-exporter/ipvs.prom` is for cron

    - `pyipvsadm metrics --listen 127.0.0.1:9796` keeps no privilege but CAP_NET_ADMIN
    """
    wishes = Wishes(
        textfile=textfile,
        listen=listen,
        netns=tuple(netns or ()),
        services_only=services_only,
        labels=labels,
        only=tuple(only or ()),
        compatible=compatible,
        rules=rules,
        dashboard=dashboard,
    )
    return run(world, wishes)
