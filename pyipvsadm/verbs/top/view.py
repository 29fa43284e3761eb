"""Turns rows and the state into the lines of a screen, or into plain text. Pure.

A Line is a list of (text, style), as rich's Text.assemble takes them. Only visible lines are made.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from ...table.notation import counted
from ...table.settings import server_settings
from .columns import BY_NAME, NAME, cut, figure
from .keys import HELP, State
from .rates import NOTHING
from .sample import METRICS
from .screen_layout import PREFIX, WIDE, Layout, history, is_address, layout, listed, longest_name

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence

    from .sample import Group, Row, Sample, Totals

    Line = list[tuple[str, str]]

EXPLAINED = 9  # a screen with this many lines has room for explanations
MARKS = {"came": ("+", "green", "new"), "gone": ("-", "red", "gone"), "weight": ("~", "magenta", "was {}")}
SAID = 3  # the most lines for the result of a change
PEAK = 10  # characters for the value of the highest bar
PEAK_FROM = 24  # columns of a history with room for that value


class Signs(NamedTuple):
    """The characters for bars, arrows and marks. The first bar means 0."""

    bars: str = "▁▂▃▄▅▆▇█"
    folded: str = "▸"
    unfolded: str = "▾"
    falling: str = "▼"
    rising: str = "▲"
    arrows: str = "←→"
    enter: str = "⏎"


ASCII = Signs("_.:-=+*#", ">", "v", "v", "^", "<>", "Enter")
PLAIN = ASCII._replace(folded=" ", unfolded=" ", falling=" ", rising=" ")


class Screen(NamedTuple):
    """The size of the screen, the characters that it can show, and the time."""

    width: int = 80
    height: int = 24
    signs: Signs = Signs()
    clock: str = ""

    @property
    def explained(self) -> bool:
        """Whether there is room for the lines of explanation."""
        return self.height >= EXPLAINED

    @property
    def page(self) -> int:
        """The number of lines for rows."""
        return max(1, self.height - (5 if self.explained else 2))


def frame(sample: Sample, rows: Sequence[tuple[Group, Row]], state: State, screen: Screen) -> list[Line]:
    """The lines of `screen`, with as many of `rows` as fit."""
    if state.help:
        return _fitted(list(_help(screen)), screen)
    plan = layout(screen.width, longest_name(sample) + state.by_address)
    seen = rows[state.top : state.top + screen.page]
    totals = _totals_line(sample.totals, plan, state, screen.signs)
    lines = [_title(sample, state, screen)]
    if screen.explained:
        place = f"{state.top + 1}-{state.top + len(seen)} of {len(rows)}" if len(rows) > len(seen) else ""
        lines += [_groups(plan, place), _heads(plan, state, screen.signs), totals]
    else:
        lines += [_heads(plan, state, screen.signs)]
    lines += [_line(group, row, plan, state, screen.signs) for group, row in seen]
    if not rows:
        lines.append([(" " * PREFIX, ""), (_why_empty(state), "dim")])
    if screen.explained or state.asked or state.said:
        foot = _footer(state, screen)
        room = max(screen.height - len(foot), 0)
        lines = lines[:room] + [[]] * (room - len(lines)) + foot
    return _fitted(lines, screen)


def plain(sample: Sample, width: int | None) -> Iterator[str]:
    """All rows as text, for a terminal of `width` columns; None for no limit."""
    names = longest_name(sample)
    plan = layout(width or WIDE, names)._replace(history=0, settings=0)
    plan = plan if width else plan._replace(name=max(names, len(NAME.head)))
    state = State(sort=NAME.name)
    new = NOTHING if sample.totals.rates else None  # the rates of what isn't known for long: without privilege, of all
    lines = [_groups(plan, ""), _heads(plan, state, PLAIN), _totals_line(sample.totals, plan, state, PLAIN)]
    for group, row in listed(sample, state):
        meter = row.meter._replace(rates=row.meter.rates or new)
        lines.append(_line(group, row._replace(meter=meter), plan, state, PLAIN))
    for line in lines:
        yield "".join(text for text, _ in line)[PREFIX - 1 :].rstrip() + "\n"
    for sentence in _rows(sample):
        yield f" {sentence}\n"


def _title(sample: Sample, state: State, screen: Screen) -> Line:
    services, servers = counted(sample.totals.services, "service"), counted(sample.totals.servers, "server")
    line = [("pyipvsadm top", "bold"), (f"  {services}, {servers}  every {state.interval:g} s", "")]
    if state.filter and not state.typing:
        line += [("  ", ""), (f"filter: {state.filter}", "bold magenta")]
    if state.paused:
        line += [("  ", ""), (" PAUSED ", "bold reverse")]
    room = screen.width - _letters(line) - len(screen.clock) - 1
    line += [(f"  {rows}", "dim") for rows in _rows(sample) if len(rows) + 2 < room]
    rest = screen.width - _letters(line) - len(screen.clock)
    return [*line, (" " * rest, ""), (screen.clock, "dim")] if rest > 1 else line


def _rows(sample: Sample) -> list[str]:
    """A line about the kernel's table of connections, if its status is known."""
    return list(sample.tables.sentences())[:1] if sample.tables and sample.tables.rows else []


