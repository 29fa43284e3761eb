"""Words -> Command, and words -> refusal, from ipvsadm 1.31 as it was observed.

The matrices are those of the observations, copied by hand: the option table isn't asked what is legal.
"""

from __future__ import annotations

import shlex
from itertools import combinations
from socket import AF_INET6, inet_pton

import pytest

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import parse
from pyipvsadm.model import Command, Daemon, Listing, Restoring, Server, Service, Timeouts

from .fakes import NAMES

TRY = "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
EINVAL_SERVICE = "illegal virtual server address[:port] specified"
EINVAL_SERVER = "illegal real server address[:port] specified"


def ip6(text):
    return inet_pton(AF_INET6, text)


V, R = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
V6, R6 = ip6("2001:db8::1"), ip6("2001:db8::2")


def read(words, **more):
    """The Command of `words`, without what is only told to people."""
    words = shlex.split(words) if isinstance(words, str) else words
    return parse(words, NAMES, **more).replace(notes=())


def refused(words, **more):
    """What is said of `words`: the message, the status, and whether a restore ends with it."""
    with pytest.raises(IpvsadmError) as caught:
        parse(shlex.split(words) if isinstance(words, str) else words, NAMES, **more)
    return str(caught.value), caught.value.status, caught.value.stops


def usage(message):
    return message, 2, True


def unparsed(message):
    return message, 255, False


# Which option goes with which command: `+` needed, `x` illegal, `.` allowed, `1` at most one of these.
MATRIX = """
                    A E D C L a d e set start stop R S Z
numeric             x x x x . x x x x   x     x    x . x
connection          x x x x 1 x x x x   x     x    x x x
service-address     + + + x 1 + + + x   x     x    x x .
scheduler           . . x x x x x x x   x     x    x x x
persistent          . . x x x x x x x   x     x    x x x
netmask             . . x x x x x x x   x     x    x x x
real-server         x x x x x + + + x   x     x    x x x
forwarding-method   x x x x x . x . x   x     x    x x x
weight              x x x x x . x . x   x     x    x x x
u-threshold         x x x x x . x . x   x     x    x x x
l-threshold         x x x x x . x . x   x     x    x x x
mcast-interface     x x x x x x x x x   .     x    x x x
timeout             x x x x 1 x x x x   x     x    x x x
daemon              x x x x 1 x x x x   x     x    x x x
stats               x x x x . x x x x   x     x    x x x
rate                x x x x . x x x x   x     x    x x x
thresholds          x x x x . x x x x   x     x    x x x
persistent-conn     x x x x . x x x x   x     x    x x x
nosort              x x x x . x x x x   x     x    x . x
syncid              x x x x . x x x x   .     .    x x x
exact               x x x x . x x x x   x     x    x x x
ops                 . . x x x x x x x   x     x    x x x
pe                  . . x x x x x x x   x     x    x x x
sched-flags         . . x x x x x x x   x     x    x x x
mcast-group         x x x x x x x x x   .     x    x x x
mcast-port          x x x x x x x x x   .     x    x x x
mcast-ttl           x x x x x x x x x   .     x    x x x
sync-maxlen         x x x x x x x x x   .     x    x x x
tun-info            x x x x . x x x x   x     x    x x x
tun-type            x x x x x . x . x   x     x    x x x
tun-port            x x x x x . x . x   x     x    x x x
tun-nocsum          x x x x x . x . x   x     x    x x x
tun-csum            x x x x x . x . x   x     x    x x x
tun-remcsum         x x x x x . x . x   x     x    x x x
"""
COMMANDS = {  # column: its words, its verb, what messages call it
    "A": ("-A", "add-service", "add-service"),
    "E": ("-E", "edit-service", "edit-service"),
    "D": ("-D", "delete-service", "delete-service"),
    "C": ("-C", "clear", "flush"),
    "L": ("-L", "list", "list"),
    "a": ("-a", "add-server", "add-server"),
    "d": ("-d", "delete-server", "delete-server"),
    "e": ("-e", "edit-server", "edit-server"),
    "set": ("--set 1 2 3", "set", "set"),
    "start": ("--start-daemon master", "start-daemon", "start-daemon"),
    "stop": ("--stop-daemon backup", "stop-daemon", "stop-daemon"),
    "R": ("-R", "restore", "restore"),
    "S": ("-S", "save", "save"),
    "Z": ("-Z", "zero", "zero"),
}
GIVEN = {  # option: words that give it, and the field that then has the value
    "numeric": ("-n", "listing.numeric", True),
    "connection": ("-c", "listing.connection", True),
    "service-address": ("-u 192.0.2.1:80", "service.address", V),
    "scheduler": ("-s rr", "service.scheduler", "rr"),
    "persistent": ("-p 60", "service.timeout", 60),
    "netmask": ("-M 255.255.255.0", "service.netmask", 0xFFFFFF00),
    "real-server": ("-r 192.0.2.2:80", "server.address", R),
    "forwarding-method": ("-m", "server.forwarding", 0),
    "weight": ("-w 7", "server.weight", 7),
    "u-threshold": ("-x 8", "server.upper_threshold", 8),
    "l-threshold": ("-y 9", "server.lower_threshold", 9),
    "mcast-interface": ("--mcast-interface lo", "daemon.interface", "lo"),
    "timeout": ("--timeout", "listing.timeout", True),
    "daemon": ("--daemon", "listing.daemon", True),
    "stats": ("--stats", "listing.stats", True),
    "rate": ("--rate", "listing.rate", True),
    "thresholds": ("--thresholds", "listing.thresholds", True),
    "persistent-conn": ("--persistent-conn", "listing.persistent_conn", True),
    "nosort": ("--nosort", "listing.nosort", True),
    "syncid": ("--syncid 5", "daemon.syncid", 5),
    "exact": ("--exact", "listing.exact", True),
    "ops": ("--ops", "service.flags", 4),
    "pe": ("--pe sip", "service.engine", "sip"),
    "sched-flags": ("-b flag-2", "service.flags", 16),
    "mcast-group": ("--mcast-group 224.0.0.5", "daemon.group", bytes((224, 0, 0, 5))),
    "mcast-port": ("--mcast-port 4000", "daemon.port", 4000),
    "mcast-ttl": ("--mcast-ttl 3", "daemon.ttl", 3),
    "sync-maxlen": ("--sync-maxlen 2000", "daemon.maxlen", 2000),
    "tun-info": ("--tun-info", "listing.tun_info", True),
    "tun-type": ("--tun-type gre", "server.tunnel_type", 2),
    "tun-port": ("--tun-port 6080", "server.tunnel_port", 6080),
    "tun-nocsum": ("--tun-nocsum", "server.tunnel_flags", 0),
    "tun-csum": ("--tun-csum", "server.tunnel_flags", 1),
    "tun-remcsum": ("--tun-remcsum", "server.tunnel_flags", 2),
}
BESIDE = {  # what an option wants beside it to be of any use
    "tun-type": "-i",
    "tun-port": "-i --tun-type gue",
    "tun-nocsum": "-i --tun-type gre",
    "tun-csum": "-i --tun-type gre",
    "tun-remcsum": "-i --tun-type gue --tun-port 1",
}
TUNNELS = """
      tun-port tun-nocsum tun-csum tun-remcsum
ipip  x        x          x        x
gue   +        1          1        1
gre   x        1          1        x
"""


