"""The right lines of verbs, read without typer: as typer reads them, or not at all."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyipvsadm.errors import UsageError
from pyipvsadm.help.verb_table import VERBS
from pyipvsadm.support.application import application, netns_option, run, usage_errors
from pyipvsadm.support.document_input import document_options
from pyipvsadm.support.right_line import Call, call_of, refused, whole
from pyipvsadm.support.verb import function_of

from .properties import examples

RIGHT = [  # a line, the verbs that it calls, what it gives them, and the network namespace
    ("show", ("show",), {}, ""),
    ("show -o rules", ("show",), {"output": "rules"}, ""),
    ("show 192.0.2.1:80 fwmark:7 --output=json --plain", ("show",),
     {"services": ["192.0.2.1:80", "fwmark:7"], "output": "json", "plain": True}, ""),
    ("check -", ("check",), {"file": "-"}, ""),
    ("diff --only fwmark:1 table.rules --only=192.0.2.0/24", ("diff",),
     {"file": "table.rules", "only": ["fwmark:1", "192.0.2.0/24"]}, ""),
    ("apply table.yaml --netns blue --wait-lock 5", ("apply",), {"file": "table.yaml", "wait_lock": 5.0}, "blue"),
    ("set 192.0.2.1:80 -w 5 --wait-lock=7 --no-ops", ("set",),
     {"words": ["192.0.2.1:80", "-w", "5", "--no-ops"], "wait_lock": 7.0}, ""),
    ("undrain 192.0.2.9 --weight 3", ("undrain",), {"server": "192.0.2.9", "weight": 3}, ""),
    ("drain 192.0.2.9 --wait --deadline 1h", ("drain",), {"server": "192.0.2.9", "wait": True, "deadline": 3600.0}, ""),
    ("top --interval=0.5", ("top",), {"interval": 0.5}, ""),
    ("vip", ("vip", "ls"), {}, ""),
    ("vip --netns=blue -o json", ("vip", "ls"), {"output": "json"}, "blue"),
    ("vip add 192.0.2.1 192.0.2.2", ("vip", "add"), {"addresses": ["192.0.2.1", "192.0.2.2"]}, ""),
    ("vip sync", ("vip", "sync"), {}, ""),
    ("where 192.0.2.1:80 --with=192.0.2.9 --clients -", ("where",),
     {"service": "192.0.2.1:80", "with_": ["192.0.2.9"], "file": "-"}, ""),
    ("metrics --netns a --netns b", ("metrics",), {"netns": ["a", "b"]}, ""),
    ("convert a.json -o yaml --from json --node-address 192.0.2.1", ("convert",),
     {"file": "a.json", "output": "yaml", "format": "json", "node_address": ["192.0.2.1"]}, ""),
]  # fmt: skip
LEFT = (  # to typer: help, what is wrong, what only typer reads
    "show --help", "show -o", "show -o xml", "show -ojson", "show --zork", "show --plain=1", "show -- a", "show -o -",
    "show --plain --plain", "check", "check a b", "check --schema", "apply a --wait-lock 1e3", "undrain a --weight 0",
    "apply a --wait-lock 86401", "set 192.0.2.1:80 --help", "set -- 192.0.2.1:80", "set", "vip ls add", "vip zork",
    "vip --help", "drain a --deadline 1x", "sandbox", "completion zork", "show --netns a --netns b",
)  # fmt: skip


@pytest.mark.parametrize(("line", "names", "values", "netns"), RIGHT, ids=[line for line, *_ in RIGHT])
def test_a_right_line_is_a_call(line, names, values, netns):
    assert call_of(line.split()) == Call(names=names, values=values, netns=netns)


@pytest.mark.parametrize("line", LEFT)
def test_what_is_not_plain_is_left_to_typer(line):
    assert call_of(line.split()) is None


REFUSED = (SystemExit, usage_errors.LIBRARY_ERROR)


class Elsewhere:
    """A world that only takes down which network namespace was entered."""

    program = "pyipvsadm"

    def __init__(self):
        self.netns = ""

    def enter(self, name):
        self.netns = name

    def write(self, text):
        pass


def noting(function, calls):
    """`function`, which only takes down in `calls` what it is called with."""

    @functools.wraps(function)
    def note(*_, **values):
        calls.append((function, values))
        return 0

    if own := getattr(function, "verb", None):
        note.verb = own.replace(verbs=tuple(noting(inner, calls) for inner in own.verbs))
    return note


@functools.cache
def read_by_typer(name):
    """What reads a line of the verb `name` by typer, and tells what it calls: None, or names, values, namespace."""
    calls = []
    command = netns_option.command(application([noting(function_of(name), calls)]), name, Elsewhere())

    def read(words):
        calls.clear()
        world = Elsewhere()
        quiet = io.StringIO()
        asked = document_options.asked
        document_options.asked = noting(asked, calls)
        try:
            with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), contextlib.suppress(*REFUSED):
                command(whole(words), prog_name="pyipvsadm", obj=world)
        finally:
            document_options.asked = asked
        if not any(function is not asked for function, _ in calls):
            return None
        function = calls[-1][0]
        names = (name,) if function.__name__.rstrip("_") == name else (name, function.__name__)
        values = {}
        for called, found in calls:
            defaults = {key: own.default for key, own in inspect.signature(called).parameters.items()}
            values |= {key: value for key, value in found.items() if key != "asked" and value != defaults[key]}
        return names, {key: value for key, value in values.items() if value not in (None, [])}, world.netns

    return read


def read_by_us(words):
    """The same, by the verbs' table."""
    call = call_of(words)
    if call is None:
        return None
    function = function_of(call.names[0])
    for name in call.names[1:]:
        function = next(one for one in function.verb.verbs if one.__name__ == name)
    defaults = {
        key: own.default
        for one in (document_options.asked, function)
        for key, own in inspect.signature(one).parameters.items()
    }
    return call.names, {key: value for key, value in call.values.items() if value != defaults[key]}, call.netns


