"""The verbs' command lines. Written by `make generated` from the functions in verbs/."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from .command_lines import Parameter, Verb

VERBS: tuple[Verb, ...] = (
    Verb(
        name='show',
        help="Show the table as it is now.\n\n**json** is one document, and **ndjson** a line for each service; both tell counters (of 64 bits), rates per\nsecond and connections. **yaml** and **rules** are the settings alone. `check`, `diff` and `apply` read json,\nyaml and rules.\n\nWith `--names`, each service is told with the Service of Kubernetes that it belongs to, and each server with its pod\nand node; the options of Kubernetes say which node this is.\n\n- `pyipvsadm show -o yaml > table.yaml` keeps the table in a file\n\n- `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds what is drained",
        options=(
            Parameter(names=('--output', '-o'), value='table|json|yaml|ndjson|rules', choices=('table', 'json', 'yaml', 'ndjson', 'rules'), help='What to print: for people, for programs, or for `apply` to read.'),
            Parameter(names=('--plain',), help='Draw nothing, on terminals as well.'),
            Parameter(names=('--names',), value='FILE', help='Name the Services and pods of Kubernetes, by the objects in this file.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='SERVICE', many=True, help='Such as 192.168.2.10:80/tcp or fwmark:7. Default: all.'),
        ),
    ),
    Verb(
        name='check',
        help='Judge a file that says what the table should be, without touching the kernel.\n\nAll that is wrong with it is told at once, with its lines. The status is 0 if all is right, 2 if not, and 1\nif only the kernel of a `--trial` refuses something.',
        options=(
            Parameter(names=('--trial',), help='Load it into the kernel of a sandbox as well, and tell what that refuses.'),
            Parameter(names=('--schema',), help='Print the JSON Schema of JSON and YAML.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML, or objects of Kubernetes; `-` for stdin.'),
        ),
    ),
    Verb(
        name='diff',
        help="Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.\n\nWhere FILE is another program's, each line says why it is there. `=` is no difference, but the state that a server\nis in: one that kube-proxy drains, say.\n\nExit status: 0 if all is the same, 1 if it differs, 2 if that can't be told.",
        options=(
            Parameter(names=('--output', '-o'), value='text|json', choices=('text', 'json'), help='Output format.'),
            Parameter(names=('--no-prune',), help='Do not delete what FILE does not contain.'),
            Parameter(names=('--keep-weights',), help='Keep the weights of servers that exist.'),
            Parameter(names=('--only',), value='CIDR|fwmark:N', many=True, help='Touch only services with an address in this network, or with this mark. Repeatable.'),
            Parameter(names=('--strict',), help='Count as a difference what is only a state.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML, or objects of Kubernetes; `-` for stdin.'),
        ),
    ),
    Verb(
        name='apply',
        help="Make the table what FILE says, in an order that leaves no service without a server.\n\nWhat the kernel can change in place is never deleted and added anew, so connections live. If the kernel\nrefuses a change, or at Ctrl-C, all that was done is taken back. Applying a file twice changes nothing.\nTimeouts and daemons that FILE doesn't mention are left as they are.\n\nDeletions are asked about on a terminal. Elsewhere they aren't, but to empty the table takes `--yes`.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input, nothing\ntried; 3 refused, and not all could be taken back; 130 or 143 stopped by a signal, and taken back.",
        options=(
            Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
            Parameter(names=('--no-prune',), help='Do not delete what FILE does not contain.'),
            Parameter(names=('--only',), value='CIDR|fwmark:N', many=True, help='Touch only services with an address in this network, or with this mark. Repeatable.'),
            Parameter(names=('--keep-weights',), help='Keep the weights of servers that exist.'),
            Parameter(names=('--yes',), help='Do not ask about deletions.'),
            Parameter(names=('--force',), help='Go on though others keep changing the table; with `--vips`, bind what another machine has, too.'),
            Parameter(names=('--vips',), help='Bind the addresses of the services as well, as `vip sync` does: before the table changes. Those that no service has any more are removed afterwards.'),
            Parameter(names=('--device',), value='INTERFACE', help='The dummy device that has the addresses.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML, or objects of Kubernetes; `-` for stdin.'),
        ),
    ),
    Verb(
        name='convert',
        help="Print the table in FILE in another format, without touching the kernel.\n\n**json** and **yaml** have a key `addresses` where FILE says which addresses go with the table: those are bound by\n`vip sync FILE` and `apply --vips`. **rules** can't tell those.\n\n- `kubectl get services,endpointslices,nodes -A -o json | pyipvsadm convert --node worker-3 -` tells what kube-proxy\nmakes of a cluster on a node\n\nExit status: 0, or 2 if FILE is wrong.",
        options=(
            Parameter(names=('--output', '-o'), value='json|yaml|rules', choices=('json', 'yaml', 'rules'), help='The format to write.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='FILE', needed=True, help='A table as rules, JSON or YAML, or objects of Kubernetes; `-` for stdin.'),
        ),
    ),
    Verb(
        name='set',
        help='Change the settings that are named of a live service or server, and keep all others.\n\nA service is `192.168.2.10:80/tcp` (`/tcp` may be left out), `[2001:db8::1]:53/udp`, `fwmark:7` or\n`fwmark:7/ipv6`; a server is `10.2.0.2:8080`.\n\nExit status: 0 done; 1 refused by the kernel; 2 wrong input.',
        options=(
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
            Parameter(names=('-s', '--scheduler'), value='scheduler', help='how servers are chosen'),
            Parameter(names=('-p', '--persistent'), value='[timeout]', help='keep a client on its server, for seconds'),
            Parameter(names=('-M', '--netmask'), value='netmask', help='which clients persistence takes for one'),
            Parameter(names=('-g', '--gatewaying'), help='direct routing: the packet as it is'),
            Parameter(names=('-i', '--ipip'), help='a tunnel to the server'),
            Parameter(names=('-m', '--masquerading'), help='masquerading: network address translation (NAT)'),
            Parameter(names=('-w', '--weight'), value='weight', help='how much this server can take'),
            Parameter(names=('-x', '--u-threshold'), value='connections', help='no new connections from so many on'),
            Parameter(names=('-y', '--l-threshold'), value='connections', help='new connections again below so many'),
            Parameter(names=('-o', '--ops'), help='one-packet scheduling: choose a server for each datagram'),
            Parameter(names=('--pe',), value='engine', help='a persistence engine: sip'),
            Parameter(names=('-b', '--sched-flags'), value='flags', help='flags of the scheduler, parted by commas'),
            Parameter(names=('--tun-type',), value='type', help='the kind of tunnel: ipip, gue or gre'),
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
        help='Let a server get no new connections, and those that it has come to their end.\n\nIts weight becomes 0 in every service that has it, and all else stays; if one of these changes is refused, those\nthat were made are taken back. The weights are printed, and remembered for `undrain` in `/run/pyipvsadm`.\n\nWhat keeps the server busy is told. Of UDP, the kernel has no active connections: with **active**, those count\nthat it remembers. Ctrl-C ends the waiting, and leaves the server drained.\n\nExit status: 0 empty, or drained without `--wait`; 1 nothing to drain, or refused by the kernel, and taken back;\n2 wrong input, or the last server, nothing tried; 3 the deadline passed, or refused, and not all could be taken\nback; 130 or 143 stopped by a signal.\n\n- `pyipvsadm drain 10.2.0.2:8080 --wait --remove` takes a server out of service without cutting anybody off',
        options=(
            Parameter(names=('--from',), value='SERVICE', many=True, help='Only in this service. Repeatable. Default: in all that have it.'),
            Parameter(names=('--wait',), help='Wait until its connections have ended.'),
            Parameter(names=('--deadline',), value='TIME', help='How long to wait: 60s, 10m or 1h. Implies `--wait`. Default: 10m.'),
            Parameter(names=('--until',), value='active|all', choices=('active', 'all'), help='Which connections to wait for: the **active**, or **all**, inactive and persistent too. Implies `--wait`. Default: active.'),
            Parameter(names=('--remove',), help='Then remove it. Implies `--wait`.'),
            Parameter(names=('--force',), help='Even if that leaves a service without a server that has a weight.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
        ),
        arguments=(
            Parameter(value='SERVER', needed=True, help='Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.'),
        ),
    ),
    Verb(
        name='undrain',
        help='Give a server the weights back that it had before `drain`.\n\nA server that comes back empty would get all new connections from schedulers that look for the least: with\n`--ramp` its weight rises from 1. Ctrl-C leaves it where it is then, and the same command goes on from there.\n\nExit status: 0 done, or nothing to do; 1 no such server, no weight remembered, or refused by the kernel, and taken\nback; 2 wrong input; 3 refused, and not all could be taken back; 130 or 143 stopped by a signal.',
        options=(
            Parameter(names=('--from',), value='SERVICE', many=True, help='Only in this service. Repeatable. Default: in all that have it.'),
            Parameter(names=('--ramp',), value='TIME', help='Raise the weight in steps, over 60s, 10m or 1h. Default: at once.'),
            Parameter(names=('--weight',), value='N', help='The weight, instead of those remembered.'),
            Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
        ),
        arguments=(
            Parameter(value='SERVER', needed=True, help='Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.'),
        ),
    ),
    Verb(
        name='top',
        help="Watch rates and connections live: sorted by any column, filtered, folded. `?` tells the keys, `q` leaves.\n\nRates are computed from counters, of which the kernel tells every 2 seconds how far they are: a rate is that\nof the interval, or of the last 2 seconds if it is shorter. The first sample that is printed comes when all\nrates are known.\n\n- `pyipvsadm top --once` prints one sample as text\n\n- `pyipvsadm top -o ndjson | jq '.total.rates.connections'` tells the new connections per second",
        options=(
            Parameter(names=('--interval',), value='SECONDS', help='How often to look, from 0.2 to 3600.'),
            Parameter(names=('--once',), help='Print one sample, and end.'),
            Parameter(names=('--output', '-o'), value='text|ndjson', choices=('text', 'ndjson'), help='For people, or a line of JSON for each sample.'),
            Parameter(names=('--names',), value='FILE', help='Name the Services and pods of Kubernetes, by the objects in this file.'),
            Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
            Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
            Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
            Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
            Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
            Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
            Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
            Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
        ),
        arguments=(
            Parameter(value='SERVICE', many=True, help='Such as 192.168.2.10:80/tcp or fwmark:7. Default: all.'),
        ),
    ),
    Verb(
        name='netns',
        help='List the network namespaces of this machine that hold services, with how many.\n\nThose are looked into that have a name, below `/run/netns` or `/var/run/docker/netns`, and those that a process is\nin. The first column is what goes behind `--netns`; the one where `pyipvsadm` runs is marked by the word `here`.\n\nWhat may not be looked into is told as unknown.\n\nExit status: 0, or 1 if something is unknown.',
        options=(
            Parameter(names=('--output', '-o'), value='table|json', choices=('table', 'json'), help='Output format.'),
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
        name='vip',
        help="Have the virtual addresses on a dummy device, so that their packets get to IPVS.\n\nIPVS takes packets where the kernel takes them for its own, so each virtual address has to be one of the machine.\nIt needn't be on an interface that packets come in by: kube-proxy has it on the device `kube-ipvs0`, and so has\nthis. The device is made if it is missing, and may be down.\n\nWhat `vip` bound is written down in `/run/pyipvsadm`, for each network namespace; no other address is ever taken\naway, nor is another interface touched. Where kube-proxy runs, name another device: it clears its own of addresses\nthat it doesn't know. Services by firewall mark have no address, and are skipped.",
        verbs=(
            Verb(
                name='ls',
                help="List every virtual address of the table and of the device. This is what `vip` does by itself.\n\nThe state is `ok`, or what is wrong: `missing`, on no interface; `not local`, on one, but packets don't get in;\n`unused`, on the device without a service; `duplicate`, on two interfaces; and for IPv6 `tentative`, not usable\nyet, or `dadfailed`, as another machine has it.\n\nExit status: 0 if all is right, 1 if something is wrong, 2 if that can't be told.",
                options=(
                    Parameter(names=('--output', '-o'), value='table|json', choices=('table', 'json'), help='Output format.'),
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device that has the addresses.'),
                ),
            ),
            Verb(
                name='add',
                help='Bind addresses: as /32, or for IPv6 as /128, without a look for duplicates and with preferred lifetime 0.\n\nOne that is on an interface already stays there, whoever bound it. One that another machine has, as far as routes,\nthe table and the neighbours tell, is refused: to bind it would cut that machine off.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.',
                options=(
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device that has the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--force',), help='Bind what another machine has, too.'),
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
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device that has the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
                ),
                arguments=(
                    Parameter(value='ADDRESS', many=True, needed=True, help='In digits.'),
                ),
            ),
            Verb(
                name='sync',
                help="Bind the addresses of all services, and take away what else `vip` bound on the device.\n\nWith FILE, those are its `addresses` or, if it doesn't say any, the addresses of its services.\n\nAn address of another interface stays where it is, and one that a route makes local is left alone. One that\nanother machine has is refused, as by `vip add`. If the kernel refuses one, all is taken back. To do it twice\nchanges nothing.\n\nExit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.",
                options=(
                    Parameter(names=('--device',), value='INTERFACE', help='The dummy device that has the addresses.'),
                    Parameter(names=('--dry-run',), help='Show what would change, and change nothing.'),
                    Parameter(names=('--force',), help='Bind what another machine has, too.'),
                    Parameter(names=('--wait-lock',), value='SECONDS', help='How long to wait for others that change the table.'),
                    Parameter(names=('--from',), value='json|yaml|kubernetes|rules', choices=('json', 'yaml', 'kubernetes', 'rules'), help='The format of FILE. Default: by content and name.'),
                    Parameter(names=('--notes',), help='List everything in FILE that a table cannot express or that may surprise.'),
                    Parameter(names=('--node',), value='NAME', help="The node that the table is for. Default: this host's name."),
                    Parameter(names=('--node-address',), value='ADDRESS', many=True, help="An address of the node. Repeatable. Default: those of this machine, but for kube-ipvs0's."),
                    Parameter(names=('--scheduler',), value='NAME', help='The scheduler of kube-proxy. Default: rr.'),
                    Parameter(names=('--node-port-addresses',), value='CIDR|primary', many=True, help='Where NodePorts are. Repeatable. Default: on every address.'),
                    Parameter(names=('--exclude-cidrs',), value='CIDR', many=True, help='Services in this network are left alone. Repeatable.'),
                    Parameter(names=('--ip-family',), value='ipv4|ipv6', choices=('ipv4', 'ipv6'), help='Only this family.'),
                ),
                arguments=(
                    Parameter(value='FILE', help="Bind what this table says, rather than the kernel's."),
                ),
            ),
        ),
    ),
)
