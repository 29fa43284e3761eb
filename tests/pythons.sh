#!/bin/sh
# Runs unit tests, those named or a choice of quick ones, with the oldest libraries that pyproject.toml allows, and on
# each other CPython from 3.11 to 3.14 that this machine has: on the path, or in pyenv's folder. Each gets a virtual
# environment, .venv-oldest, .venv-3.12 and so on, which is kept.
set -u
cd "$(dirname "$0")/.."

if [ $# = 0 ]; then
    for name in cli codec completion connections document golden input_lines kernel libraries listing notation parse record \
        restore rules set show startup templates top; do
        set -- "$@" "tests/test_$name.py"
    done
fi

oldest() {
    .venv/bin/python -c '
import tomllib
for line in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]:
    name, bound = line.split(" >= ")
    print(f"{name}=={bound}.*")'
}

# tested FOLDER PYTHON WORDS...: runs the tests in a virtual environment, with what WORDS ask of pip.
tested() {
    folder=$1 python=$2
    shift 2
    if [ ! -e "$folder/ready" ] || [ pyproject.toml -nt "$folder/ready" ]; then
        "$python" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --quiet --upgrade pip &&
            "$folder/bin/python" -m pip install --quiet --editable . --group dev "$@" &&
            touch "$folder/ready" || { echo "$folder: can't be set up" >&2; return 1; }
    fi
    echo "$folder:" >&2
    "$folder/bin/python" -m pytest -p no:cacheprovider -m "not kernel and not boot" $tests
}

tests=$*
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
failed=
tested .venv-oldest .venv/bin/python $(oldest) || failed=yes
for version in 3.11 3.12 3.13 3.14; do
    [ "$version" != "$own" ] || continue
    python=
    for candidate in "$HOME/.pyenv/versions/$version".*/bin/python "$(command -v "python$version" 2>/dev/null)"; do
        [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null && python=$candidate
    done
    [ -n "$python" ] || { echo "python $version: not on this machine" >&2; continue; }
    tested ".venv-$version" "$python" || failed=yes
done
[ -z "$failed" ]
