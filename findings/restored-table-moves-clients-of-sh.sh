#!/bin/sh
# A table of scheduler sh that `ipvsadm -S` saves and `ipvsadm -R` restores sends most clients to other servers.
#
# Versions: ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12 (user-mode-linux 6.1um4+b13), perl-base 5.36; amd64.
# Behaviour: the kernel puts each new server before the others, and deals out the buckets of sh in this order. ipvsadm
#   saves the servers by their addresses, so where they weren't added so, the restored table has another order, although
#   it is saved as the same text. mh hardly depends on the order.
# Output seen:
#   both are saved as the same text
#   :1001 -s sh: 250 clients, of which 228 moved
#   :1002 -s mh: 250 clients, of which 3 moved
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
for port in 1001 1002; do
    if [ $port = 1001 ]; then scheduler=sh; else scheduler=mh; fi
    echo "-A -u 127.1.0.1:$port -s $scheduler"
    for last in 4 2 9 7 1 10 3 6 8 5; do echo "-a -u 127.1.0.1:$port -r 127.2.0.$last:$port -m -w 1"; done
done > rules
cat > clients.pl <<'EOF'
use Socket;
for my $port (1001, 1002) {
    for my $client (1 .. 250) {
        socket(my $socket, PF_INET, SOCK_DGRAM, 0);
        bind($socket, sockaddr_in(0, inet_aton("127.3.0.$client"))) or die "$!";
        send($socket, "x", 0, sockaddr_in($port, inet_aton("127.1.0.1"))) or die "$!";
    }
}
EOF
cat > director <<EOF
#!/bin/sh
# director RULES NAME: NAME.saved is what ipvsadm saves of RULES, and NAME which server each client gets.
export LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu"
sbin/ip link set lo up
sbin/ipvsadm -R < "\$1"
sbin/ipvsadm -Sn > "\$2.saved"
perl clients.pl
sbin/ipvsadm -Lnc | awk '/^UDP/ { split(\$4, client, ":"); print client[1], \$6 }' | sort > "\$2"
EOF
cat > init <<EOF
#!/bin/sh
mount -t proc proc /proc
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
cd "$folder"
{
    unshare -n ./director rules before
    unshare -n ./director before.saved after
    cmp before.saved after.saved && echo "both are saved as the same text"
    for port in 1001 1002; do
        grep ":\$port\$" before > one
        grep ":\$port\$" after > two
        echo "\$(grep -o ":\$port -s .*" rules): \$(wc -l < two) clients, of which \$(comm -13 one two | wc -l) moved"
    done
} > seen 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe director
timeout 90 usr/bin/linux.uml mem=192M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
both are saved as the same text
:1001 -s sh: 250 clients, of which 228 moved
:1002 -s mh: 250 clients, of which 3 moved
EOF