def _groups(plan: Layout, place: str) -> Line:
    """The line above the heads: titles that several columns share, centred, and `place`."""
    text = " " * PREFIX + place.ljust(plan.name)[: plan.name]
    done = 0
    for index, (column, _) in enumerate(plan.columns):
        if index < done:
            continue
        same = [letters for other, letters in plan.columns if other.group == column.group]
        done = index + len(same)
        text += " " + column.group.center(sum(same) + len(same) - 1)
    text += " " * (plan.settings + 1 if plan.settings else 0)
    return [(text + (" History" if plan.history else ""), "dim")]


def _heads(plan: Layout, state: State, signs: Signs) -> Line:
    """The heads of the columns. A sign after the sorted column shows the direction."""
    sign = signs.falling if state.reverse == (state.sort == NAME.name) else signs.rising
    heads = [(NAME, NAME.head, len(NAME.head)), *((column, column.head, letters) for column, letters in plan.columns)]
    line = [(" " * PREFIX, "reverse")]
    for column, head, letters in heads:
        chosen = column.name == state.sort
        line.append((head.rjust(letters)[:letters], "bold reverse" if chosen else "reverse"))
        line.append((sign if chosen else " ", "bold reverse"))
        if column is NAME:
            line.append((" " * (plan.name - letters), "reverse"))
    if plan.settings:
        line.append(("settings".ljust(plan.settings + 1), "reverse"))
    if plan.history:
        line.append((BY_NAME[state.history].label.ljust(plan.history), "reverse"))
    return _joined(line)


def _totals_line(totals: Totals, plan: Layout, state: State, signs: Signs) -> Line:
    line = [(" " * PREFIX, ""), ("total".ljust(plan.name), "bold")]
    line += [
        (f" {figure(column.figure(totals, totals.rates), letters):>{letters}}", "bold")
        for column, letters in plan.columns
    ]
    line.append((" " * (plan.settings + 1 if plan.settings else 0), ""))
    return _joined([*line, *_history(totals.history, plan, state, signs)])


def _line(group: Group, row: Row, plan: Layout, state: State, signs: Signs) -> Line:
    """The line of a row."""
    is_service = row.server is None
    sign, colour, _ = MARKS[row.mark.kind] if row.mark else (" ", "", "")
    base = "dim" if row.gone or not (is_service or row.weight) else "bold" if is_service else ""
    line = [(sign, f"bold {colour}".strip()), (_fold_sign(group, row, state, signs), base)]
    name = row.name if is_service else f" {row.name}"
    line.append((cut(name, plan.name).ljust(plan.name), base))
    for column, letters in plan.columns:
        value = column.figure(row, row.meter.rates)
        style = "dim" if not value and column.name != "weight" else base
        if column.name == "weight" and row.mark and row.mark.kind == "weight":
            style = "bold magenta"
        line.append((f" {figure(value, letters):>{letters}}", style))
    if plan.settings:
        line.append((f" {_settings(row).ljust(plan.settings)[: plan.settings]}", "dim" if base == "dim" else ""))
    if row.key == state.cursor:
        line = [(text, f"{style} reverse") for text, style in line]
    if note := _note(row):
        line.append((f" {note}"[: plan.history + 1], f"bold {colour}" if row.mark else "dim"))
    else:
        line += _history(history(group, row), plan, state, signs)  # not in reverse video, where bars can't be read
    return _joined(line)


