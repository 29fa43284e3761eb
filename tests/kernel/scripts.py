"""What the tests by hand give to both programs."""

from __future__ import annotations

from random import Random

ARTICLE = """
-A -t 192.168.2.10:80 -s rr
-a -t 192.168.2.10:80 -r 192.168.10.11 -m
-a -t 192.168.2.10:80 -r 192.168.11.12 -m
-Ln
-Sn
-C
-Ln
"""
SERVER_FIRST = """
-a -r 192.0.2.1:www -t 10.0.0.1:80
-a -s rr -r 192.0.2.1:www
-a -b sh-port -r 3221225985:www
-a -b sh-port -r 192.0.2.1:80 -t 10.0.0.1:80
-a -M 24 -r 192.0.2.1:www -z
-a -f 1 -r 192.0.2.1:www
-a -6 -f 1 -r 192.0.2.1:www
-a -o -r 192.0.2.1:80
"""
SERVICES = """
-A -t 10.0.0.1:80
-A -t 10.0.0.1:80
-A --tcp-service=10.0.0.1:81 --scheduler=wrr --persistent=77 --netmask=255.255.255.0
-A -u10.0.0.1:53 -slc -o
-A --sctp-service 10.0.0.1:3868 -s sh -b sh-port,sh-fallback
-A -t [2001:db8::1]:80 -s mh -b mh-port -p -M 64
-A -t 2001:db8::2 -p
-A -f 1 -s sed
-A -f 1 -6 -s nq -p 5 -M 48
-A -f 4294967295 -s ovf
-A -t 10.0.0.1:0
-A -t 10.0.0.1:0 -p 300 -M 255.255.0.0
-A -t 10.0.0.1:82 -o
-A -f 2 -o -b flag-1,flag-3
-A -u 10.0.0.1:5060 -p 60 --pe sip
-A -u 10.0.0.1:5061 --pe sip
-A -u 10.0.0.1:5062 --pe zork
-A -t 10.0.0.1:83 -s zork
-A -t 10.0.0.1:84 -s none
-A -t vip:http -s rr
-A -t vip6.example:http
-Ln
-L
-S
-Sn
-L -t 10.0.0.1:80
-Ln -t 10.0.0.1:99
-Ln -f 1
-Ln -f 1 -6
-E -t 10.0.0.1:81
-E -t 10.0.0.1:81 -s rr -p 9 -b flag-2
-E -t 10.0.0.1:99
-E -u 10.0.0.1:5060 -s rr -p
-E -f 1 -6 -M 64 -p
-Z
-Z -t 10.0.0.1:80
-Z -t 10.0.0.1:99
-Z -t 0.0.0.0
-Z -f 1 -6
-D -t 10.0.0.1:99
-D -t 10.0.0.1:80
-D -f 1
-D -f 1 -6
-D -u 10.0.0.1:53 -s rr
-Ln
-C
-Ln
"""
SERVERS = """
-a -t 10.0.0.1:80 -r 10.0.0.9
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.0.9
-a -t 10.0.0.1:80 -r 10.0.0.9:8080
-a -t 10.0.0.1:80 -r 10.0.0.9:8080 -m -w 5
-a -t 10.0.0.1:80 -r 10.0.0.9:8081 -m -x 10 -y 5
-a -t 10.0.0.1:80 -r 10.0.0.9:8082 -m -y 5
-a -r 10.0.0.10 -m -t 10.0.0.1:80
-a -r 10.0.0.11:http -m -t 10.0.0.1:80
-a -t 10.0.0.1:80 -r 10.0.0.11:http-alt -m -w 2147483647
-a -t 10.0.0.1:80 -r 127.0.0.1 -g -w 0
-a -t 10.0.0.1:80 -r 224.0.0.1 -g
-a -t 10.0.0.1:80 -r 2001:db8::9 -m
-a -t 10.0.0.1:80 -r [2001:db8::9]:80 -i
-a -t 10.0.0.1:80 -r 10.0.0.12 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.0.0.1:80 -r 10.0.0.13 -i --tun-type gue
-a -t 10.0.0.1:80 -r 10.0.0.13 -i --tun-type gre --tun-csum
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type gre --tun-remcsum
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type ipip --tun-csum
-a -t 10.0.0.1:80 -r 10.0.0.14 --tun-type ipip
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type gue --tun-port 1 --tun-csum --tun-nocsum
-a -t 10.0.0.1:80 -r 10.0.0.15 -g -m
-A -f 7 -6
-a -f 7 -6 -r 2001:db8::9
-a -f 7 -6 -r [2001:db8::9]:8080 -m
-a -f 7 -6 -r 10.0.0.9 -i
-a -f 7 -r 10.0.0.9
-A --sctp-service [2001:db8::1]:9
-a --sctp-service [2001:db8::1]:9 -r [2001:db8::9]:10 -m
-a --sctp-service [2001:db8::1]:9 -r fe80::1 -g
-Ln
-L
-Ln --thresholds
-Ln --tun-info
-Ln --stats
-Ln --rate --exact
-Ln --persistent-conn
-Ln --nosort -t 10.0.0.1:80
-Lnc
-Lc --persistent-conn
-Ln --thresholds --stats -t 10.0.0.1:80
-L --daemon
-L --timeout
-Sn
-e -t 10.0.0.1:80 -r 10.0.0.9 -w 7
-e -t 10.0.0.1:80 -r 10.0.0.9:8080
-e -t 10.0.0.1:80 -r 10.0.0.9:8080 -m -x 100
-e -t 10.0.0.1:80 -r 10.0.0.12 -i
-e -t 10.0.0.1:80 -r 10.0.0.99
-e -t 10.0.0.2:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r [2001:db8::9]:80
-d -t 10.0.0.2:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9:8080 -m
-d -f 7 -6 -r 10.0.0.9:0
-Sn
-D -t 10.0.0.1:80
-Ln
"""
TIMEOUTS = """
-L --timeout
--set 1 2 3
-L --timeout
--set 0 0 60
-L --timeout
--set 1 2
--set 1 2 3 4
--set 1 2 -3
--set 2678401 1 1
--set 1 x 1
--set -- 1 2 3
4 --set 5 6
-L --timeout
-L --timeout --daemon
-L --timeout -c
"""
DAEMONS = """
--stop-daemon master
--start-daemon master --mcast-interface lo
-L --daemon
--start-daemon master --mcast-interface lo
--start-daemon backup --mcast-interface dummy7 --syncid 7 --mcast-group ff02::81 --mcast-port 9000 --mcast-ttl 9
-L --daemon
--stop-daemon master
--start-daemon master --mcast-interface dummy7 --mcast-group 239.1.2.3 --sync-maxlen 1000
-L --daemon
--stop-daemon backup --syncid 7
--start-daemon backup --mcast-interface dummy8
--start-daemon backup
--start-daemon backup --mcast-interface zork
--start-daemon both
--stop-daemon
--stop-daemon both
-L --daemon
-C
-L --daemon
--stop-daemon master
--stop-daemon backup
-L --daemon
"""
LONG_NAMES = """
-A -t 192.0.2.77:7777
-A -u 192.0.2.77:69
-a -t 192.0.2.77:7777 -r 198.51.100.7:80 -m
-a -t 192.0.2.77:7777 -r 198.51.100.8:7777 -m
-A -t 192.0.2.10:7777
-A -t [2001:db8:10::10]:7777
-a -t [2001:db8:10::10]:7777 -r [2001:db8:10::10]:80 -m
-L
-L --stats
-L --tun-info
-L --nosort -t 192.0.2.77:7777
-Sn
"""
SCRIPTS = {
    "article": ARTICLE,
    "services": SERVICES,
    "servers": SERVERS,
    "server first": SERVER_FIRST,
    "timeouts": TIMEOUTS,
    "daemons": DAEMONS,
    "long names": LONG_NAMES,
}