def cells(text):
    """The cells of a table, as {column: {row: sign}}, rows in their order."""
    head, *rows = text.strip("\n").splitlines()
    table = {column: {} for column in head.split()}
    for row in rows:
        name, *signs = row.split()
        assert len(signs) == len(table)
        for column, sign in zip(table, signs, strict=True):
            table[column][name] = sign
    return table


BY_COMMAND = cells(MATRIX)
CELLS = [(command, option, sign) for command, rows in BY_COMMAND.items() for option, sign in rows.items()]


def line(command, *options):
    """A line of `command` with what it needs and with `options`, whatever their order in the matrix."""
    needs = [option for option, sign in BY_COMMAND[command].items() if sign == "+" and option not in options]
    return " ".join((COMMANDS[command][0], *(GIVEN[option][0] for option in (*needs, *options))))


@pytest.mark.parametrize(("command", "option"), [(c, o) for c, o, sign in CELLS if sign == "x"])
def test_an_illegal_option(command, option):
    assert refused(line(command, option)) == usage(
        f"Illegal '{option}' option with the '{COMMANDS[command][2]}' command"
    )


@pytest.mark.parametrize(("command", "option"), [(c, o) for c, o, sign in CELLS if sign == "+"])
def test_a_needed_option(command, option):
    needs = [GIVEN[other][0] for other, sign in BY_COMMAND[command].items() if sign == "+" and other != option]
    assert refused(" ".join((COMMANDS[command][0], *needs))) == usage(
        f"You need to supply the '{option}' option for the '{COMMANDS[command][2]}' command"
    )


@pytest.mark.parametrize(("command", "option"), [(c, o) for c, o, sign in CELLS if sign in "+.1"])
def test_a_legal_option(command, option):
    _, field, value = GIVEN[option]
    found = read(f"{line(command, option)} {BESIDE.get(option, '')}")
    assert found.verb == COMMANDS[command][1]
    if option == "syncid" and command == "L":
        assert found == Command(verb="list")  # read, and then of no use
        return
    record, name = field.split(".")
    assert getattr(getattr(found, record), name) == value


@pytest.mark.parametrize(
    ("command", "earlier", "later"),
    [
        (command, *pair)
        for command, rows in BY_COMMAND.items()
        for pair in combinations([option for option, sign in rows.items() if sign == "1"], 2)
    ],
)
def test_options_of_which_there_may_be_one(command, earlier, later):
    expected = usage(
        f"The option '{later}' conflicts with the '{earlier}' option in the '{command_name(command)}' command"
    )
    assert refused(line(command, earlier, later)) == expected
    assert refused(line(command, later, earlier)) == expected, "the order on the line is of no matter"


def command_name(command):
    return COMMANDS[command][2]


@pytest.mark.parametrize("command", COMMANDS)
def test_of_two_offences_the_upper_row_is_named(command):
    rows = BY_COMMAND[command]
    order = list(rows)
    offences = {option: f"Illegal '{option}' option" for option in order if rows[option] == "x"}
    offences |= {option: f"You need to supply the '{option}' option" for option in order if rows[option] == "+"}
    for first, second in combinations(sorted(offences, key=order.index), 2):
        words = [COMMANDS[command][0]]
        words += [GIVEN[o][0] for o in order if (rows[o] == "+") != (o in (first, second))]  # the needed but these,
        words += [GIVEN[o][0] for o in (second, first) if rows[o] == "x"]  # and the illegal ones
        message, status, stops = refused(" ".join(word for word in dict.fromkeys(words) if word))
        assert (status, stops) == (2, True)
        assert message.startswith(offences[first]), (first, second)


@pytest.mark.parametrize("command", COMMANDS)
def test_sort_is_ignored_everywhere_and_any_number_of_times(command):
    assert read(f"{line(command)} --sort --sort") == read(line(command))


