"""Pure: the state of the view, and how keys change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ...model import Server, Service
from ...record import Record
from ...table.notation import spelled, spelled_server
from .columns import BY_NAME
from .sample import KEY, SERVER_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .sample import Key

INTERVALS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
LONGEST_FILTER = 60
ESCAPE = b"\x1b"
SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O[@-~])")
BEGINNING = re.compile(rb"\x1b(\[[0-?]*[ -/]*|O)?")
NAMED = {  # the bytes that terminals send after Esc for special keys
    b"[A": "up", b"[B": "down", b"[C": "right", b"[D": "left", b"[H": "home", b"[F": "end",
    b"OA": "up", b"OB": "down", b"OC": "right", b"OD": "left", b"OH": "home", b"OF": "end",
    b"[1~": "home", b"[4~": "end", b"[7~": "home", b"[8~": "end", b"[5~": "page up", b"[6~": "page down",
}  # fmt: skip
YES = ("y", "Y")
CONTROL = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\x15": "clear", "\x0c": "redraw"}


class Shown(NamedTuple):
    """The contents of the screen: the keys of all rows in order, the number of lines for them, and the columns."""

    keys: Sequence[Key] = ()
    page: int = 1
    columns: Sequence[str] = ("name",)


class Change(NamedTuple):
    """A change that a key requests: a verb, and the key of the server that it changes."""

    verb: str
    key: Key

    @property
    def service(self) -> str:
        """The name of the service."""
        return spelled(Service.make((*self.key[:KEY], *Service()[KEY:])))

    @property
    def server(self) -> str:
        """The name of the server."""
        return spelled_server(Server.make((*self.key[KEY:], *Server()[SERVER_KEY:])))


class State(Record):
    """The choices of the user.

    `folded` says whether services are folded, except `others`; `by_address`, whether they are grouped by address.
    `cursor` is the key of the selected row or None, and `line` its position or -1. The cursor stays on its line until
    a key moves it, and then on its row. `top` is the first visible line. `asked` is a change that waits for yes or no
    below a `warning`, `decided` one that waits to be carried out, and `said` is the result.
    """

    __slots__ = ()
    interval: float = 1.0
    sort: str = "new"
    reverse: bool = False
    history: str = "new"
    filter: str = ""
    typing: bool = False
    folded: bool = False
    others: frozenset[Key] = frozenset()
    by_address: bool = False
    cursor: Key | None = None
    line: int = 0
    moved: bool = False
    top: int = 0
    asked: Change | None = None
    warning: str = ""
    decided: Change | None = None
    said: str = ""
    paused: bool = False
    help: bool = False
    leaving: bool = False

    def is_folded(self, service: Key) -> bool:
        """Whether the rows below this service, or this address, are hidden."""
        return self.folded != (service in self.others)


def decoded(data: bytes) -> tuple[list[str], bytes]:
    """The keys in `data` from a terminal, and the incomplete key at its end."""
    keys: list[str] = []
    while data:
        if data.startswith(ESCAPE):
            if found := SEQUENCE.match(data):
                if name := NAMED.get(found[1]):
                    keys.append(name)
                data = data[found.end() :]
            elif BEGINNING.fullmatch(data):
                return keys, data
            else:
                keys.append("escape")
                data = data[1:]
            continue
        text, escape, rest = data.partition(ESCAPE)
        letters = text.decode("utf-8", "ignore")
        keys += [CONTROL.get(letter, letter) for letter in letters if letter in CONTROL or letter.isprintable()]
        data = escape + rest
    return keys, b""


def press(state: State, key: str, shown: Shown) -> State:
    """`state` after `key`, while `shown` is on the screen."""
    if state.help:
        return state.replace(help=False, leaving=key == "q")
    if state.asked:
        return state.replace(asked=None, warning="", decided=state.asked if key in YES else None)
    if state.said:
        state = state.replace(said="")
    if state.typing:
        return _typed(state, key)
    action = ACTIONS.get(key)
    return action(state, shown) if action else state


def settle(state: State, shown: Shown, services: frozenset[Key]) -> State:
    """`state` before `shown` is drawn: the cursor is on an existing row, and on the screen."""
    others = state.others & services if state.others else state.others
    last = len(shown.keys) - 1
    line = state.line
    if state.moved and state.cursor in shown.keys:
        line = shown.keys.index(state.cursor)
    line = min(line, max(last, 0))
    cursor = shown.keys[line] if 0 <= line <= last else None
    top = min(max(state.top, line - shown.page + 1), line) if cursor else 0
    top = max(0, min(top, last + 1 - shown.page))
    if (others, line, cursor, top) == (state.others, state.line, state.cursor, state.top):
        return state
    return state.replace(others=others, line=line, cursor=cursor, top=top)


def _typed(state: State, key: str) -> State:
    """`state` after a key while the user types the filter."""
    if key == "enter":
        return state.replace(typing=False)
    if key == "escape":
        return state.replace(typing=False, filter="")
    if key == "backspace":
        return state.replace(filter=state.filter[:-1], typing=bool(state.filter))
    if key == "clear":
        return state.replace(filter="")
    return state.replace(filter=(state.filter + key)[:LONGEST_FILTER]) if len(key) == 1 else state


def _moved(lines: Callable[[Shown], int]) -> Callable[[State, Shown], State]:
    """An action that moves the cursor by `lines`."""

    def move(state: State, shown: Shown) -> State:
        if not shown.keys:
            return state
        line = max(0, min(state.line + lines(shown), len(shown.keys) - 1))
        return state.replace(line=line, cursor=shown.keys[line], moved=True)

    return move


def _sorted_by(step: int) -> Callable[[State, Shown], State]:
    """An action that sorts by another column, `step` columns further."""

    def choose(state: State, shown: Shown) -> State:
        names = shown.columns
        place = names.index(state.sort) + step if state.sort in names else 0
        name = names[place % len(names)]
        return state.replace(sort=name, history=name if BY_NAME[name].metric is not None else state.history)

    return choose


def _faster(step: int) -> Callable[[State, Shown], State]:
    """An action that selects the next longer or shorter interval of INTERVALS."""

    def change(state: State, _: Shown) -> State:
        others = [one for one in INTERVALS[::step] if (one - state.interval) * step > 0]
        return state.replace(interval=others[0]) if others else state

    return change


def _fold(state: State, shown: Shown) -> State:
    if state.cursor is None:
        return _moved(lambda _: 1)(state, shown)
    service = state.cursor[:KEY]
    return state.replace(others=state.others ^ {service}, cursor=service, moved=True)


def _fold_all(state: State, _: Shown) -> State:
    cursor = state.cursor[:KEY] if state.cursor else None
    return state.replace(folded=not state.folded, others=frozenset(), cursor=cursor)


def _escape(state: State, _: Shown) -> State:
    return state.replace(filter="") if state.filter else state.replace(cursor=None, line=-1, moved=False)


def _ask(verb: str) -> Callable[[State, Shown], State]:
    """An action that asks whether to carry out `verb` on the server at the cursor."""

    def ask(state: State, _: Shown) -> State:
        if state.cursor is None or len(state.cursor) < KEY + SERVER_KEY:
            return state.replace(said=f"{verb}: move the cursor to a server first")
        return state.replace(asked=Change(verb, state.cursor))

    return ask


ACTIONS: dict[str, Callable[[State, Shown], State]] = {
    "q": lambda state, _: state.replace(leaving=True),
    "?": lambda state, _: state.replace(help=True),
    "h": lambda state, _: state.replace(help=True),
    "/": lambda state, _: state.replace(typing=True),
    "p": lambda state, _: state.replace(paused=not state.paused),
    " ": lambda state, _: state.replace(paused=not state.paused),
    "r": lambda state, _: state.replace(reverse=not state.reverse),
    "right": _sorted_by(1),
    ">": _sorted_by(1),
    "left": _sorted_by(-1),
    "<": _sorted_by(-1),
    "+": _faster(1),
    "=": _faster(1),
    "-": _faster(-1),
    "up": _moved(lambda _: -1),
    "k": _moved(lambda _: -1),
    "down": _moved(lambda _: 1),
    "j": _moved(lambda _: 1),
    "page up": _moved(lambda shown: -shown.page),
    "page down": _moved(lambda shown: shown.page),
    "home": _moved(lambda shown: -len(shown.keys)),
    "g": _moved(lambda shown: -len(shown.keys)),
    "end": _moved(lambda shown: len(shown.keys)),
    "G": _moved(lambda shown: len(shown.keys)),
    "d": _ask("drain"),
    "u": _ask("undrain"),
    "v": lambda state, _: state.replace(by_address=not state.by_address),
    "enter": _fold,
    "f": _fold_all,
    "escape": _escape,
}
HELP = (  # keys and their meanings
    ("Up Down, k j", "move the cursor, as do Page Up, Page Down, Home and End"),
    ("Left Right, < >", "choose the column to sort by"),
    ("r", "reverse the order"),
    ("/", "filter names by a text: Enter keeps it, Esc ends it"),
    ("Enter", "fold or unfold the service at the cursor"),
    ("f", "fold or unfold all services"),
    ("v", "group services by their virtual addresses, or not"),
    ("d, u", "drain or undrain the server at the cursor, once you confirm"),
    ("p, Space", "pause the screen; counting goes on"),
    ("+ -", "lengthen or shorten the interval"),
    ("Esc", "end the filter, or hide the cursor"),
    ("Ctrl-L", "redraw the screen"),
    ("?, h", "this page"),
    ("q, Ctrl-C", "leave"),
)
