#!/bin/sh
# ldirectord leaves a server with `gate` whose port isn't the service's at weight 0 for ever, though it is enabled.
#
# Versions: ldirectord 1:4.12.0-2, ipvsadm 1:1.31-1+b1, Linux 6.1 of Debian 12 (user-mode-linux 6.1um4+b13); amd64.
# Behaviour: with `gate` a packet keeps its port, so ipvsadm puts 10.1.0.2:8080 into the table as 10.1.0.2:80. With
#   quiescent=yes ldirectord then finds that server, which it has just put there, and sets its weight to 0. The log says
#   "Enabled" after each later check, and the weight stays 0. With `masq` the server has its weight of 3.
# Output seen:
#   -A -t 10.0.0.1:80 -s rr
#   -a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 3
#   -a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 0
#   Enabled  real server=on:tcp:10.1.0.2:8080:::3:gate:\/: (virtual=tcp:10.0.0.1:80)
#   -A -t 10.0.0.1:80 -s rr
#   -a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 3
#   -a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 3
#   Enabled  real server=on:tcp:10.1.0.2:8080:::3:masq:\/: (virtual=tcp:10.0.0.1:80)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 iproute2=6.1.0-3 ipvsadm=1:1.31-1+b1 \
    libpopt0=1.19+dfsg-1 libnl-3-200=3.7.0-0.2+b1 libnl-genl-3-200=3.7.0-0.2+b1 ldirectord=1:4.12.0-2 \
    libclone-perl=0.46-1 libhttp-date-perl=6.05-2 libhttp-message-perl=6.44-1 libio-socket-inet6-perl=2.73-1 \
    libio-socket-ssl-perl=2.081-2 libmailtools-perl=2.21-2 libnet-http-perl=6.22-1 libnet-ssleay-perl=1.92-2+b1 \
    libsocket6-perl=0.29-3 libtimedate-perl=2.3300-2 libtry-tiny-perl=0.31-2 liburi-perl=5.17-1 libwww-perl=6.68-1 \
    perl-modules-5.36=5.36.0-7+deb12u3 libperl5.36=5.36.0-7+deb12u3 2>/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
mkdir -p root/lib
ln -s "$folder/usr/lib/uml/modules" root/lib/modules
cat > modprobe <<EOF
#!/bin/sh
exec "$folder/sbin/modprobe" -d "$folder/root" "\$@"
EOF
for kind in gate masq; do
    cat > $kind.cf <<EOF
checkinterval=1
quiescent=yes
virtual=10.0.0.1:80
    real=10.1.0.1:80 $kind 3
    real=10.1.0.2:8080 $kind 3
    scheduler=rr
    protocol=tcp
    checktype=on
EOF
done
cat > director <<EOF
#!/bin/sh
# director KIND: what the table holds of KIND.cf after some rounds of checks, and the last word about 10.1.0.2.
export LD_LIBRARY_PATH="$folder/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu"
modules="$folder/usr/share/perl5:$folder/usr/share/perl/5.36"
export PERL5LIB="\$modules:$folder/usr/lib/x86_64-linux-gnu/perl5/5.36:$folder/usr/lib/x86_64-linux-gnu/perl/5.36"
sbin/ip link set lo up
usr/sbin/ldirectord -d "$folder/\$1.cf" start > "\$1.log" 2>&1 &
until [ "\$(grep -c 'Enabled.*10.1.0.2' "\$1.log")" -gt 3 ]; do sleep 1; done
/usr/sbin/ipvsadm -Sn
grep -o 'Enabled.*' "\$1.log" | grep 10.1.0.2 | tail -n 1
EOF
cat > init <<EOF
#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
"$folder/modprobe" overlay
mount -t overlay -o lowerdir="$folder/sbin:/usr/sbin" overlay /usr/sbin  # where ldirectord looks for ipvsadm
cd "$folder"
for kind in gate masq; do unshare -n ./director \$kind; done > seen 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe director
timeout 90 usr/bin/linux.uml mem=192M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 3
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 0
Enabled  real server=on:tcp:10.1.0.2:8080:::3:gate:\/: (virtual=tcp:10.0.0.1:80)
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 3
-a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 3
Enabled  real server=on:tcp:10.1.0.2:8080:::3:masq:\/: (virtual=tcp:10.0.0.1:80)
EOF
