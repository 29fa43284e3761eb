#!/bin/sh
# Runs all tests, or those that WORDS choose, with a PYTHON. At most three that fail are told, and run once more when
# nothing else runs, since traffic comes late on a busy machine. What fails twice fails.
# Usage: tests/all.sh PYTHON [WORDS...]
set -u
cd "$(dirname "$0")/.."
python=$1
shift
"$python" -m pytest "$@"
status=$?
[ "$status" = 1 ] || exit "$status"
set -- --last-failed --last-failed-no-failures=none
failed=$("$python" -m pytest "$@" --collect-only | grep ::) || exit "$status"
[ "$(echo "$failed" | wc -l)" -le 3 ] || exit "$status"
echo "$failed" | sed 's/^/FAILED ONCE, and is run once more: /'
exec "$python" -m pytest "$@"