def _fold_sign(group: Group, row: Row, state: State, signs: Signs) -> str:
    if row.server or not group.servers:
        return "  "
    return (signs.folded if state.is_folded(row.key) else signs.unfolded) + " "


def _settings(row: Row) -> str:
    if is_address(row):
        return ""
    return str(server_settings(row.server)["forwarding"]) if row.server else row.service.scheduler or ""


def _note(row: Row) -> str:
    """The words about a row."""
    if row.mark and (row.server or row.gone):
        return MARKS[row.mark.kind][2].format(row.mark.was)
    return "drained" if row.server and not row.weight else ""


def _history(found: array[float], plan: Layout, state: State, signs: Signs) -> Line:
    """The history as bars, the latest at the right, and the highest value if there is room.

    Only 0 has no bar: a small value has the lowest one.
    """
    if not plan.history:
        return []
    metric = BY_NAME[state.history].metric or 0
    room = plan.history - (PEAK if plan.history >= PEAK_FROM else 0)
    values = found[metric::METRICS][-room:]
    peak = max(values, default=0.0)
    steps = len(signs.bars) - 1
    bars = "".join([signs.bars[max(1, round(value / peak * steps)) if value > 0 else 0] for value in values])
    tail = f" max {figure(peak, 5)}" if room < plan.history and peak else ""
    return [(" " + bars.rjust(room), "cyan"), (tail.ljust(plan.history - room), "dim")]


def _why_empty(state: State) -> str:
    return f"no name contains `{state.filter}`" if state.filter else "no services"


def _footer(state: State, screen: Screen) -> list[Line]:
    if state.asked:
        verb, server, service = state.asked.verb, state.asked.server, state.asked.service
        warnings: list[Line] = [[(line, "bold magenta")] for line in wrap(state.warning, screen.width)[:SAID]]
        return [*warnings, [(f"{verb} {server} in {service}?", "bold"), ("  y: yes, any other key: no", "dim")]]
    if state.said:
        return [[(line, "bold")] for line in wrap(state.said, screen.width)[:SAID]]
    if state.typing:
        end = ("   Enter keeps it, Esc ends it", "dim")
        return [[("filter: ", "bold"), (state.filter, ""), (" ", "reverse"), end]]
    keys = (("q", "quit"), ("?", "help"), (screen.signs.arrows, "sort"), ("/", "filter"),
            (screen.signs.enter, "fold"), ("f", "all"), ("d", "drain"), ("p", "pause"), ("+-", "speed"))  # fmt: skip
    line: Line = []
    for key, what in keys:
        if _letters(line) + len(key) + len(what) + 3 > screen.width:
            break
        line += [(key, "bold"), (f" {what}  ", "dim")]
    return [line]


def _help(screen: Screen) -> Iterator[Line]:
    yield [("pyipvsadm top", "bold")]
    yield []
    for keys, what in HELP:
        yield [(f"{keys:<17}", "bold"), (what, "")]
    yield []
    for sign, colour, note in MARKS.values():
        yield [(f"{sign:<17}", f"bold {colour}"), (note.format("N") + EXPLANATIONS[sign], "")]
    yield []
    yield from ([(line, "dim")] for line in NOTES)


EXPLANATIONS = {"+": ": added while you looked", "-": ": deleted", "~": ": its weight has changed from N"}
NOTES = (
    "A rate covers the interval, or the last 2 seconds: the kernel has no",
    "newer counters. K is 1000. Services have the sums of their servers.",
)


def _fitted(lines: list[Line], screen: Screen) -> list[Line]:
    """`lines`, cut to the width and height of `screen`."""
    fitted = []
    for line in lines[: screen.height]:
        room, spans = screen.width, []
        for text, style in line:
            if room <= 0:
                break
            spans.append((text[:room], style))
            room -= len(text)
        fitted.append(spans)
    return fitted + [[]] * (screen.height - len(fitted))


def _joined(line: Line) -> Line:
    """`line`, with adjacent spans of the same style merged."""
    joined: Line = []
    for text, style in line:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        else:
            joined.append((text, style))
    return joined


def _letters(line: Line) -> int:
    return sum(len(text) for text, _ in line)
