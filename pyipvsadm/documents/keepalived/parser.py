"""Parses statements into virtual servers and groups, with keepalived's rules for invalid ones."""

from __future__ import annotations

from ...model import TUNNEL
from ...record import Record
from . import keyword_effects, keywords
from .groups import MOST, EntryError, entries
from .keyword_effects import IGNORED
from .statements import RefusedError
from .value_readers import LAST_32, family, lenient
from .virtual import Checker, Entry, Group, RealServer, VirtualServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .keywords import Keyword
    from .statements import Statement, Tell


class Level(Record):
    """An open block: its keywords, the object that they change, and the function to call at its end.

    In a block that lists values, `values` takes each line instead.
    """

    __slots__ = ()
    kind: str = ""
    words: Mapping[str, Keyword] = {}
    about: Any = None
    end: Callable[[], None] | None = None
    values: Callable[[Statement, tuple[str, ...]], None] | None = None


class Parser:
    """Reads statements, and collects `services` and `groups`. `tell` takes notes."""

    def __init__(self, tell: Tell) -> None:
        self.services: list[VirtualServer] = []
        self.groups: dict[str, Group] = {}
        self._bfd: set[str] = set()
        self._tell = tell
        self._levels = [Level(kind="top", words=keywords.TOP)]
        self._skipped = 0  # open braces in a block that is skipped
        self._awaited: Level | None = None  # a block whose brace may stand on the next line
        self._room = MOST
        self._begin: dict[str, Callable[[Statement], Level | None]] = {
            "service": self._service,
            "group": self._group,
            "server": self._server,
            "ssl": lambda statement: Level(kind="ssl", words=keywords.SSL),
            "bfd": self._bfd_instance,
            "url": lambda statement: Level(kind="url", words=keywords.URL, about=self._levels[-1].about),
            "host": lambda statement: Level(kind="host", words=keywords.HOST),
            keywords.CHECK: self._check,
            keywords.SKIPPED: lambda statement: None,
        }

    def read(self, statements: Iterable[Statement]) -> None:
        """Read all `statements`. Raises RefusedError if keepalived makes no table of them."""
        for statement in statements:
            if self._awaited is not None and self._opened(statement):
                continue
            self._take(statement)
        if self._awaited is not None:
            self._levels.append(self._awaited)
        while len(self._levels) > 1:
            self._leave()
        for checker in [checker for one in self.services for server in one.servers for checker in server.checkers]:
            if checker.name == "BFD_CHECK":
                checker.complete = checker.target in self._bfd

    def _opened(self, statement: Statement) -> bool:
        """Handle the first statement after a block without a brace; return whether it is the missing brace."""
        level, self._awaited = self._awaited, None
        assert level is not None
        if statement.opens and not statement.words:
            self._enter(level)
            return True
        if level.values:
            raise RefusedError(statement.place, "keepalived ends: a `{` is missing before this")
        if level.kind == "service" and level.about is None:
            raise RefusedError(statement.place, "keepalived is stopped by a signal: no `{` follows a bad address")
        if level.kind != keywords.SKIPPED:
            self._tell(
                "brace", statement.place, "a `{` is missing before this: keepalived goes on as if it stood there"
            )
            self._enter(level)
        return False

    def _take(self, statement: Statement) -> None:
        level = self._levels[-1]
        if self._skipped:
            self._skipped += statement.opens - statement.closes
        elif statement.closes:
            if len(self._levels) > 1:
                self._leave()
            else:
                self._tell("brace", statement.place, "there is a `}` too many: keepalived ignores it")
        elif level.values:
            for words in (statement.words, ("{",) * statement.opens):
                if words:
                    level.values(statement, words)
        else:
            self._keyword(level, statement)

    def _keyword(self, level: Level, statement: Statement) -> None:
        word, *_ = statement.words or ("{",)
        keyword = level.words.get(word)
        if keyword is None:
            inside = ", but not what stands in its braces, nor the closing one" if statement.opens else ""
            self._tell("unknown keyword", statement.place, f"`{word}` is unknown here: keepalived skips it{inside}")
            return
        if keyword.needs and not statement.words[1:]:
            end = "is stopped by a signal" if keyword.crash else "ends"
            raise RefusedError(statement.place, f"keepalived {end}: `{word}` needs a word after it")
        if keyword.note:
            self._tell(keyword.note, statement.place, keywords.beyond(keyword, statement.words))
        if keyword.block:
            begun = self._begin[keyword.block](statement) or Level(kind=keyword.block)
            if statement.opens:
                self._enter(begun)
            else:
                self._awaited = begun
            return
        if statement.opens:
            self._tell("brace", statement.place, f"`{word}` opens no block: keepalived ignores the `{{`")
        if keyword.does:
            keyword.does(level.about, statement.words[1:], keyword_effects.Say(self._tell, statement.place))

    def _enter(self, level: Level) -> None:
        if not level.words and not level.values:
            self._skipped = 1
        else:
            self._levels.append(level)

    def _leave(self) -> None:
        level = self._levels.pop()
        if level.end:
            level.end()

    def _service(self, statement: Statement) -> Level | None:
        place, words = statement.place, statement.words[1:]
        title = " ".join(words[:2])
        entry, group = Entry(), ""
        if words[0] in ("fwmark", "group") and not words[1:]:
            raise RefusedError(place, f"keepalived is stopped by a signal: `virtual_server {words[0]}` lacks a word")
        if words[0] == "group":
            group = words[1]
        elif words[0] == "fwmark":
            mark = lenient(words[1], 0, LAST_32)
            if mark is None:
                self._tell(IGNORED, place, f"`{words[1]}` is not a firewall mark: keepalived skips the virtual server")
                return None
            entry = Entry(mark=mark)
        else:
            found = keyword_effects.endpoint(words)
            if found is None:
                self._tell(IGNORED, place, f"`{title}` is not an address and port: keepalived skips the virtual server")
                return None
            entry = Entry(address=found[0], port=found[1], af=family(found[0]))
        service = VirtualServer(entry, group, title, place)
        return Level(kind="service", words=keywords.SERVICE, about=service, end=lambda: self._served(service))

    def _served(self, service: VirtualServer) -> None:
        """Add a virtual server when its block ends; its sorry server may set its family, or be dropped for it."""
        sorry = service.sorry
        if sorry is not None and (sorry.method is None or sorry.method.forwarding != TUNNEL):
            if service.af not in (None, family(sorry.address)):
                self._tell(IGNORED, sorry.place, "the sorry server is of the other address family: keepalived skips it")
                service.sorry = None
            else:
                service.af = family(sorry.address)
        self.services.append(service)

    def _group(self, statement: Statement) -> Level:
        if statement.words[2:]:
            raise RefusedError(statement.place, "keepalived ends: the name of a group is one word, and `{` follows it")
        group = Group(statement.words[1], statement.place)
        return Level(
            kind="group", values=lambda line, words: self._entry(group, line, words), end=lambda: self._grouped(group)
        )

    def _entry(self, group: Group, statement: Statement, words: tuple[str, ...]) -> None:
        try:
            found = entries(words, statement.place, self._room)
        except EntryError as error:
            self._tell(IGNORED, statement.place, f"{error}: keepalived skips this entry of the group {group.name}")
            return
        self._room -= len(found)
        group.entries += found

    def _grouped(self, group: Group) -> None:
        if group.name in self.groups:
            self._tell(IGNORED, group.place, f"the group {group.name} is defined above: keepalived ignores this one")
        elif not group.entries:
            self._tell(IGNORED, group.place, f"the group {group.name} has no entries: keepalived removes it")
        else:
            self.groups[group.name] = group

    def _server(self, statement: Statement) -> Level | None:
        service: VirtualServer = self._levels[-1].about
        found = keyword_effects.endpoint(statement.words[1:])
        if found is None:
            title = " ".join(statement.words[1:3])
            self._tell(IGNORED, statement.place, f"`{title}` is not an address and port: keepalived skips the server")
            return None
        server = RealServer(*found, service.method, statement.place)
        return Level(kind="server", words=keywords.SERVER, about=server, end=lambda: self._adopted(service, server))

    def _adopted(self, service: VirtualServer, server: RealServer) -> None:
        """Add a real server when its block ends. The first that isn't tunnelled sets the family for all others."""
        if server.method is None or server.method.forwarding != TUNNEL:
            if service.af not in (None, family(server.address)):
                self._tell(IGNORED, server.place, "the server is of the other address family: keepalived skips it")
                return
            service.af = family(server.address)
        if any((one.address, one.port) == (server.address, server.port) for one in service.servers):
            self._tell(IGNORED, server.place, "this virtual server has the server already: keepalived skips the second")
            return
        service.servers.append(server)

    def _check(self, statement: Statement) -> Level:
        server: RealServer = self._levels[-1].about
        checker = Checker(statement.words[0], statement.place)
        return Level(
            kind=keywords.CHECK,
            words=keywords.CHECKERS[checker.name],
            about=checker,
            end=lambda: self._checked(server, checker),
        )

    def _checked(self, server: RealServer, checker: Checker) -> None:
        if checker.name in ("HTTP_GET", "SSL_GET") and not checker.urls:
            raise RefusedError(
                checker.place, f"keepalived is stopped by a signal: {checker.name} has no url with a path"
            )
        server.checkers.append(checker)

    def _bfd_instance(self, statement: Statement) -> Level:
        self._bfd.add(statement.words[1])
        return Level(kind=keywords.SKIPPED)