JUNK = ("--", "-", "--help", "-x", "--zork", "--zork=1", "-oo", "a b", "=", "--=", "--netns", "-5", "0", "1e3", "07")
WRONG = ("zork", "jsn", "JSON", "5x", "0.1", "99999", "1_0", "inf", "a.json", "{}.yml", "\x1b", "\u0663", "10m", "1.0")
VALUES = ("192.0.2.1:80", "json", "text", "-", "3", "ls", "add", "blue")


def pieces(row, wrong):
    """Words for a line of `row`: mostly right ones, or also `wrong` values."""
    inner = some.sampled_from([one.name for one in row.verbs]).map(lambda name: [name]) if row.verbs else some.nothing()
    rows = [row, *row.verbs]
    names = [(name, own) for one in rows for own in one.options for name in (*own.names, *own.others)]

    def written(name, own):
        values = some.sampled_from((own.choices or VALUES) + (WRONG if wrong else ()))
        if not own.value:
            return some.just([name])
        return values.map(lambda value: [name, value]) | values.map(lambda value: [f"{name}={value}"])

    right = [written(name, own) for name, own in names] or [some.just([])]
    choices = [word for own in row.arguments for word in own.choices] or VALUES
    return some.one_of(
        some.one_of(*right),
        some.sampled_from(choices).map(lambda word: [word]),
        some.sampled_from(["--netns blue", "--netns=blue"]).map(str.split),
        inner,
        some.sampled_from(JUNK).map(lambda word: [word]),
    )


@some.composite
def lines(draw, wrong=False):
    row = draw(some.sampled_from([row for row in VERBS if not row.passes]))
    return [row.name, *(word for words in draw(some.lists(pieces(row, wrong), max_size=4)) for word in words)]


@given(lines())
@examples(400)
def test_what_we_read_typer_reads_alike(words):
    try:
        found = read_by_us(words)
    except Exception as error:  # as where `--netns` lacks its name: typer's way to read says the same
        with pytest.raises(type(error)):
            read_by_typer(words[0])(words)
        return
    if found is not None:
        assert found == read_by_typer(words[0])(words)


def told_by_typer(words):
    """The refusal of `words` by typer: message, hint, status."""
    with pytest.raises(UsageError) as error:
        run(words, Elsewhere())
    return str(error.value), error.value.hint, error.value.status


@given(lines(wrong=True))
@examples(400)
def test_what_we_refuse_typer_refuses_in_the_same_words(words):
    try:
        found = refused(words, "pyipvsadm")
    except UsageError:  # as where `--netns` lacks its name
        return
    assert not found or (str(found), found.hint, found.status) == told_by_typer(words)


@pytest.mark.parametrize(("line", "message", "hint"), [
    ("show -o zork", "--output: `zork` is not one of table, json, yaml, ndjson, rules", "`{} show --help` explains it"),
    ("show -o jsn", "--output: `jsn` is not one of table, json, yaml, ndjson, rules", "did you mean `json`?"),
    ("show -o a{b}.json", "--output: `a{b}.json` is a file, not a format", "write `-o json > a{b}.json`"),
    ("doctor --watch x", "--watch: give a number from 0 to 3600", "`{} doctor --help` explains it"),
    ("doctor --watch 3601", "--watch: give a number from 0 to 3600", "`{} doctor --help` explains it"),
    ("top --interval x", "--interval: give a number of seconds from 0.2 to 3600", "`{} top --help` explains it"),
    ("drain a --deadline 5x", "--deadline: give a time from 1s to 30d, such as 60s, 10m or 1h",
     "`{} drain --help` explains it"),
    ("undrain a --weight 0", "--weight: give a number from 1 to 2147483647", "`{} undrain --help` explains it"),
    ("apply --wait-lock x", "--wait-lock: give a number from 0 to 86400", "`{} apply --help` explains it"),
    ("completion zork", "SHELL: `zork` is not one of bash, zsh, fish", "`{} completion --help` explains it"),
    ("vip ls -o zork", "--output: `zork` is not one of table, json", "`{} vip ls --help` explains it"),
])  # fmt: skip
def test_a_wrong_value_is_refused(line, message, hint):
    hint = hint.replace("{} ", "pyipvsadm ")
    found = refused(line.split(), "pyipvsadm")
    assert (str(found), found.hint) == (message, hint)
    assert told_by_typer(line.split()) == (message, hint, found.status)


@pytest.mark.parametrize("line", [
    "doctor --watch 1e9", "doctor --watch nan", "doctor --watch=-1", "check a --ip-family IPV4", "show -o zork --zork",
    "show -o zork --netns blue", "show -o zork --help",
])  # fmt: skip
def test_what_may_be_right_or_wrong_otherwise_is_left_to_typer(line):
    assert refused(line.split(), "pyipvsadm") is None


NEEDY = [
    [row.name]
    for row in VERBS
    if row.arguments and row.arguments[0].needed and not row.arguments[0].choices and not row.passes
]


@pytest.mark.parametrize("words", NEEDY, ids=lambda words: words[0])
def test_a_verb_alone_that_needs_an_argument_lacks_it(words):
    assert refused(words, "pyipvsadm")


@pytest.mark.parametrize("words", [["df", "-h"], ["pyipvsadm", "show", "-h"]])
def test_the_words_of_a_command_in_a_sandbox_stay_as_they_are(words):
    names, values, _ = read_by_typer("sandbox")(["sandbox", "--", *words])
    assert (names, values["command"]) == (("sandbox",), words)
