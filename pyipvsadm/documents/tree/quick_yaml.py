"""Reads YAML's data in one loop over libyaml's events, in half the time of the Builder, which also records lines.

If a text holds anything but plain data, such as an anchor or a mistake, the Builder reads it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def data_of(text: str, resolved: Callable[[str], object], depth: int, otherwise: object) -> Any:
    """What `text` says, with plain words `resolved`, nested up to `depth`; or else `otherwise`."""
    import yaml

    scalar, starts = yaml.ScalarEvent, {yaml.MappingStartEvent: dict, yaml.SequenceStartEvent: list}
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    parsed: Any = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    top: list[Any] = []
    holder: Any = top
    above: list[Any] = []
    key: str | None = None  # in the mapping `holder`, of a value that is to come
    known: dict[str, object] = {}
    try:
        for event in parsed:
            kind = type(event)
            if kind in ends:
                holder = above.pop()
                continue
            is_scalar = kind is scalar
            if not is_scalar and kind not in starts:
                if kind is yaml.AliasEvent:
                    return otherwise
                continue  # of the stream
            if event.anchor is not None or event.tag is not None:
                return otherwise
            made: Any = event.value if is_scalar else starts[kind]()
            if is_scalar and event.implicit[0]:
                if made not in known:
                    known[made] = resolved(made)
                made = known[made]
            if type(holder) is list:
                holder.append(made)
            elif key is not None:
                holder[key] = made
                key = None
            elif type(made) is str and made not in holder:
                key = made
                continue
            else:
                return otherwise
            if not is_scalar:
                above.append(holder)
                holder = made
                if len(above) > depth:
                    return otherwise
    except yaml.YAMLError:
        return otherwise
    return top[0] if len(top) == 1 else otherwise
