#!/bin/sh
# Installs the Debian packages named that are missing, as root or through sudo. Where it can't, it
# names what is missing: a warning, since the tests then tell what they can't show; a failure with
# --venv PYTHON, which wants what that Python needs to make a virtual environment.
set -u

required=
if [ "${1:-}" = --venv ]; then
    "$2" -c 'import ensurepip, venv' 2>/dev/null && exit 0
    set -- python3-venv
    required=yes
fi

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
echo "installing Debian packages:$missing" >&2
install() {
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
if command -v apt-get >/dev/null && { install || { $as_root apt-get update -qq >/dev/null && install; }; }; then
    exit 0
fi
echo "missing, and not to be installed from here:$missing" >&2
echo "hint: as root, apt-get install$missing" >&2
[ -z "$required" ]