FORWARDING = ("-m", "-m -x 9 -y 3", "-g", "-i --tun-type gre --tun-csum", "-i --tun-type gue --tun-port 5")

# fmt: off
RESTORES = {
    "empty": b"",
    "blanks": b"\n \n\t\r\n",
    "plain": b"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m\n",
    "no newline": b"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m",
    "CRLF": b"-A -t 10.0.0.1:80 -s rr\r\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m\r\n",
    "CR inside": b"-A\r-t\r10.0.0.1:80\n",
    "one blank at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 ",
    "two blanks at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\t ",
    "only two blanks": b"-A -t 10.0.0.1:80\n  ",
    "the program's name": b"ipvsadm -A -t 10.0.0.1:80\n-A ipvsadm -t ipvsadm 10.0.0.1:81 ipvsadm\n ipvsadm \n",
    "its path": b"-A -t 10.0.0.1:80\n/sbin/ipvsadm -A -t 10.0.0.1:81\n-A -t 10.0.0.1:82\n",
    "NUL": b"-A -t 10.0.0.1:80\0:81 -s rr\n-A\0 -t 10.0.0.1:82\n\0\n-A -t 10.0.0.1:83\n",
    "leading NUL": b"-A -t 10.0.0.1:80\n\0-A -t 10.0.0.1:81\n",
    "quotes": b'-A -t "10.0.0.1:80"\n',
    "comment behind": b"-A -t 10.0.0.1:80 # why\n-A -t 10.0.0.1:81\n",
    "refused in the middle": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n",
    "refused at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n-D -t 10.0.0.1:82\n",
    "unknown option in the middle": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 --zork\n-A -t 10.0.0.1:82\n",
    "unknown option at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 --zork\n",
    "missing argument": b"-A -t 10.0.0.1:80\n-A -t\n-A -t 10.0.0.1:82\n",
    "bad value": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:x\n-A -t 10.0.0.1:82\n",
    "illegal option": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 -n\n-A -t 10.0.0.1:82\n",
    "stray word": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 zork\n-A -t 10.0.0.1:82\n",
    "no command": b"-A -t 10.0.0.1:80\nzork\n-A -t 10.0.0.1:82\n",
    "unknown command": b"-A -t 10.0.0.1:80\n-z\n-A -t 10.0.0.1:82\n",
    "listings between": b"-A -t 10.0.0.1:80\n-Ln\n-A -t 10.0.0.1:81\n-Sn\n"
    b"-D -t 10.0.0.1:80\n-Ln --stats\n-L --timeout\n-Lc\n",
    "bad listing": b"-A -t 10.0.0.1:80\n-Ln -t 10.0.0.1:81\n-A -t 10.0.0.1:82\n",
    "nested": b"-A -t 10.0.0.1:80\n-R\n-A -t 10.0.0.1:82\n",
    "version": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n-v\n-A -t 10.0.0.1:82\n",
    "set and zero": b"--set 5 6 7\n-A -t 10.0.0.1:80\n-Z\n-Z -t 10.0.0.1:80\n-Z -t 10.0.0.1:81\n-C\n-A -f 1\n",
    "names": b"-A -t vip:http\n-A -t vip:www\n-a -t vip:http -r localhost -m\n-A -t no.such.name:80\n",
    "order": b"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.9\n"
    b"-D -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.9\n-A -f 1\n",
    "a long word": b"-A -t 10.0.0.1:80\n-A -t " + b"1" * 60 + b"\n",
    "a long blank": b"-A" + b" " * 9000 + b"-t 10.0.0.1:80\n",
    "bytes": b"-A -t 10.0.0.1:80\n-A -t \xff\xfe:80\n",
    "signed mark": b"-A -f 1\n-A -f -1\n-A -f 2\n",
    "daemons": b"--start-daemon master --mcast-interface lo\n-L --daemon\n--start-daemon master --mcast-interface lo\n",
    "forms learned by sight": b"-A -t 10.0.0.1:80 -p 300\n-A -t 10.0.0.1:81 -p 300\n"
    b"-A -t 10.0.0.1:0 -p 300\n-A -t 10.0.0.1 -p 7\n"
    b"-A -t 10.0.0.1:82 -s rr\n-A -t 10.0.0.1:0 -s rr\n-A -t 10.0.0.1:83 -s rr\n",
    "ports learned by sight": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n-a -t 10.0.0.1:80 -r 10.0.0.9:80 -g\n"
    b"-a -t 10.0.0.1:81 -r 10.0.0.9:82 -g\n-d -t 10.0.0.1:81 -r 10.0.0.9:82\n-d -t 10.0.0.1:80 -r 10.0.0.9:80\n",
}
# fmt: on


def mixed_rules(count):
    """Rules for `count` services of all kinds, each with up to three servers."""
    random = Random(7)
    rules = []
    for number in range(count):
        kind = random.choice(("-t", "-u", "--sctp-service", "-f"))
        six = random.random() < 0.3
        host = f"[2001:db8::{number:x}]" if six else f"10.{number >> 8}.{number & 255}.1"
        who = f"-f {number + 1}{' -6' * six}" if kind == "-f" else f"{kind} {host}:{random.randint(1, 65535)}"
        more = random.choice(("", " -p 300", " -s sh -b sh-port", " -s rr", " -b flag-1,flag-2"))
        rules.append(f"-A {who}{more}")
        for server in range(random.randrange(4)):
            address = f"[2001:db8:1::{server + 1:x}]:8080" if six else f"10.200.0.{server + 1}:8080"
            how = random.choice(FORWARDING)
            rules.append(f"-a {who} -r {address} {how} -w {random.randint(0, 100)}")
    return "".join(f"{rule}\n" for rule in rules).encode()
