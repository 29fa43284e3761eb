#!/bin/sh
# node_exporter books the servers of an SCTP service under the service that stands before it.
#
# Versions: prometheus-node-exporter 1.5.0-1+b6, ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12 (user-mode-linux
#   6.1um4+b13); amd64.
# Behaviour: no series bears proto="SCTP". A server of the SCTP service is shown as one of the TCP service before it in
#   /proc/net/ip_vs, and where that has the same server, their weights are added up: 1 and 7 make 8. The collector says
#   that it succeeded.
# Output seen:
#   TCP 0A090001:0050 rr
#   -> 0A090107:26F4 Masq 1 0 0
#   SCTP 0A090001:26F4 rr
#   -> 0A090108:26F4 Masq 5 0 0
#   -> 0A090107:26F4 Masq 7 0 0
#   node_ipvs_backend_weight{local_address="10.9.0.1",local_mark="",local_port="80",proto="TCP",remote_address="10.9.1.7",remote_port="9972"} 8
#   node_ipvs_backend_weight{local_address="10.9.0.1",local_mark="",local_port="80",proto="TCP",remote_address="10.9.1.8",remote_port="9972"} 5
#   node_scrape_collector_success{collector="ipvs"} 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 iproute2=6.1.0-3 ipvsadm=1:1.31-1+b1 \
    libpopt0=1.19+dfsg-1 libnl-3-200=3.7.0-0.2+b1 libnl-genl-3-200=3.7.0-0.2+b1 prometheus-node-exporter=1.5.0-1+b6 \
    2>/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
mkdir -p root/lib
ln -s "$folder/usr/lib/uml/modules" root/lib/modules
cat > modprobe <<EOF
#!/bin/sh
exec "$folder/sbin/modprobe" -d "$folder/root" "\$@"
EOF
# The port of the SCTP service has the kernel keep both in one row of its table, where the one that was added last is
# the first; services of different rows stand in either order.
cat > rules <<'EOF'
-A --sctp-service 10.9.0.1:9972 -s rr
-a --sctp-service 10.9.0.1:9972 -r 10.9.1.7:9972 -m -w 7
-a --sctp-service 10.9.0.1:9972 -r 10.9.1.8:9972 -m -w 5
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 10.9.1.7:9972 -m -w 1
EOF
cat > init <<EOF
#!/bin/bash
mount -t proc proc /proc
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
export LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu"
"$folder/sbin/ip" link set lo up
"$folder/sbin/ipvsadm" -R < "$folder/rules"
"$folder/usr/bin/prometheus-node-exporter" --collector.disable-defaults --collector.ipvs --path.procfs=/proc \
    --web.listen-address=127.0.0.1:9100 > /dev/null 2>&1 &
until exec 3<> /dev/tcp/127.0.0.1/9100; do sleep 1; done 2> /dev/null
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
{
    sed -n '4,\$s/^ *//p' /proc/net/ip_vs | tr -s ' ' | sed 's/ \$//'
    grep -E '^node_(ipvs_backend_weight|scrape_collector_success)' <&3
} > "$folder/seen" 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe
timeout 90 usr/bin/linux.uml mem=192M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
TCP 0A090001:0050 rr
-> 0A090107:26F4 Masq 1 0 0
SCTP 0A090001:26F4 rr
-> 0A090108:26F4 Masq 5 0 0
-> 0A090107:26F4 Masq 7 0 0
node_ipvs_backend_weight{local_address="10.9.0.1",local_mark="",local_port="80",proto="TCP",remote_address="10.9.1.7",remote_port="9972"} 8
node_ipvs_backend_weight{local_address="10.9.0.1",local_mark="",local_port="80",proto="TCP",remote_address="10.9.1.8",remote_port="9972"} 5
node_scrape_collector_success{collector="ipvs"} 1
EOF