@pytest.mark.parametrize("command", COMMANDS)
def test_ipv6_goes_with_a_mark_of_every_command_that_takes_a_service(command):
    words = line(command).replace(GIVEN["service-address"][0], "")
    takes = BY_COMMAND[command]["service-address"] != "x"
    if takes:
        beside = "-i" if command in "ae" else ""
        service = read(f"{words} -f 5 -6 -6 {beside}").service
        assert (service.fwmark, service.af) == (5, 10)
        assert (service.address, service.port, service.protocol) == (None, None, None)
    else:
        assert refused(f"{words} -f 5 -6") == usage(
            f"Illegal 'service-address' option with the '{command_name(command)}' command"
        )
    assert refused(f"{words} -6") == usage("-6 must follow -f\n")  # with an empty line behind it


@pytest.mark.parametrize("command", "ae")
@pytest.mark.parametrize(
    ("option", "kind", "sign"), [(o, k, s) for o, by in cells(TUNNELS).items() for k, s in by.items()]
)
def test_the_options_of_a_tunnel(command, option, kind, sign):
    needs = {"gue": ["--tun-port 6080"]}.get(kind, [])
    words = f"{line(command)} -i --tun-type {kind} "
    if sign == "x":
        assert refused(words + GIVEN[option][0]) == usage(f"Illegal '{option}' option with the '{kind}' tunnel type")
    elif sign == "+":
        assert refused(words) == usage(f"You need to supply the '{option}' option for the '{kind}' tunnel type")
        assert getattr(read(words + GIVEN[option][0]).server, GIVEN[option][1].partition(".")[2]) == GIVEN[option][2]
    else:
        found = read(words + " ".join([*needs, GIVEN[option][0]]))
        assert found.server.tunnel_flags == GIVEN[option][2]
        others = [o for o, by in cells(TUNNELS).items() if by[kind] == "1"]
        for other in others[: others.index(option)]:
            both = words + " ".join([*needs, GIVEN[option][0], GIVEN[other][0]])
            assert refused(both) == usage(
                f"The option '{option}' conflicts with the '{other}' option in the '{kind}' tunnel type"
            )


