#!/bin/sh
# pyroute2 adds an IPv6 service to IPVS only if the length of its netmask is written as an IPv4 address.
#
# Versions: pyroute2 0.9.7 (PyPI) under Debian 12's Python 3.11, ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12
#   (user-mode-linux 6.1um4+b13); amd64.
# Behaviour: an IPv6 address alone, with its family or without, is refused by the kernel, which wants a length from 1 to
#   128 in the netmask, also of a service that isn't persistent. The netmask as a number isn't taken by the library: it
#   packs the attribute as an IPv4 address for either family. So the length of 128 is written '128.0.0.0', the bytes of
#   128 on a little-endian machine, and is read back as that.
# Output seen:
#   addr='192.0.2.1' -> added
#   addr='2001:db8::1' -> NetlinkError: (22, 'Invalid argument')
#   addr='2001:db8::1', af=<AddressFamily.AF_INET6: 10> -> NetlinkError: (22, 'Invalid argument')
#   addr='2001:db8::1', netmask=128 -> TypeError: inet_pton() argument 2 must be str, not int
#   addr='2001:db8::1', netmask='128.0.0.0' -> added
#   read back: 192.0.2.1 255.255.255.255
#   read back: 2001:db8::1 128.0.0.0
#   -A -t 192.0.2.1:80 -s wlc
#   -A -t [2001:db8::1]:80 -s wlc
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 ipvsadm=1:1.31-1+b1 libpopt0=1.19+dfsg-1 \
    libnl-3-200=3.7.0-0.2+b1 libnl-genl-3-200=3.7.0-0.2+b1 2>/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
/usr/bin/python3 -m pip install -q --no-deps --target "$folder/site" pyroute2==0.9.7 2>/dev/null
mkdir -p root/lib
ln -s "$folder/usr/lib/uml/modules" root/lib/modules
cat > modprobe <<EOF
#!/bin/sh
exec "$folder/sbin/modprobe" -d "$folder/root" "\$@"
EOF
cat > add.py <<'EOF'
from socket import AF_INET6, IPPROTO_TCP

from pyroute2 import IPVS, IPVSService

ipvs = IPVS()
for words in (
    {"addr": "192.0.2.1"},
    {"addr": "2001:db8::1"},
    {"addr": "2001:db8::1", "af": AF_INET6},
    {"addr": "2001:db8::1", "netmask": 128},
    {"addr": "2001:db8::1", "netmask": "128.0.0.0"},
):
    try:
        ipvs.service("add", service=IPVSService(port=80, protocol=IPPROTO_TCP, **words))
        result = "added"
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    print(", ".join(f"{name}={value!r}" for name, value in words.items()), "->", result)
services = [answer.get_attr("IPVS_CMD_ATTR_SERVICE") for answer in ipvs.service("dump")]
names = ("IPVS_SVC_ATTR_ADDR", "IPVS_SVC_ATTR_NETMASK")
for words in sorted([service.get_attr(name) for name in names] for service in services):
    print("read back:", *words)
EOF
cat > init <<EOF
#!/bin/sh
mount -t proc proc /proc
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
{
    PYTHONPATH="$folder/site" /usr/bin/python3 "$folder/add.py"
    LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu" "$folder/sbin/ipvsadm" -Sn
} > "$folder/seen" 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe
timeout 90 usr/bin/linux.uml mem=192M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
addr='192.0.2.1' -> added
addr='2001:db8::1' -> NetlinkError: (22, 'Invalid argument')
addr='2001:db8::1', af=<AddressFamily.AF_INET6: 10> -> NetlinkError: (22, 'Invalid argument')
addr='2001:db8::1', netmask=128 -> TypeError: inet_pton() argument 2 must be str, not int
addr='2001:db8::1', netmask='128.0.0.0' -> added
read back: 192.0.2.1 255.255.255.255
read back: 2001:db8::1 128.0.0.0
-A -t 192.0.2.1:80 -s wlc
-A -t [2001:db8::1]:80 -s wlc
EOF
