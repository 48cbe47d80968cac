# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of the event service: a list of queries in XML, each with XPath that selects or suppresses events.

Of XPath the event service knows a subset (Microsoft, "Consuming Events"): conditions on the elements of System and their attributes,
``and``, ``or``, parentheses, comparisons and ``timediff``. An event's data may be selected by nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from xml.etree.ElementTree import Element

from ..cim.provider import LoggedEvent
from .soap import InvalidXml, local_name, parse, text_of

# More expressions than these are refused (Microsoft, "Consuming Events": XPath 1.0 limitations).
_MOST_EXPRESSIONS = 32
_TOKEN = re.compile(
    r"\s*(?:('[^']*'|\"[^\"]*\")|([0-9]+)|(and|or)\b|(timediff)\s*\(|(@?[A-Za-z]+)|(<=|>=|!=|[=<>])|([\[\]()*/]))", re.ASCII
)

Condition = Callable[["_Node", datetime], bool]


class InvalidQuery(ValueError):
    """The event service does not take this query."""


@dataclass(frozen=True)
class _Node:
    """An element of an event's System: its text, its attributes, its children."""

    text: str
    attributes: dict[str, str]
    children: dict[str, _Node]


@dataclass(frozen=True)
class EventQuery:
    channel: str
    selects: tuple[Condition, ...]
    suppresses: tuple[Condition, ...]

    def chooses(self, event: LoggedEvent, now: datetime) -> bool:
        node = _node(event)
        return any(one(node, now) for one in self.selects) and not any(one(node, now) for one in self.suppresses)


def read_query_list(filter_element: Element) -> EventQuery:
    """The list as text, as clients write it by hand, or as elements. InvalidQuery for anything else, and for several channels."""
    written = next(iter(filter_element), None)
    if written is None:
        try:
            written = parse(text_of(filter_element).strip())
        except InvalidXml as error:
            raise InvalidQuery(str(error)) from error
    queries = [one for one in written if local_name(one) == "Query"] if local_name(written) == "QueryList" else []
    channels: set[str] = set()
    found: dict[str, list[Condition]] = {"Select": [], "Suppress": []}
    for query in queries:
        for part in query:
            channels.add((part.get("Path") or query.get("Path") or "").lower())
            if local_name(part) not in found:
                raise InvalidQuery(f"<{local_name(part)}> in a query")
            found[local_name(part)].append(_Reader(text_of(part)).condition())
    if not found["Select"] or len(channels) != 1 or "" in channels:
        raise InvalidQuery("no query, or none with a path")
    return EventQuery(channels.pop(), tuple(found["Select"]), tuple(found["Suppress"]))


def _node(event: LoggedEvent) -> _Node:
    def leaf(text: object = "", **attributes: str) -> _Node:
        return _Node(str(text), attributes, {})

    system = _Node(
        "",
        {},
        {
            "Provider": leaf(Name=event.source, EventSourceName=event.source),
            "EventID": leaf(event.id, Qualifiers=str(event.qualifiers)),
            "Level": leaf(event.level),
            "TimeCreated": leaf(SystemTime=event.time.isoformat()),
            "EventRecordID": leaf(event.record),
            "Channel": leaf(event.channel),
            "Computer": leaf(event.computer),
        },
    )
    return _Node("", {}, {"System": system})


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._expressions = 0

    def condition(self) -> Condition:
        if self._peek() not in ("*", "Event"):
            raise InvalidQuery("a query begins with * or Event")
        self._next()
        found = self._steps()
        if self._peek() is not None:
            raise InvalidQuery(f"{self._peek()!r} behind the query")
        return found

    def _steps(self) -> Condition:
        """What may follow a node: one step down, or a predicate, or nothing."""
        if self._peek() == "/":
            self._next()
            return self._below(self._name())
        if self._peek() == "[":
            self._next()
            inner = self._or()
            self._expect("]")
            return inner
        return lambda node, now: True

    def _below(self, name: str) -> Condition:
        """What must hold of a child, or of an attribute that a path ends with."""
        if name.startswith("@"):
            return self._comparison(lambda node, now: node.attributes.get(name[1:]))
        inner = self._comparison(lambda node, now: node.text) if self._peek() in _SIGNS else self._steps()

        def holds(node: _Node, now: datetime) -> bool:
            child = node.children.get(name)
            return child is not None and inner(child, now)

        return holds

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._peek() == "or":
            self._next()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda node, now: any(part(node, now) for part in parts)

    def _and(self) -> Condition:
        parts = [self._term()]
        while self._peek() == "and":
            self._next()
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda node, now: all(part(node, now) for part in parts)

    def _term(self) -> Condition:
        self._expressions += 1
        if self._expressions > _MOST_EXPRESSIONS:
            raise InvalidQuery(f"more than {_MOST_EXPRESSIONS} expressions")
        if self._peek() == "(":
            self._next()
            inner = self._or()
            self._expect(")")
            return inner
        if self._peek() == "timediff":
            self._next()
            name = self._name()
            self._expect(")")
            return self._comparison(lambda node, now: str(int((now - _time(node.attributes.get(name[1:], ""))).total_seconds() * 1000)))
        name = self._name()
        if name.startswith("@"):
            return self._comparison(lambda node, now: node.attributes.get(name[1:]))
        if self._peek() in ("[", "/"):
            return self._below(name)
        return self._comparison(lambda node, now: node.children[name].text if name in node.children else None)

    def _comparison(self, left: Callable[[_Node, datetime], str | None]) -> Condition:
        sign, literal = self._next(), self._next()
        if sign not in _SIGNS or literal is None or literal[0] not in "'\"0123456789":
            raise InvalidQuery(f"{sign!r} {literal!r} is not a comparison")
        wanted = literal.strip("'\"")
        numeric = literal[0] not in "'\""

        def holds(node: _Node, now: datetime) -> bool:
            value = left(node, now)
            return value is not None and _SIGNS[sign](*_comparable(value, wanted, numeric))

        return holds

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str | None:
        token = self._peek()
        self._at += 1
        return token

    def _name(self) -> str:
        token = self._next()
        if token is None or not token.lstrip("@").isalpha() or token in ("and", "or", "timediff"):
            raise InvalidQuery(f"{token!r} is not a name")
        return token

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise InvalidQuery(f"{sign} is missing")


_SIGNS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidQuery(f"{text[at : at + 20]!r} is not XPath")
        yield from islice(filter(None, match.groups()), 1)
        at = match.end()


def _comparable(left: str, right: str, numeric: bool) -> tuple[object, object]:
    """Times are compared as times; a number without quotation marks asks for numbers."""
    if numeric:
        return (int(left), int(right)) if left.lstrip("-").isdigit() else (None, right)
    if "T" in left and "T" in right and left[:4].isdigit():
        return _time(left), _time(right)
    return left, right


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidQuery(f"{text!r} is not a time") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
