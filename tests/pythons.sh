#!/bin/sh
# Runs unit tests, those named or a choice of quick ones, on each other CPython from 3.11 to 3.14 that this
# machine has: on the path, or in pyenv's folder. Each gets a virtual environment, .venv-3.12 and so on,
# which is kept.
set -u
cd "$(dirname "$0")/.."

if [ $# = 0 ]; then
    for name in cli codec completion connections golden kernel layout lines listing parse record restore rules set \
        show spelling startup top; do
        set -- "$@" "tests/test_$name.py"
    done
fi

own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
failed=
for version in 3.11 3.12 3.13 3.14; do
    [ "$version" != "$own" ] || continue
    python=
    for candidate in "$HOME/.pyenv/versions/$version".*/bin/python "$(command -v "python$version" 2>/dev/null)"; do
        [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null && python=$candidate
    done
    [ -n "$python" ] || { echo "python $version: not on this machine" >&2; continue; }
    folder=.venv-$version
    if [ ! -e "$folder/ready" ] || [ pyproject.toml -nt "$folder/ready" ]; then
        "$python" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --quiet --upgrade pip &&
            "$folder/bin/python" -m pip install --quiet --editable . --group dev &&
            touch "$folder/ready" || { echo "python $version: can't be set up" >&2; failed=yes; continue; }
    fi
    echo "python $version:" >&2
    "$folder/bin/python" -m pytest -p no:cacheprovider -m "not kernel and not boot" "$@" || failed=yes
done
[ -z "$failed" ]
