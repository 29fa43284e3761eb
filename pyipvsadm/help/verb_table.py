"""The verbs' command lines. Written by `make generated` from the functions in verbs/."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from .command_lines import Parameter, Verb

VERBS: tuple[Verb, ...] = (
    Verb(
        name='show',
        help="Show the current table.\n\n**json** is one document, and **ndjson** is a line for each service; both include counters (of 64 bits), rates per\nsecond and connections. **yaml** and **rules** contain the settings only. `check`, `diff` and `apply` read json,\nyaml and rules.\n\n- `pyipvsadm show -o yaml > table.yaml` saves the table to a file\n\n- `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds drained servers",
        options=(
            Parameter(names=('--output', '-o'), value='table|json|yaml|ndjson|rules', choices=('table', 'json', 'yaml', 'ndjson', 'rules'), help='Output format.'),
            Parameter(names=('--plain',), help='Print plain text, even on a terminal.'),
        ),
        arguments=(
            Parameter(value='SERVICE', many=True, help='Such as 192.168.2.10:80/tcp or fwmark:7. Default: all.'),
        ),
    ),
    Verb(
        name='where',
        help="Tell which server a client gets, and why; or what a change would do to that.\n\nIt is exact where the kernel goes by a hash, by connections that it counts, or by an entry that it has for the\nclient. What the kernel keeps to itself, as the place of rr in its round, is said. Nothing is changed, and no\npacket is sent.\n\nWith a change, the server of today stands beside the one to be. **json** is a list, an object for each client.\n\n- `pyipvsadm where 192.168.2.10:80 203.0.113.9 --without 10.2.0.2:8080` tells where a client goes without a server\n\n- `cut -d ' ' -f 1 access.log | pyipvsadm where 192.168.2.10:80 --clients -` counts the clients of a log\n\nExit status: 0, or 1 if there is no such service or it can't be read, 2 for wrong input.",
        options=(
            Parameter(names=('--without',), value='SERVER', many=True, help='As if it were removed. Repeatable.'),
            Parameter(names=('--with',), value='SERVER', many=True, help='As if it were added: `10.2.0.9:8080 weight 2`. Repeatable.'),
            Parameter(names=('--weight',), value='SERVER=N', many=True, help='As if it had this weight. Repeatable.'),
            Parameter(names=('--scheduler',), value='NAME', help='As if the service had this one.'),
            Parameter(names=('--table',), value='FILE', help='As if this table were applied; `-` for stdin.'),
            Parameter(names=('--clients',), value='FILE', help='Count the clients in FILE, an address in each line; `-` for stdin.'),
            Parameter(names=('--output', '-o'), value='text|json', choices=('text', 'json'), help='Output format.'),
        ),
        arguments=(
            Parameter(value='SERVICE', needed=True, help='Such as 192.168.2.10:80/tcp or fwmark:7.'),
            Parameter(value='CLIENT', many=True, help='An address, with a port or without. Default: the share of each server.'),
        ),
    ),
    Verb(
        name='check',
        help="Check a file that describes the table, without touching the kernel.\n\nAll errors are reported at once, with their lines. Exit status: 0 if the file is right, 2 if it isn't, 1 if only\nthe kernel of a `--trial` refuses something.",
        options=(
            Parameter(names=('--trial',), help='Also load the table into the kernel of a sandbox, and report what it refuses.'),
            Parameter(names=('--schema',), help='Print the JSON Schema of the JSON and YAML formats.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML; `-` for stdin.'),
        ),
    ),
    Verb(
        name='diff',
        help='Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.\n\nThe order of servers is not compared. If it differs and `sh` depends on it, a hint on a terminal says so.\n\nExit status: 0 if nothing differs, 1 if something does, 2 if the comparison fails.',
        options=(
            Parameter(names=('--output', '-o'), value='text|json', choices=('text', 'json'), help='Output format.'),
            Parameter(names=('--no-prune',), help='Do not delete what FILE does not contain.'),
            Parameter(names=('--keep-weights',), help='Keep the weights of servers that exist.'),
            Parameter(names=('--only',), value='CIDR|fwmark:N', many=True, help='Touch only services with an address in this network, or with this mark. Repeatable.'),
            Parameter(names=('--impact',), help='Tell how many clients that sends to other servers, where it can be known.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML; `-` for stdin.'),
        ),
    ),
    Verb(
        name='apply',
        help="Make the table match FILE, in an order that leaves no service without a server.\n\nWhat the kernel can change in place is never deleted and added again, so connections survive. If the kernel\nrefuses a change, or on Ctrl-C, everything done so far is undone. Applying a file twice changes nothing.\nTimeouts and daemons that FILE does not mention stay as they are.\n\nOn a terminal, `apply` asks before it deletes anything. Elsewhere it doesn't ask, but emptying the table requires\n`--yes`.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and undone; 2 wrong input, nothing tried;\n3 refused, and not everything could be undone; 130 or 143 stopped by a signal, and undone.",
        options=(
            Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
            Parameter(names=('--no-prune',), help='Do not delete what FILE does not contain.'),
            Parameter(names=('--only',), value='CIDR|fwmark:N', many=True, help='Touch only services with an address in this network, or with this mark. Repeatable.'),
            Parameter(names=('--keep-weights',), help='Keep the weights of servers that exist.'),
            Parameter(names=('--yes',), help='Do not ask before deleting.'),
            Parameter(names=('--force',), help='Continue even if others keep changing the table; with `--vips`, also bind what another machine has.'),
            Parameter(names=('--vips',), help='Also bind the addresses of the services before the table changes, as `vip sync` does, and remove unused ones afterwards.'),
            Parameter(names=('--device',), value='INTERFACE', help='The dummy device for the addresses.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML; `-` for stdin.'),
        ),
    ),
    Verb(
        name='set',
        help='Change only the named settings of a live service or server.\n\nA service is `192.168.2.10:80/tcp` (`/tcp` is optional), `[2001:db8::1]:53/udp`, `fwmark:7` or\n`fwmark:7/ipv6`; a server is `10.2.0.2:8080`.\n\nExit status: 0 done; 1 refused by the kernel; 2 wrong input.',
        options=(
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
            Parameter(names=('-s', '--scheduler'), value='scheduler', help='how servers are chosen'),
            Parameter(names=('-p', '--persistent'), value='[timeout]', help='keep a client on its server for so many seconds'),
            Parameter(names=('-M', '--netmask'), value='netmask', help='the netmask of the clients that persistence treats as one'),
            Parameter(names=('-g', '--gatewaying'), help='direct routing: the packet stays unchanged'),
            Parameter(names=('-i', '--ipip'), help='tunnelling: the packet travels inside another one'),
            Parameter(names=('-m', '--masquerading'), help='masquerading: network address translation (NAT)'),
            Parameter(names=('-w', '--weight'), value='weight', help='the share of connections that this server gets'),
            Parameter(names=('-x', '--u-threshold'), value='connections', help='stop new connections at so many'),
            Parameter(names=('-y', '--l-threshold'), value='connections', help='resume new connections below so many'),
            Parameter(names=('-o', '--ops'), help='one-packet scheduling: choose a server for each datagram'),
            Parameter(names=('--pe',), value='engine', help='a persistence engine: sip'),
            Parameter(names=('-b', '--sched-flags'), value='flags', help='flags of the scheduler, separated by commas'),
            Parameter(names=('--tun-type',), value='type', help='the type of tunnel: ipip, gue or gre'),
            Parameter(names=('--tun-port',), value='port', help='the port of a gue tunnel'),
            Parameter(names=('--tun-nocsum',), help='a tunnel without checksums'),
            Parameter(names=('--tun-csum',), help='a tunnel with checksums'),
            Parameter(names=('--tun-remcsum',), help='a tunnel with remote checksum offload'),
            Parameter(names=('--no-persistent',), help='Take away what `--persistent` sets.'),
            Parameter(names=('--no-netmask',), help='Take away what `--netmask` sets.'),
            Parameter(names=('--no-ops',), help='Take away what `--ops` sets.'),
            Parameter(names=('--no-pe',), help='Take away what `--pe` sets.'),
            Parameter(names=('--no-sched-flags',), help='Take away what `--sched-flags` sets.'),
        ),
        arguments=(
            Parameter(value='SERVICE [SERVER] SETTING...', many=True, needed=True),
        ),
    ),
    Verb(
        name='drain',
        help="Stop new connections to a server, and let the existing ones finish.\n\n`drain` sets the server's weight to 0 in every service that has it, and changes nothing else; if one of these\nchanges is refused, the others are undone. It prints the old weights, and records them in `/run/pyipvsadm` for\n`undrain`.\n\nWhile it waits, it reports what keeps the server busy. The kernel knows no active UDP connections, so **active**\ncounts the UDP connections that it remembers. Ctrl-C ends the waiting and leaves the server drained.\n\nExit status: 0 empty, or drained without `--wait`; 1 nothing to drain, or refused by the kernel, and undone;\n2 wrong input, or the last server, nothing tried; 3 the deadline passed, or refused, and not everything could be\nundone; 130 or 143 stopped by a signal.\n\n- `pyipvsadm drain 10.2.0.2:8080 --wait --remove` takes a server out of service without cutting anybody off",
        options=(
            Parameter(names=('--from',), value='SERVICE', many=True, help='Only in this service. Repeatable. Default: in all services that have the server.'),
            Parameter(names=('--wait',), help='Wait until its connections have ended.'),
            Parameter(names=('--deadline',), value='TIME', help='How long to wait, such as 60s, 10m or 1h. Implies `--wait`. Default: 10m.'),
            Parameter(names=('--until',), value='active|all', choices=('active', 'all'), help='Which connections to wait for: the **active**, or **all**, inactive and persistent too. Implies `--wait`. Default: active.'),
            Parameter(names=('--remove',), help='Then remove the server. Implies `--wait`.'),
            Parameter(names=('--force',), help='Drain the server even if that leaves a service without any usable server.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
        ),
        arguments=(
            Parameter(value='SERVER', needed=True, help='Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.'),
        ),
    ),
    Verb(
        name='undrain',
        help='Restore the weights that a server had before `drain`.\n\nSchedulers that look for the fewest connections would send all new ones to a server that comes back empty: with\n`--ramp` its weight rises from 1. Ctrl-C leaves the weight where it is, and the same command continues from there.\n\nExit status: 0 done, or nothing to do; 1 no such server, no weight recorded, or refused by the kernel, and undone;\n2 wrong input; 3 refused, and not everything could be undone; 130 or 143 stopped by a signal.',
        options=(
            Parameter(names=('--from',), value='SERVICE', many=True, help='Only in this service. Repeatable. Default: in all services that have the server.'),
            Parameter(names=('--ramp',), value='TIME', help='Raise the weight in steps over this time, such as 60s, 10m or 1h. Default: at once.'),
            Parameter(names=('--weight',), value='N', help='The weight to set instead of the recorded ones.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
        ),
        arguments=(
            Parameter(value='SERVER', needed=True, help='Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.'),
        ),
    ),
    Verb(
        name='top',
        help="Watch rates and connections live: sorted by any column, filtered, folded. `?` lists the keys, `q` quits.\n\nRates come from counters that the kernel refreshes every 2 seconds: a rate covers the interval, or the last\n2 seconds if the interval is shorter. The first printed sample appears when all rates are known.\n\n- `pyipvsadm top --once` prints one sample as text\n\n- `pyipvsadm top -o ndjson | jq '.total.rates.connections'` prints the new connections per second",
        options=(
            Parameter(names=('--interval',), value='SECONDS', help='How often to sample, from 0.2 to 3600.'),
            Parameter(names=('--once',), help='Print one sample and end.'),
            Parameter(names=('--output', '-o'), value='text|ndjson', choices=('text', 'ndjson'), help='Output format: text, or a line of JSON for each sample.'),
        ),
        arguments=(
            Parameter(value='SERVICE', many=True, help='Such as 192.168.2.10:80/tcp or fwmark:7. Default: all.'),
        ),
    ),
    Verb(
        name='netns',
        help='List the network namespaces of this machine that hold services, with the number of services.\n\nThese are the namespaces with a name below `/run/netns` or `/var/run/docker/netns`, and those of running processes.\nThe first column is what `--netns` takes; the word `here` marks the namespace in which `pyipvsadm` runs.\n\nA namespace that this user may not look into is listed as unknown.\n\nExit status: 0, or 1 if something is unknown.',
        options=(
            Parameter(names=('--output', '-o'), value='table|json', choices=('table', 'json'), help='Output format.'),
        ),
    ),
    Verb(
        name='vip',
        help="Have the virtual addresses on a dummy device, so that their packets get to IPVS.\n\nIPVS takes packets where the kernel takes them for its own, so each virtual address has to be one of the machine.\nIt needn't be on an interface that packets come in by: kube-proxy has it on the device `kube-ipvs0`, and so has\nthis. The device is made if it is missing, and may be down.\n\nWhat `vip` bound is written down in `/run/pyipvsadm`, for each network namespace; no other address is ever taken\naway, nor is another interface touched. Where kube-proxy runs, name another device: it clears its own of addresses\nthat it doesn't know. Services by firewall mark have no address, and are skipped.",
        verbs=(
            Verb(
                name='ls',
                help="List every virtual address of the table and of the device. This is what `vip` does by itself.\n\nThe state is `ok`, or what is wrong: `missing`, on no interface; `not local`, on one, but packets don't get in;\n`unused`, on the device without a service; `duplicate`, on two interfaces; and for IPv6 `tentative`, not usable\nyet, or `dadfailed`, as another machine has it.\n\nExit status: 0 if all is right, 1 if something is wrong, 2 if that can't be told.",
                options=(
                    Parameter(names=('--output', '-o'), value='table|json', choices=('table', 'json'), help='Output format.'),
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device for the addresses.'),
                ),
            ),
            Verb(
                name='add',
                help='Bind addresses: as /32, or for IPv6 as /128, without a look for duplicates and with preferred lifetime 0.\n\nOne that is on an interface already stays there, whoever bound it. One that another machine has, as far as routes,\nthe table and the neighbours tell, is refused: to bind it would cut that machine off.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.',
                options=(
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device for the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--force',), help='Also bind addresses that another machine has.'),
                    Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
                ),
                arguments=(
                    Parameter(value='ADDRESS', many=True, needed=True, help='In digits.'),
                ),
            ),
            Verb(
                name='rm',
                help="Take addresses away that `vip` bound. If it didn't bind one of them, nothing is done.\n\nExit status: 0 done; 1 refused, and nothing done; 2 wrong input.",
                options=(
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device for the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
                ),
                arguments=(
                    Parameter(value='ADDRESS', many=True, needed=True, help='In digits.'),
                ),
            ),
            Verb(
                name='sync',
                help='Bind the addresses of all services, and take away what else `vip` bound on the device.\n\nAn address of another interface stays where it is, and one that a route makes local is left alone. One that\nanother machine has is refused, as by `vip add`. If the kernel refuses one, all is taken back. To do it twice\nchanges nothing.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.',
                options=(
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device for the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--force',), help='Also bind addresses that another machine has.'),
                    Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
                ),
            ),
        ),
    ),
    Verb(
        name='doctor',
        help='Diagnose a director: find what keeps traffic from being balanced, and how to fix it.\n\nLooks at the table, addresses, routes, neighbours, kernel settings and firewall rules, and watches packets and\ncounters for some seconds. Changes nothing. Reports what it cannot see, mostly without root, as unknown.\n\nExit status: 0 nothing worse than a note; 1 warnings; 2 failures; 64 wrong words or files, nothing judged.',
        options=(
            Parameter(names=('--mode',), value='director|real-server', choices=('director', 'real-server'), help='What this machine is. A real server needs `--vip`.'),
            Parameter(names=('--vip',), value='ADDRESS', many=True, help='A virtual address that this real server serves. Repeatable.'),
            Parameter(names=('--watch',), value='SECONDS', help='How long to watch packets and counters.'),
            Parameter(names=('--output', '-o'), value='text|json', choices=('text', 'json'), help='Output format.'),
            Parameter(names=('--save',), value='FILE', help='Write what was seen to FILE, and judge nothing; `-` for stdout.'),
            Parameter(names=('--from',), value='FILE', help='Judge what `--save` has written, here or elsewhere.'),
            Parameter(names=('--check',), value='CHECK', many=True, help='Carry out this check alone, such as S6. Repeatable.'),
            Parameter(names=('--list',), help='List the checks, and judge nothing.'),
            Parameter(names=('--explain',), value='CHECK', help='Explain a check, such as V1: what it looks at, why it matters, how to mend it.'),
        ),
        arguments=(
            Parameter(value='SERVICE', many=True, help='Look at these alone, such as 192.168.2.10:80/tcp.'),
        ),
    ),
    Verb(
        name='metrics',
        help='Tell Prometheus about services and servers: on stdout, in a file, or by HTTP.\n\npyipvsadm(8) names every series. No module is loaded. Where the kernel has no IPVS, `ipvs_module_loaded` is 0;\nwithout privilege, `ipvs_up` is 0, and what `/proc` shows is told.\n\nExit status: 0 done; 1 the kernel or the file failed; 2 wrong words.\n\n- `pyipvsadm metrics --textfile /var/lib/prometheus/node-exporter/ipvs.prom` is for cron\n\n- `pyipvsadm metrics --listen 127.0.0.1:9796` keeps no privilege but CAP_NET_ADMIN',
        options=(
            Parameter(names=('--textfile',), value='FILE', help='Write them to FILE, as a whole or not at all: for cron, and node_exporter.'),
            Parameter(names=('--listen',), value='[ADDRESS:]PORT', help='Answer scrapes there, until SIGTERM. Address: 127.0.0.1.'),
            Parameter(names=('--netns',), value='NAME|PID|PATH', many=True, help='Tell of this network namespace, by the label `netns`. Repeatable. It is entered once, at the start.'),
            Parameter(names=('--services-only',), help='Tell nothing of single servers.'),
            Parameter(names=('--labels',), value='LIST', help="Keep these labels alone, parted by commas, and sum over the others; what can't be summed, as weights, stands where labels still tell one from another."),
            Parameter(names=('--only',), value='CIDR|fwmark:N', many=True, help='Tell only of services with an address in this network, or of this mark. Repeatable.'),
            Parameter(names=('--compatible',), value='node_exporter', choices=('node_exporter',), help="Use the names and labels of node_exporter's collector, instead of ours."),
            Parameter(names=('--rules',), help='Print alerting rules for Prometheus, and end.'),
            Parameter(names=('--dashboard',), help='Print a dashboard for Grafana, and end.'),
        ),
    ),
    Verb(
        name='sandbox',
        help="Run COMMAND, or a shell, as root of a throw-away kernel with IPVS.\n\nA user-mode Linux kernel boots within a second, without root, KVM or IPVS on this machine, whose own\ntables stay untouched. COMMAND sees this machine's files, its working folder and environment; what it\nwrites is thrown away with the kernel, but for the folders named by `--write`. Its streams, signals\nand exit status are passed on as if it ran here. To an ordinary user's sandbox, files are as readable\nand writable as to that user, although `id` says root.\n\nIt protects from mistakes, and is no jail: who is root inside can reach what its user can reach outside.\n\nThe kernel comes from Debian's packages `user-mode-linux` and `kmod`. One from another place is named by `--uml`;\nits modules are looked for in `../lib/uml/modules` beside it, and then in `/usr/lib/uml/modules`.\n\n- `pyipvsadm sandbox` is a shell; `exit` leaves it\n\n- `pyipvsadm sandbox -- pyipvsadm -Ln` is one command\n\n- `pyipvsadm sandbox --write . --timeout 60 -- pytest` lets a report out",
        options=(
            Parameter(names=('--write',), value='DIR', many=True, help='Let writes below DIR through to this machine. Repeatable.'),
            Parameter(names=('--timeout',), value='SECONDS', help='End a command that runs longer, with status 124.'),
            Parameter(names=('--memory',), value='SIZE', help='The memory of the kernel.'),
            Parameter(names=('--kernel',), value='uml|host', choices=('uml', 'host'), help="**uml** boots a kernel of its own, as an ordinary process. **host** takes the running kernel and a new network namespace: it needs root and IPVS, and files are this machine's own, so that writes stay."),
            Parameter(names=('--uml',), value='FILE', help='The kernel to boot, a user-mode Linux. Default: `linux.uml` on the path.'),
            Parameter(names=('--module',), others=('--no-module',), help='Load ip_vs before COMMAND runs, or leave it out.'),
        ),
        arguments=(
            Parameter(value='[-- COMMAND [ARG]...]', many=True, help='What to run there. Default: a shell.'),
        ),
        passes=True,
    ),
    Verb(
        name='completion',
        help="Print what makes a shell complete the words of `pyipvsadm`, where the installation doesn't do it by itself.\n\n- `pyipvsadm completion bash > ~/.local/share/bash-completion/completions/pyipvsadm`, with bash-completion\n\n- `pyipvsadm completion zsh > FOLDER/_pyipvsadm`, a folder of `$fpath`\n\n- `pyipvsadm completion fish > ~/.config/fish/completions/pyipvsadm.fish`",
        arguments=(
            Parameter(value='bash|zsh|fish', choices=('bash', 'zsh', 'fish'), needed=True, help='bash, zsh or fish.'),
        ),
    ),
    Verb(
        name='man',
        help="Show a manual page, where `man pyipvsadm` doesn't find it.\n\nOn a terminal it is shown by `man`. Elsewhere its source is printed: `pyipvsadm man > pyipvsadm.8`.",
        arguments=(
            Parameter(value='pyipvsadm|pyipvsadm-save|pyipvsadm-restore|pyipvsadm-table', choices=('pyipvsadm', 'pyipvsadm-save', 'pyipvsadm-restore', 'pyipvsadm-table'), help='This one, or that of pyipvsadm-save, -restore or -table.'),
        ),
    ),
)
