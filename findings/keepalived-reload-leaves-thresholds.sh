#!/bin/sh
# keepalived, told to reload, leaves a server's thresholds as they are, until something else of the server changes.
#
# Versions: keepalived 1:2.2.7-1+b2, ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12 (user-mode-linux 6.1um4+b13); amd64.
# Behaviour: after a reload of a file in which uthreshold and lthreshold alone are others, the kernel has the former
#   ones, and the log says that the reload is complete. The next reload, which changes the weight, sets them, too: an
#   edit carries all that a server has, but thresholds alone are no reason for an edit.
# Output seen:
#   the file: weight 1, uthreshold 100, lthreshold 50
#   the kernel: w 1, -x 100 -y 50
#   the file: weight 1, uthreshold 200, lthreshold 20
#   the kernel: w 1, -x 100 -y 50
#   the file: weight 5, uthreshold 200, lthreshold 20
#   the kernel: w 5, -x 200 -y 20
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 iproute2=6.1.0-3 ipvsadm=1:1.31-1+b1 \
    libpopt0=1.19+dfsg-1 libnl-3-200=3.7.0-0.2+b1 libnl-genl-3-200=3.7.0-0.2+b1 keepalived=1:2.2.7-1+b2 \
    libffi8=3.4.4-1 libglib2.0-0=2.74.6-2+deb12u9 libgssapi-krb5-2=1.20.1-2+deb12u5 libk5crypto3=1.20.1-2+deb12u5 \
    libkeyutils1=1.6.3-2 libkrb5-3=1.20.1-2+deb12u5 libkrb5support0=1.20.1-2+deb12u5 libmnl0=1.0.4-3 \
    libnftnl11=1.2.4-2 libnsl2=1.3.0-2 libpci3=1:3.9.0-4 libpcre2-8-0=10.42-1 libperl5.36=5.36.0-7+deb12u3 \
    libsensors5=1:3.6.0-7.1 libsnmp40=5.9.3+dfsg-2+deb12u1 libssl3=3.0.20-1~deb12u2 libsystemd0=252.39-1~deb12u2 \
    libtirpc3=1.3.3+ds-1 libwrap0=7.6.q-32 2>/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
mkdir -p root/lib
ln -s "$folder/usr/lib/uml/modules" root/lib/modules
cat > modprobe <<EOF
#!/bin/sh
exec "$folder/sbin/modprobe" -d "$folder/root" "\$@"
EOF
cat > init <<EOF
#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
export LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu"
cd "$folder"
sbin/ip link set lo up
configure() {  # WEIGHT UPPER LOWER
    echo "the file: weight \$1, uthreshold \$2, lthreshold \$3"
    cat > keepalived.conf <<END
virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo rr
    lb_kind NAT
    real_server 10.1.0.1 80 {
        weight \$1
        uthreshold \$2
        lthreshold \$3
    }
}
END
}
kernel() {  # once keepalived's log has the words as often
    until [ "\$(grep -c "\$1 complete" log)" = "\$2" ]; do sleep 1; done
    sleep 1
    weight=\$(sbin/ipvsadm -Sn | grep -o 'w .*')
    echo "the kernel: \$weight," \$(sbin/ipvsadm -Ln --thresholds | awk '/10.1.0.1/ { print "-x", \$3, "-y", \$4 }')
}
{
    configure 1 100 50
    usr/sbin/keepalived --dont-fork --log-console --log-detail --check --use-file "$folder/keepalived.conf" > log 2>&1 &
    kernel Startup 1
    configure 1 200 20
    kill -HUP \$!
    kernel Reload 1
    configure 5 200 20
    kill -HUP \$!
    kernel Reload 2
} > seen 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe
timeout 90 usr/bin/linux.uml mem=192M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
the file: weight 1, uthreshold 100, lthreshold 50
the kernel: w 1, -x 100 -y 50
the file: weight 1, uthreshold 200, lthreshold 20
the kernel: w 1, -x 100 -y 50
the file: weight 5, uthreshold 200, lthreshold 20
the kernel: w 5, -x 200 -y 20
EOF
