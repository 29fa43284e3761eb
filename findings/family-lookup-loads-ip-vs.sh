#!/bin/sh
# The question for the generic netlink family IPVS loads the module ip_vs, and needs no privilege.
#
# Versions: Linux 6.1 of Debian 12 (user-mode-linux 6.1um4+b13), iproute2 6.1.0-3, kmod 30+20221128-1; amd64.
# Behaviour: the module's alias `net-pf-16-proto-16-family-IPVS` has the kernel load it for whoever asks for the family
#   by name. So a program that only looks whether IPVS is there brings it into being, with its hooks in every
#   namespace; a look that changes nothing reads /proc/net/ip_vs instead.
# Output seen:
#   uid 65534, ip_vs loaded: no
#   Name: IPVS
#   uid 65534, ip_vs loaded: yes
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get download -qq user-mode-linux=6.1um4+b13 kmod=30+20221128-1 iproute2=6.1.0-3 2>/dev/null
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
echo "$folder/modprobe" > /proc/sys/kernel/modprobe
look() {
    if grep -q '^ip_vs ' /proc/modules; then answer=yes; else answer=no; fi
    echo "uid \$(setpriv --reuid 65534 --clear-groups id -u), ip_vs loaded: \$answer"
}
{
    look
    setpriv --reuid 65534 --clear-groups "$folder/usr/sbin/genl" ctrl get name IPVS | grep -o 'Name: IPVS'
    look
} > "$folder/seen" 2>&1
echo o > /proc/sysrq-trigger
sleep 9
EOF
chmod 755 init modprobe
timeout 120 usr/bin/linux.uml mem=128M rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:1 \
    > boot.log 2>&1 < /dev/null || true
cat seen
diff seen - <<'EOF'
uid 65534, ip_vs loaded: no
Name: IPVS
uid 65534, ip_vs loaded: yes
EOF
