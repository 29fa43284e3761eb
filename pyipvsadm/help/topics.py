"""The topics of `-h TOPIC`, a screen each: commands, options, and words that are values."""

from __future__ import annotations

from ..grammar.options import LONG, OPTIONS, RULES, TUNNEL_ROLES, Option, Rule
from ..grammar.schedulers import ENGINES, FLAGS, SCHEDULERS, STATES, TUNNELS
from ..record import Record
from .command_lines import first_sentence
from .verb_table import VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = Rule | Option
    Words = dict[str, str]

BRIEF = 64  # characters
_TUNNEL = ("tun-type", *TUNNEL_ROLES)


class Topic(Record):
    """A screen of help.

    It explains the `commands`, the options that go with them `but` those of some roles, which
    other topics tell, and the `others`, or the commands `alone`; then `words`, each with what it means. `examples` are
    lines without the program's name.
    """

    __slots__ = ()
    name: str = ""
    title: str = ""
    commands: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    words: Words | None = None
    see: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    alone: bool = False

    def rows(self) -> Iterator[Row]:
        """The rows of the option table that it explains: commands first, options in the table's order."""
        rules = [rule for rule in RULES if rule.verb in self.commands]
        yield from rules
        if self.alone:
            return
        roles = {role for rule in rules for role in (*rule.needs, *rule.one, *rule.takes)} - {*self.but}
        for option in OPTIONS:
            if option.role in roles or option.name in self.others:
                yield option


def brief(help: str) -> str:
    """As many clauses of the first sentence of `help` as fit on a line beside a verb."""
    help = first_sentence(help)
    while len(help) > BRIEF and (at := max(map(help.rfind, (", ", ": ", "; ")))) > 0:
        help = help[:at]
    return help


TOPICS: tuple[Topic, ...] = (
    Topic(
        name="service",
        title="Virtual services: what clients connect to",
        commands=("add-service", "edit-service", "delete-service", "clear", "zero"),
        but=("netmask", "pe", "sched-flags"),
        others=("ipv6",),
        see=("schedulers", "persistence"),
        examples=("-A -t 192.0.2.1:80 -s wlc", "-E -t 192.0.2.1:80 -s rr -p 300"),
    ),
    Topic(
        name="server",
        title="Real servers: the machines behind a service",
        commands=("add-server", "edit-server", "delete-server"),
        but=("service-address", *_TUNNEL),
        see=("service", "tunnels"),
        examples=("-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3", "-d -t 192.0.2.1:80 -r 10.0.0.2:8080"),
    ),
    Topic(
        name="list",
        title="The table, counters and connections",
        commands=("list",),
        but=("service-address", "syncid"),
        others=("sort",),
        see=("service", "timeouts", "daemon"),
        examples=("-Ln", "-Ln --stats -t 192.0.2.1:80", "-Lnc"),
    ),
    Topic(
        name="restore",
        title="Rules: save the table to stdout, restore it from stdin",
        commands=("save", "restore"),
        see=("verbs",),
        examples=("-Sn > rules", "-R < rules", "-R --check < rules"),
    ),
    Topic(
        name="timeouts",
        title="Timeouts: seconds until the kernel forgets an idle connection",
        commands=("set",),
        others=("timeout",),
        examples=("--set 900 120 300", "-L --timeout"),
    ),
    Topic(
        name="daemon",
        title="Synchronisation daemons: share connections with other directors",
        commands=("start-daemon", "stop-daemon"),
        others=("daemon",),
        words=STATES,
        examples=("--start-daemon master --mcast-interface eth0 --syncid 1", "-L --daemon"),
    ),
    Topic(
        name="schedulers",
        title="Schedulers: how the kernel chooses a server for a connection",
        others=("scheduler",),
        words=SCHEDULERS,
        see=("flags",),
        examples=("-A -t 192.0.2.1:80 -s mh",),
    ),
    Topic(
        name="flags",
        title="Flags of schedulers",
        others=("sched-flags",),
        words=FLAGS,
        see=("schedulers",),
        examples=("-A -t 192.0.2.1:80 -s mh -b mh-port,mh-fallback",),
    ),
    Topic(
        name="persistence",
        title="Persistence: a client's connections go to one server; engines",
        others=("persistent", "netmask", "pe", "persistent-conn"),
        words=ENGINES,
        examples=("-A -t 192.0.2.1:443 -p 600 -M 255.255.255.0", "-A -u 192.0.2.1:5060 -p 60 -o --pe sip"),
    ),
    Topic(
        name="tunnels",
        title="Tunnels to servers, and their types",
        others=("ipip", *_TUNNEL, "tun-info"),
        words=TUNNELS,
        see=("server",),
        examples=("-a -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 6080", "-Ln --tun-info"),
    ),
    Topic(
        name="verbs",
        title="Verbs, in addition to ipvsadm's commands; for more: VERB --help",
        words={verb.name: brief(verb.help) for verb in VERBS},
    ),
    Topic(
        name="commands",
        title="Commands, which are those of ipvsadm",
        commands=tuple(rule.verb for rule in RULES),
        alone=True,
        see=("service", "server", "list", "restore"),
    ),
)
TOPICS += (
    Topic(
        name="topics",
        title="Topics, explained by `-h TOPIC`; as is every option, value and verb",
        words={one.name: one.title for one in TOPICS},
    ),
)
ALIASES = {  # words that people try: the topic
    **dict.fromkeys(("fwmark", "mark", "tcp", "udp", "sctp", "virtual", "-t", "-u", "-f"), "service"),
    **dict.fromkeys(("nat", "dr", "masq", "masquerade", "gate", "direct", "route", "backend", "real"), "server"),
    **dict.fromkeys(("tun", "tunnel"), "tunnels"),
    **dict.fromkeys(("add", "create", "edit", "change", "delete", "del", "remove", "rm", "flush", "help"), "commands"),
    **dict.fromkeys(("sync", "master", "backup"), "daemon"),
    "ls": "list",
    "rules": "restore",
    "scheduling": "schedulers",
    "options": "topics",
}


def topic(word: str) -> Topic | None:
    """The topic that `word` names, or that explains best the option, the value or the verb of this name."""
    known = {name: one for one in reversed(TOPICS) for row in one.rows() for name in _names(row)}
    known |= {name: one for one in TOPICS for other in one.others for name in _names(LONG[other])}
    known |= {name: one for one in TOPICS for name in one.words or ()} | {one.name: one for one in TOPICS}
    return known.get(word) or known.get(f"--{word}")


def _names(row: Row) -> list[str]:
    return [f"--{row.name}", *(f"-{letter}" for letter in row.short)]
