#!/bin/sh
# New servers take several times as long where thousands of others were deleted within the last minutes.
#
# Versions: ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12 (user-mode-linux 6.1um4+b13); amd64.
# Behaviour: a server that is deleted, also by -C, stays in a list of its namespace for two to four minutes, and each
#   new server is looked for there first, one by one. So a table that replaces large ones takes a time that grows with
#   the product of both sizes. After the list is empty, it is about as before; a busy machine changes all three figures.
# Output seen (seconds of the processor, of `ipvsadm -R` with 10,000 servers):
#   8.26 in a fresh namespace
#   31.1 after five tables of other servers
#   11.21 250 s after -C
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 iproute2=6.1.0-3 ipvsadm=1:1.31-1+b1 \
    libpopt0=1.19+dfsg-1 libnl-3-200=3.7.0-0.2+b1 libnl-genl-3-200=3.7.0-0.2+b1 2>/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
mkdir -p root/lib
ln -s "$folder/usr/lib/uml/modules" root/lib/modules
cat > modprobe <<EOF
#!/bin/sh
exec "$folder/sbin/modprobe" -d "$folder/root" "\$@"
EOF
for net in 2 3 4 5 6 7; do
    for service in $(seq 100); do
        echo "-A -t 10.1.0.$service:80 -s rr"
        for server in $(seq 100); do echo "-a -t 10.1.0.$service:80 -r 10.$net.$service.$server:80 -m -w 1"; done
    done > rules.$net
done
cat > director <<EOF
#!/bin/bash
export LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu"
TIMEFORMAT="%U %S"
restored() { { time sbin/ipvsadm -R < rules.\$1; } 2>&1 | awk -v when="\$2" '{ print \$1 + \$2, when }'; }
sbin/ip link set lo up
restored 2 "in a fresh namespace"
for net in 3 4 5 6; do
    sbin/ipvsadm -C
    sbin/ipvsadm -R < rules.\$net
done
sbin/ipvsadm -C
restored 7 "after five tables of other servers"
sbin/ipvsadm -C
sleep 250
restored 7 "250 s after -C"
EOF
cat > init <<EOF
#!/bin/sh
mount -t proc proc /proc
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
cd "$folder"
unshare -n ./director > seen 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe director
timeout 900 usr/bin/linux.uml mem=256M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
awk '{ took[NR] = $1 } END { exit !(NR == 3 && took[2] > 1.7 * took[1] && took[3] < 0.7 * took[2]) }' seen
