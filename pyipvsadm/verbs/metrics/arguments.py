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
        typer.Option(metavar="FILE", help="Write them to FILE, as a whole or not at all: for cron, and node_exporter."),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS:]PORT", help="Answer scrapes there, until SIGTERM. Address: 127.0.0.1."),
    ] = None,
    netns: Annotated[
        list[str] | None,
        typer.Option(
            "--netns",
            metavar="NAME|PID|PATH",
            help="Tell of this network namespace, by the label `netns`. Repeatable. It is entered once, at the start.",
        ),
    ] = None,
    services_only: Annotated[bool, typer.Option("--services-only", help="Tell nothing of single servers.")] = False,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Keep these labels alone, parted by commas, and sum over the others; what can't be summed, as weights,"
            " stands where labels still tell one from another.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CIDR|fwmark:N",
            help="Tell only of services with an address in this network, or of this mark. Repeatable.",
        ),
    ] = None,
    compatible: Annotated[
        Literal["node_exporter"] | None,
        typer.Option(help="Use the names and labels of node_exporter's collector, instead of ours."),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Print alerting rules for Prometheus, and end.")] = False,
    dashboard: Annotated[bool, typer.Option("--dashboard", help="Print a dashboard for Grafana, and end.")] = False,
) -> int:
    """Tell Prometheus about services and servers: on stdout, in a file, or by HTTP.

    pyipvsadm(8) names every series. No module is loaded. Where the kernel has no IPVS, `ipvs_module_loaded` is 0;
    without privilege, `ipvs_up` is 0, and what `/proc` shows is told.

    Exit status: 0 done; 1 the kernel or the file failed; 2 wrong words.

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