# What is a whole line, and what it means. Where two lines stand for one thing, both are here.
TCP = Service(protocol=6, address=V, port=80)
NEW = TCP.replace(scheduler="wlc")
MEANINGS = [
    ("", Command(verb="list")),
    ("-L", Command(verb="list")),
    ("-l", Command(verb="list")),
    ("--list", Command(verb="list")),
    ("-Ln", Command(verb="list", listing=Listing(numeric=True))),
    ("-lnc", Command(verb="list", listing=Listing(numeric=True, connection=True))),
    ("-LnX", Command(verb="list", listing=Listing(numeric=True, exact=True))),
    ("-L -n --stats --rate", Command(verb="list", listing=Listing(numeric=True, stats=True, rate=True))),
    ("-L -c --persistent-conn", Command(verb="list", listing=Listing(connection=True, persistent_conn=True))),
    ("-L --timeout --tun-info --exact --nosort",
     Command(verb="list", listing=Listing(timeout=True, tun_info=True, exact=True, nosort=True))),
    ("-L -t 192.0.2.1:80 --stats", Command(verb="list", service=TCP, listing=Listing(stats=True))),
    ("-C", Command(verb="clear")), ("--clear", Command(verb="clear")),
    ("-S", Command(verb="save")), ("-Sn", Command(verb="save", listing=Listing(numeric=True))),
    ("-R", Command(verb="restore")), ("--restore", Command(verb="restore")),
    ("-Z", Command(verb="zero")), ("-Z -t 192.0.2.1:80", Command(verb="zero", service=TCP)),
    ("-Z -t 0.0.0.0", Command(verb="zero")), ("-Z -t [::]:0", Command(verb="zero")),
    ("-Z -t 0.0.0.0:80", Command(verb="zero", service=TCP.replace(address=bytes(4)))),
    ("-Z -f 3", Command(verb="zero", service=Service(fwmark=3))),
    ("-D -t 192.0.2.1:80", Command(verb="delete-service", service=TCP)),
    ("-h", Command(verb="help")), ("--help", Command(verb="help")),
    ("-v", Command(verb="version")), ("--version", Command(verb="version")),
    ("-vn", Command(verb="version")), ("-vh", Command(verb="version")), ("-hv", Command(verb="help")),
    ("-v foo --zork", Command(verb="version")), ("foo -v", Command(verb="version")),
    # What is ours alone.
    ("-S --all", Command(verb="save", listing=Listing(everything=True))),
    ("-R --check", Command(verb="restore", restoring=Restoring(check=True))),
    ("-R --strict", Command(verb="restore", restoring=Restoring(strict=True))),
    # How words are taken apart.
    *[(line, Command(verb="add-service", service=NEW)) for line in (
        "-A -t 192.0.2.1:80", "-At 192.0.2.1:80", "-At192.0.2.1:80", "-At=192.0.2.1:80", "-A -t=192.0.2.1:80",
        "--add-service --tcp-service 192.0.2.1:80", "--add-service --tcp-service=192.0.2.1:80",
        "-A -t 192.0.2.1:80 --", "-A -t 192.0.2.1:80 -s ''", "-A -t 192.0.2.1:80 -s wlc",
        "-A -t 192.0.2.1:http", "-A -t 192.0.2.1:www", "-A -t '192.0.2.1: 80'", "-A -t 192.0.2.1:+80",
        "-A -t 192.0.2.1:0080", "-A -t 192.0.513:80", "-A -t 3221225985:80", "-A -t 0xc0000201:80",
        "-A -t 0300.0.2.1:80", "-A -t '192.0.2.1 foo:80'", "-A -t '[192.0.2.1:80]:90'", "-A -t 192.0.2.1:80 -b ''",
        "-A -t 192.0.2.1:80 --pe ''", "-A --sort -t 192.0.2.1:80", "-A -t 192.0.2.1:80 -M 255.255.255.255",
    )],
    ("-A -t 192.0.2.1:80 -s -p", Command(verb="add-service", service=TCP.replace(scheduler="-p"))),
    ("-A -t 192.0.2.1:80 -s --", Command(verb="add-service", service=TCP.replace(scheduler="--"))),
    ("-A -t 192.0.2.1:80 -s=rr", Command(verb="add-service", service=TCP.replace(scheduler="rr"))),
    ("-A -t 192.0.2.1:80 -s==rr", Command(verb="add-service", service=TCP.replace(scheduler="=rr"))),
    ("-A -t 192.0.2.1:80 -s a-scheduler-that-has-a-long-name",
     Command(verb="add-service", service=TCP.replace(scheduler="a-scheduler-tha"))),  # 15 letters: no more fit
    ("-A -t 192.0.2.1:80 --pe an-engine-with-a-long-name",
     Command(verb="add-service", service=NEW.replace(engine="an-engine-with-a"))),  # 16 of them here
    # The optional value of -p, which is persistence for 360 seconds where it's left out.
    *[(f"-A -t 192.0.2.1:80 {words}", Command(verb="add-service", service=NEW.replace(flags=1, timeout=timeout)))
      for words, timeout in (
        ("-p", 360), ("--persistent", 360), ("-p --", 360), ("-p -s wlc", 360), ("-p --pe ''", 360),
        ("-p 77", 77), ("--persistent 77", 77), ("-p77", 77), ("-p=77", 77), ("--persistent=77", 77),
        ("-p ' 77'", 77), ("-p +77", 77), ("-p 077", 77), ("-p77 -s wlc", 77), ("--sort -p 2678400", 2678400),
    )],
    # Services of all kinds, and how an edit sets all anew.
    ("-A -u 192.0.2.1:domain -o",
     Command(verb="add-service", service=Service(protocol=17, address=V, port=53, scheduler="wlc", flags=4))),
    ("-A --sctp-service 192.0.2.1:diameter -s lc",
     Command(verb="add-service", service=Service(protocol=132, address=V, port=3868, scheduler="lc"))),
    ("-A -t vip.example:80",
     Command(verb="add-service", service=NEW.replace(address=bytes((192, 0, 2, 10))))),
    ("-A -t 192.0.2.1 -p 60", Command(verb="add-service", service=NEW.replace(port=0, flags=1, timeout=60))),
    ("-A -t [192.0.2.1]:80 -p", Command(verb="add-service", service=NEW.replace(port=0, flags=1, timeout=360))),
    ("-A -t [192.0.2.1]:zork -p", Command(verb="add-service", service=NEW.replace(port=0, flags=1, timeout=360))),
    ("-A -t [192.0.2.1]: -p", Command(verb="add-service", service=NEW.replace(port=0, flags=1, timeout=360))),
    ("-A -t 0.0.0.0:80", Command(verb="add-service", service=NEW.replace(address=bytes(4)))),
    ("-A -t 224.0.0.1:80", Command(verb="add-service", service=NEW.replace(address=bytes((224, 0, 0, 1))))),
    ("-A -t [2001:db8::1]:80",
     Command(verb="add-service", service=NEW.replace(af=10, address=V6))),
    ("-A -t 2001:db8::1:80 -p",
     Command(verb="add-service",
             service=NEW.replace(af=10, address=ip6("2001:db8::1:80"), port=0, flags=1, timeout=360))),
    ("-A -t [::ffff:192.0.2.1]:80",
     Command(verb="add-service", service=NEW.replace(af=10, address=ip6("::ffff:192.0.2.1")))),
    ("-A -f 5", Command(verb="add-service", service=Service(fwmark=5, scheduler="wlc"))),
    ("-A -f 4294967295", Command(verb="add-service", service=Service(fwmark=4294967295, scheduler="wlc"))),
    ("-A -f 5 -6", Command(verb="add-service", service=Service(af=10, fwmark=5, scheduler="wlc"))),
    ("-A -f 5 -s rr -6", Command(verb="add-service", service=Service(af=10, fwmark=5, scheduler="rr"))),
    ("-A -f 5 -o", Command(verb="add-service", service=Service(fwmark=5, scheduler="wlc", flags=4))),
    ("-E -t 192.0.2.1:80", Command(verb="edit-service", service=NEW)),
    ("-D -f 5 -6", Command(verb="delete-service", service=Service(af=10, fwmark=5))),
    # Netmasks: a mask, or once the service is known to be of IPv6 the length of a prefix.
    *[(f"-A -t 192.0.2.1:80 -p 9 -M {text}",
       Command(verb="add-service", service=NEW.replace(flags=1, timeout=9, netmask=mask)))
      for text, mask in (
        ("255.255.255.0", 0xFFFFFF00), ("24", 24), ("0", 0), ("0xffffff00", 0xFFFFFF00), ("localhost", 0x7F000001),
        ("255.0.255.0", 0xFF00FF00), ("mask.example", 0xFFFF0000), ("255.255", 0xFF0000FF),
        ("255.255.255.255", None),
    )],
    *[(f"-A -t [2001:db8::1]:80 -p 9 -M {text}",
       Command(verb="add-service", service=NEW.replace(af=10, address=V6, flags=1, timeout=9, netmask=length)))
      for text, length in (
        ("64", 64), ("1", 1), ("127", 127), ("128", None), ("64abc", 64), ("' 64'", 64), ("+64", 64),
        ("0000000000000064", 64), (f"{'0' * 5000}64", 64),
        ("4294967360", 64),  # C's atoi, which cuts to 32 bits
    )],
    ("-A -M 255.255.255.0 -t [2001:db8::1]:80",
     Command(verb="add-service", service=NEW.replace(af=10, address=V6))),
    ("-A -f 5 -M 255.255.255.0 -6", Command(verb="add-service", service=Service(af=10, fwmark=5, scheduler="wlc"))),
    ("-A -f 5 -6 -M 64", Command(verb="add-service", service=Service(af=10, fwmark=5, scheduler="wlc", netmask=64))),
    ("-A -M 255.255.255.0 -t 192.0.2.1:80",
     Command(verb="add-service", service=NEW.replace(netmask=0xFFFFFF00))),
    # Flags of schedulers, before the scheduler or behind it.
    *[(f"-A -t 192.0.2.1:80 {words}",
       Command(verb="add-service", service=TCP.replace(scheduler=scheduler, flags=flags)))
      for words, scheduler, flags in (
        ("-s sh -b sh-fallback", "sh", 8), ("-b sh-port -s sh", "sh", 16), ("-s sh -b sh-port,,sh-fallback,", "sh", 24),
        ("-s mh -b mh-fallback,mh-port", "mh", 24), ("-s rr -b flag-1,flag-2,flag-3", "rr", 56),
        ("-s sh -b flag-3", "sh", 32), ("-b flag-1", "wlc", 8), ("-b flag-1,", "wlc", 8), ("-b ,,,flag-2", "wlc", 16),
        (f"-b {'flag-1,' * 18},zork", "wlc", 8), (f"-b {',' * 121}flag-3", "wlc", 32),  # 127 characters are read
    )],
    # Servers: the port that they get, and their defaults.
    *[(f"-a {words}", Command(verb="add-server", service=TCP, server=server))
      for words, server in (
        ("-t 192.0.2.1:80 -r 192.0.2.2", Server(address=R, port=80)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:80", Server(address=R, port=80)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:8080", Server(address=R, port=80)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:8080 -g", Server(address=R, port=80)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:8080 -i", Server(address=R, port=80, forwarding=2)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:8080 -m", Server(address=R, port=8080, forwarding=0)),
        ("-t 192.0.2.1:80 -r 192.0.2.2 -m", Server(address=R, port=80, forwarding=0)),
        ("-t 192.0.2.1:80 -r [192.0.2.2]:90 -m", Server(address=R, port=80, forwarding=0)),
        ("-r 192.0.2.2 -m -t 192.0.2.1:80", Server(address=R, port=0, forwarding=0)),
        ("-r 192.0.2.2 -t 192.0.2.1:80", Server(address=R, port=80)),
        ("-t 192.0.2.1:80 -r 192.0.2.2:http -m", Server(address=R, port=80, forwarding=0)),
        ("-t 192.0.2.1:80 -r vip.example -w 0", Server(address=bytes((192, 0, 2, 10)), port=80, weight=0)),
        ("-t 192.0.2.1:80 -r 192.0.2.2 -w 3 -x 10 -y 5",
         Server(address=R, port=80, weight=3, upper_threshold=10, lower_threshold=5)),
        ("-t 192.0.2.1:80 -r [2001:db8::2]:80 -i", Server(address=R6, port=80, forwarding=2)),
        ("-t 192.0.2.1:80 -r 2001:db8::2 -i", Server(address=R6, port=80, forwarding=2)),
        ("-t 192.0.2.1:80 -r 192.0.2.2 -i --tun-type ipip", Server(address=R, port=80, forwarding=2)),
        ("-t 192.0.2.1:80 -r 192.0.2.2 -i --tun-type gue --tun-port 6080",
         Server(address=R, port=80, forwarding=2, tunnel_type=1, tunnel_port=6080)),
        ("-t 192.0.2.1:80 -r 192.0.2.2 --tun-csum -i --tun-type=gre",
         Server(address=R, port=80, forwarding=2, tunnel_type=2, tunnel_flags=1)),
    )],
    ("-a -f 5 -r 192.0.2.2", Command(verb="add-server", service=Service(fwmark=5), server=Server(address=R))),
    ("-a -f 5 -r 192.0.2.2:8080",
     Command(verb="add-server", service=Service(fwmark=5), server=Server(address=R, port=8080))),
    ("-a -f 5 -r 192.0.2.2:www",
     Command(verb="add-server", service=Service(fwmark=5), server=Server(address=R, port=80))),
    ("-a -f 5 -r [2001:db8::2]:80 -6",
     Command(verb="add-server", service=Service(af=10, fwmark=5), server=Server(address=R6, port=80))),
    ("-e -t 192.0.2.1:80 -r 192.0.2.2:8080",
     Command(verb="edit-server", service=TCP, server=Server(address=R, port=80))),
    ("-d -t 192.0.2.1:80 -r 192.0.2.2",
     Command(verb="delete-server", service=TCP, server=Server(address=R, port=80))),
    ("-d -t 192.0.2.1:80 -r 192.0.2.2:8080",
     Command(verb="delete-server", service=TCP, server=Server(address=R, port=8080))),
    # Timeouts and daemons.
    *[(line, Command(verb="set", timeouts=Timeouts(tcp=1, tcpfin=2, udp=3))) for line in (
        "--set 1 2 3", "1 --set 2 3", "1 2 3 --set", "--set -- 1 2 3", "--set ' 1' +2 003",
    )],
    ("--set 0 2678400 0", Command(verb="set", timeouts=Timeouts(tcp=0, tcpfin=2678400, udp=0))),
    ("--start-daemon master", Command(verb="start-daemon", daemon=Daemon(state=1, interface="eth0"))),
    ("--start-daemon=backup --mcast-interface ''",
     Command(verb="start-daemon", daemon=Daemon(state=2, interface="eth0"))),
    ("--start-daemon backup --mcast-interface lo --syncid 5 --mcast-group ff02::81 --mcast-port 9 --mcast-ttl 2"
     " --sync-maxlen 1000",
     Command(verb="start-daemon", daemon=Daemon(
         state=2, interface="lo", syncid=5, group=ip6("ff02::81"), port=9, ttl=2, maxlen=1000))),
    ("--start-daemon master --mcast-interface an-interface-of-a-long-name",
     Command(verb="start-daemon", daemon=Daemon(state=1, interface="an-interface-of"))),  # 15 letters
    ("--stop-daemon master", Command(verb="stop-daemon", daemon=Daemon(state=1))),
    ("--stop-daemon backup --syncid 7", Command(verb="stop-daemon", daemon=Daemon(state=2, syncid=7))),
]  # fmt: skip


@pytest.mark.parametrize(("words", "command"), MEANINGS)
def test_what_a_line_means(words, command):
    assert read(words) == command


REFUSALS = [
    # The command comes first.
    *[(words, (TRY, 255, True)) for words in (
        "-n -L", "-nL", "-t 192.0.2.1:80 -A", "-z", "--zork", "--start-daemon", "--clear=1", "-C=", "foo", "-", "--",
        "-- -L", "''", "foo bar", "-tcp-service X", "--lis", "--flush", "-I", "--stop-daemon", "-6", "-zL", "-s", "-é",
    )],
    *[(words, usage(f"invalid option `{shown}'")) for words, shown in (
        ("-A -D -t 192.0.2.1:80", "-D"), ("-LS", "-LS"), ("-AA -t 192.0.2.1:80", "-AA"), ("-L -h", "-h"),
        ("-L -v", "-v"), ("-L -l", "-l"), ("-L --help", "--help"), ("-A --start-daemon master", "master"),
        ("-A --start-daemon=master", "--start-daemon=master"), ("-A --stop-daemon zork", "zork"),
        ("-L foo -D", "-D"),
    )],
    *[(words, unparsed(f"{shown}: unknown option")) for words, shown in (
        ("-A -z", "-z"), ("-Lz", "-Lz"), ("-L --zork", "--zork"), ("-L --zork=3", "--zork=3"), ("-L -nz3", "-nz3"),
        ("-A --tcp 192.0.2.1:80", "--tcp"), ("-A -t 192.0.2.1:80 -p -5", "-5"), ("--set -3 1 2", "-3"),
        ("-L --Numeric", "--Numeric"), ("-L ---", "---"), ("-L --=", "--="), ("-L -=", "-="), ("-L -é", "-é"),
    )],
    *[(words, unparsed(f"{shown}: missing argument")) for words, shown in (
        ("-A -t", "-t"), ("-At", "-At"), ("-A --tcp-service", "--tcp-service"), ("-A -t 192.0.2.1:80 -b", "-b"),
        ("-A --start-daemon", "--start-daemon"),
    )],
    *[(words, unparsed(f"{shown}: option does not take an argument")) for words, shown in (
        ("-L -n=yes", "-n=yes"), ("-Ln=yes", "-Ln=yes"), ("-L --numeric=", "--numeric="),
        ("-A -t 192.0.2.1:80 -g=3", "-g=3"), ("-A -L=", "-L="), ("-L --exact=1", "--exact=1"),
    )],
    *[(words, usage(f"multiple '{role}' options specified")) for words, role in (
        ("-A -t 192.0.2.1:80 -u 192.0.2.1:80", "service-address"),
        ("-A -t 192.0.2.1:80 --sctp-service 192.0.2.1:80", "service-address"),
        ("-A -f 1 -t 192.0.2.1:80", "service-address"),
        ("-a -t 192.0.2.1:80 -r 192.0.2.2 -mi", "forwarding-method"),
        ("-a -t 192.0.2.1:80 -r 192.0.2.2 -g -g", "forwarding-method"),
        ("-L -n -n", "numeric"), ("-A -t 192.0.2.1:80 -p -p", "persistent"), ("-LXX", "exact"),
        ("--start-daemon master --mcast-group 224.0.0.1 --mcast-group 224.0.0.2", "mcast-group"),
    )],
    *[(words, usage(f"unexpected argument {shown}")) for words, shown in (
        ("foo -L", "foo"), ("-L foo bar", "foo"), ("-L -", "-"), ("-L ''", ""), ("-L -- -n", "-n"),
        ("-A -t 192.0.2.1:80 -- -s rr", "-s"), ("--set 1 2 3 4", "4"), ("1 --set 2 3 4 5", "4"),
        ("-L -- --", "--"), ("-R ipvsadm", "ipvsadm"),
    )],
    # Of several offences, the first in ipvsadm's order.
    ("-A -n -w foo", usage("illegal weight specified")),
    ("-A -n --zork", unparsed("--zork: unknown option")),
    ("-A -w foo --zork", usage("illegal weight specified")),
    ("--set 1 x 3 foo", usage("invalid timeout value `x' specified")),
    ("-A foo -t 192.0.2.1:80 -b zork", usage("unexpected argument foo")),
    ("-A -n -b zork", usage("invalid scheduler flag `zork'")),
    ("-d -w 4", usage("You need to supply the 'service-address' option for the 'delete-server' command")),
    ("--set 1 2 -t 192.0.2.1:80", usage("--set option requires 3 timeout values")),
    # Rules between options.
    ("-A -t 192.0.2.1", usage("Zero port specified for non-persistent service")),
    ("-E -t 192.0.2.1:0", usage("Zero port specified for non-persistent service")),
    ("-A -t [192.0.2.1]:80", usage("Zero port specified for non-persistent service")),
    ("-A -t 2001:db8::1:80", usage("Zero port specified for non-persistent service")),
    ("-A -t 192.0.2.1 -o", usage("Zero port specified for non-persistent service")),
    ("-A -t 192.0.2.1:80 -o", usage("One-Packet Scheduling is only for UDP virtual services")),
    ("-A --sctp-service 192.0.2.1:80 -o", usage("One-Packet Scheduling is only for UDP virtual services")),
    *[(f"{command} -t {service} -r {server} {method}",
       usage("Different address family is allowed only for tunneling servers"))
      for command in ("-a", "-e") for method in ("", "-g", "-m")
      for service, server in (("192.0.2.1:80", "[2001:db8::2]:80"), ("[2001:db8::1]:80", "192.0.2.2"))],
    ("-a -f 5 -6 -r 192.0.2.2", usage("Different address family is allowed only for tunneling servers")),
    ("-a -f 5 -r [2001:db8::2]:80 -m --tun-type gre",
     usage("Different address family is allowed only for tunneling servers")),
    *[(f"-a -t 192.0.2.1:80 -r 192.0.2.2 {method} {option}", usage("Tunnel options conflict with forward method"))
      for method in ("", "-g", "-m")
      for option in ("--tun-type ipip", "--tun-type gue", "--tun-port 1", "--tun-nocsum", "--tun-csum",
                     "--tun-remcsum")],
    *[(f"-L {special} {columns}", usage("options conflicts in the list command"))
      for special in ("-c", "--timeout", "--daemon") for columns in ("--stats", "--rate", "--thresholds")],
    ("-L --timeout --persistent-conn", usage("options conflicts in the list command")),
    ("-L --daemon --persistent-conn", usage("options conflicts in the list command")),
    # Values.
    *[(f"-A -t 192.0.2.1:80 {words}", usage(f"invalid timeout value `{shown}' specified")) for words, shown in (
        ("-p rr", "rr"), ("-p ''", ""), ("--persistent=", ""), ("-p-5", "-5"), ("-ps", "s"), ("-p= ", ""),
        ("-p 0", "0"), ("-p 2678401", "2678401"), ("-p 1h", "1h"),
    )],
    ("--set 1 2", usage("--set option requires 3 timeout values")),
    ("--set", usage("--set option requires 3 timeout values")),
    ("--set -- -1 2 3", usage("invalid timeout value `-1' specified")),
    *[(f"-A {option} {text}", usage(EINVAL_SERVICE)) for option in ("-t", "-u", "--sctp-service") for text in (
        "''", "80", "167772161", "[2001:db8::1]", "[2001:db8::1]80", "[2001:db8::1]:", "[2001:db8::1", "fe80::1%lo",
        "[fe80::1%lo]:80", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:80x", "192.0.2.1:zork",
        "192.0.2.1:HTTP", "no-such-host:80", ":80", "256.0.0.1:80", "192.0.2.1:0x50", "192.0.2.1:\u0661", "[]:80",
        "192.0.2.1:80:90",
    )],
    ("-A -t 192.0.2.1:tftp", usage(EINVAL_SERVICE)),  # a name for UDP alone
    ("-A -u 192.0.2.1:http", usage(EINVAL_SERVICE)),
    *[(f"-a -t 192.0.2.1:80 -r {text}", usage(EINVAL_SERVER)) for text in (
        "''", "80", "[2001:db8::2]", "no-such-host", "192.0.2.2:tftp", "192.0.2.2:65536", "192.0.2.2:",
    )],
    ("-a -r 192.0.2.2:http -t 192.0.2.1:80", usage(EINVAL_SERVER)),  # of which protocol isn't known yet
    ("-a -f 5 -r 192.0.2.2:tftp", usage(EINVAL_SERVER)),
    *[(f"-A -t 192.0.2.1:80 -M {text}", usage("illegal virtual server persistent mask specified")) for text in (
        "''", "no-such-host", "256.0.0.0", "/24", "255.255.255.0.0", "ffff::",
    )],
    *[(f"-A -t [2001:db8::1]:80 -M {text}", usage("illegal ipv6 netmask specified")) for text in (
        "0", "129", "abc", "''", "-1", "-64", "255.255.255.0", "x64", "+-64",
    )],
    *[(f"-A -t 192.0.2.1:80 {words}", usage(f"incompatible scheduler flag `{flag}'")) for words, flag in (
        ("-b sh-port", "sh-port"), ("-s mh -b sh-fallback", "sh-fallback"), ("-s sh -b mh-port", "mh-port"),
        ("-s sh -b sh-port,mh-fallback", "mh-fallback"),
    )],
    *[(f"-A -t 192.0.2.1:80 -b {text}", usage(f"invalid scheduler flag `{flag}'")) for text, flag in (
        ("zork", "zork"), ("FLAG-1", "FLAG-1"), ("'flag-1, flag-2'", " flag-2"), ("flag-4", "flag-4"),
        (f"{',' * 124}flag-3", "fla"),
    )],
    *[(f"--start-daemon {text}", usage("illegal start-daemon parameter specified"))
      for text in ("zork", "''", "Master")],
    *[(f"--stop-daemon {text}", usage("illegal start_daemon specified")) for text in ("zork", "''", "masters")],
    *[(f"--start-daemon master --mcast-group {text}", usage(f"invalid IPv{version} mcast-group `{text}'"))
      for text, version in (
        ("192.0.2.1", 4), ("223.255.255.255", 4), ("240.0.0.0", 4), ("224.0.81", 4), ("zork", 4), ("localhost", 4),
        ("2001:db8::1", 6), ("fe80::1", 6), ("ff02::1%lo", 6), (":", 6), ("224.0.0.1:80", 6),
    )],
    ("--start-daemon master --mcast-group ''", usage("invalid IPv4 mcast-group `'")),
    *[(f"-a -t 192.0.2.1:80 -r 192.0.2.2 -i --tun-type {text}", usage("illegal tunnel type specified"))
      for text in ("''", "GUE", "vxlan")],
    ("-6", (TRY, 255, True)),
    ("-A -6 -f 5", usage("-6 must follow -f\n")),
    ("-A -t 192.0.2.1:80 -6", usage("-6 must follow -f\n")),
]  # fmt: skip


@pytest.mark.parametrize(("words", "refusal"), REFUSALS)
def test_what_is_said_of_a_wrong_line(words, refusal):
    assert refused(words) == refusal


U31 = 2**31 - 1
NUMBERS = [  # what comes before the number, its field, the range, what is said of others
    ("-A -t 192.0.2.1:80 --persistent=", "service.timeout", 1, 2678400, "invalid timeout value `{}' specified"),
    ("-A -f=", "service.fwmark", 1, 2**32 - 1, "invalid fwmark value `{}' specified"),
    ("-A -p -t=192.0.2.1:", "service.port", 0, 65535, EINVAL_SERVICE),
    ("-a -t 192.0.2.1:80 -m -r=192.0.2.2:", "server.port", 0, 65535, EINVAL_SERVER),
    ("-a -t 192.0.2.1:80 -r 192.0.2.2 -w=", "server.weight", 0, U31, "illegal weight specified"),
    ("-a -t 192.0.2.1:80 -r 192.0.2.2 -x=", "server.upper_threshold", 0, U31, "illegal u_threshold specified"),
    ("-a -t 192.0.2.1:80 -r 192.0.2.2 -y=", "server.lower_threshold", 0, U31, "illegal l_threshold specified"),
    ("-a -t 192.0.2.1:80 -r 192.0.2.2 -i --tun-type gue --tun-port=", "server.tunnel_port", 1, 65535,
     "illegal tunnel port specified"),
    ("--start-daemon master --syncid=", "daemon.syncid", 0, 255, "illegal syncid specified"),
    ("--start-daemon master --sync-maxlen=", "daemon.maxlen", 1, 65507, "illegal sync-maxlen specified"),
    ("--start-daemon master --mcast-port=", "daemon.port", 1, 65535, "illegal mcast-port specified"),
    ("--start-daemon master --mcast-ttl=", "daemon.ttl", 1, 255, "illegal mcast-ttl specified"),
    ("--set 1 2 ", "timeouts.udp", 0, 2678400, "invalid timeout value `{}' specified"),
]  # fmt: skip


def spelt(before, text):
    """The words of a line whose last one ends in `text`, whatever that holds."""
    *words, last = before.split(" ")
    return [*words, last + text]


@pytest.mark.parametrize(("before", "field", "low", "high", "problem"), NUMBERS)
def test_the_range_of_a_number(before, field, low, high, problem):
    for text, value in [
        (str(low), low), (str(high), high), (f"+{high}", high), (f" \t{low}", low), (f"000{high}", high),
        (f"\n\v\f\r {high}", high), ("0" * 5000 + str(high), high),
        *([("-0", 0)] if low == 0 and "--set" not in before else []),
    ]:  # fmt: skip
        record, name = field.split(".")
        assert getattr(getattr(read(spelt(before, text)), record), name) == value, text
    wrong = [str(low - 1), str(high + 1), str(2**32 + high), str(2**64 + high), str(10**30), "9" * 5000]
    wrong += ["", " ", "+", "-", "x", f"{high}x", f"{high} ", "0x1", "1.0", "1e1", "\u0661", "1_0", "+ 1", "++1", "1\0"]
    for text in wrong:
        if before.startswith("--set") and text[:1] == "-" and text != "-":
            assert refused(spelt(before, text)) == unparsed(f"{text}: unknown option")
        else:
            assert refused(spelt(before, text)) == usage(problem.format(text)), text


@pytest.mark.parametrize(("words", "refusal"), [
    (["foo", "-L"], (TRY, 255, True)),
    (["-L", "foo", "-n"], usage("unexpected argument foo")),
    (["-L", "foo", "--zork"], usage("unexpected argument foo")),
])  # fmt: skip
def test_a_posixly_correct_environment_ends_the_options_at_the_first_word(words, refusal):
    assert refused(words, posix=True) == refusal


def test_the_program_is_called_what_it_is_called():
    assert refused("zork", program="a b")[0] == "Try `a b -h' or 'a b --help' for more information."


@pytest.mark.parametrize(("words", "about"), [
    ("-a -t 192.0.2.1:80 -r 192.0.2.2:8080", "port of its service"),
    ("-a -r 192.0.2.2 -m -t 192.0.2.1:80", "before the service"),
    ("-A -t 192.0.2.1:80 -p -M 24", "not a prefix length"),
    ("-A -M 255.255.0.0 -t [2001:db8::1]:80", "is ignored: put"),
    ("-A -f 5 -M 255.255.0.0 -6", "is ignored: put"),
    ("-Z -t 0.0.0.0", "all services"),
    ("-A -p -t [192.0.2.1]:80", "brackets are for IPv6"),
])  # fmt: skip
def test_what_surprises_is_noted_for_people(words, about):
    (note,) = parse(shlex.split(words), NAMES).notes
    assert about in note


def test_what_is_plain_needs_no_note():
    for words in (
        "-A -t 192.0.2.1:80 -s rr",
        "-a -t 192.0.2.1:80 -r 192.0.2.2 -m",
        "-A -t 192.0.2.1:80 -p -M 255.0.0.0",
    ):
        assert parse(words.split(), NAMES).notes == ()


def test_every_refusal_says_how_to_go_on():
    for words, _ in REFUSALS:
        with pytest.raises(IpvsadmError) as caught:
            parse(shlex.split(words), NAMES)
        hint = caught.value.hint
        assert hint, words
        assert hint.endswith("...") or not hint.endswith("."), words
        assert hint[0] == "`" or not hint[0].isupper() or hint.split()[0] in ("IPVS", "IPv6"), hint
