# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The arguments of the event source, checked before anything is sent."""

from __future__ import annotations

import math
import os
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from .._avma.tables import Tables
from .._avma.text import safe_text
from .._avma.times import InvalidTime, parse_duration
from .._avma.user_tables import InvalidTables, with_user_tables

USERNAME_VARIABLE = "HYPERV_AVMA_USERNAME"
PASSWORD_VARIABLE = "HYPERV_AVMA_PASSWORD"
DEFAULTS: dict[str, t.Any] = {
    "variables": {},
    "username": None,
    "password": None,
    "interval": 60,
    "licence_interval": 300,
    "since": "0m",
    "bookmarks": None,
    "limit": 500,
    "parallel": 10,
    "timeout": 20,
    "tables": {},
}
# What ansible-rulebook itself adds to the arguments of a source.
_OF_THE_RULEBOOK = frozenset({"eda_feedback_queue"})
_LONGEST = 7 * 24 * 3600  # seconds; a host that is asked more seldom has renewed all of its guests in between
_MOST_EVENTS = 5000
_MOST_THREADS = 64
_DEFAULT_CONNECTION = "winrm"


class InvalidArgument(ValueError):
    """An argument of the event source cannot be used. The text names it and says what would do; it holds no secret."""


@dataclass(frozen=True)
class WatchedHost:
    """A Hyper-V host: its name for the inventory and the rules, and the variables of its connection."""

    name: str
    variables: dict[str, t.Any] = field(repr=False)


@dataclass(frozen=True)
class Arguments:
    """Times in seconds. ``licence_interval`` 0: the licence of hosts is not asked for. ``bookmarks`` is a path."""

    hosts: tuple[WatchedHost, ...]
    interval: float
    licence_interval: float
    since: timedelta
    bookmarks: str | None
    limit: int
    parallel: int
    timeout: int
    tables: Tables = field(repr=False)  # a key that is added to the published ones is a secret


def read_arguments(given: Mapping[str, t.Any], environment: Mapping[str, str]) -> Arguments:
    """The arguments of a rulebook's source. Raises InvalidArgument. Numbers may come as text, as they do from templates."""
    unknown = sorted(str(name) for name in given if name not in DEFAULTS and name != "hosts" and name not in _OF_THE_RULEBOOK)
    if unknown:
        raise InvalidArgument(f"{', '.join(map(safe_text, unknown))}: no such argument. There are hosts, {', '.join(DEFAULTS)}")
    wanted = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    return Arguments(
        hosts=_hosts(wanted, environment),
        interval=_number(wanted, "interval", 1, _LONGEST),
        licence_interval=_number(wanted, "licence_interval", 0, _LONGEST),
        since=_since(wanted["since"]),
        bookmarks=_path(wanted["bookmarks"]),
        limit=int(_number(wanted, "limit", 1, _MOST_EVENTS, whole=True)),
        parallel=int(_number(wanted, "parallel", 1, _MOST_THREADS, whole=True)),
        timeout=int(_number(wanted, "timeout", 1, 3600, whole=True)),
        tables=_tables(wanted["tables"]),
    )


def _hosts(wanted: Mapping[str, t.Any], environment: Mapping[str, str]) -> tuple[WatchedHost, ...]:
    shared = _variables("variables", wanted["variables"])
    shared.setdefault("ansible_connection", _DEFAULT_CONNECTION)
    for variable, argument, name in (
        ("ansible_user", "username", USERNAME_VARIABLE),
        ("ansible_password", "password", PASSWORD_VARIABLE),
    ):
        value = wanted[argument] or environment.get(name)
        if value:
            # what is said for all hosts or one of them in 'variables' or 'hosts' counts before it
            shared.setdefault(variable, str(value))
    hosts: dict[str, WatchedHost] = {}
    for name, own in _listed(wanted.get("hosts")):
        if not isinstance(name, str) or not name.strip() or name != safe_text(name, 255):
            raise InvalidArgument(f"hosts: {safe_text(name)!r} is not the name of a host")
        hosts[name] = WatchedHost(name, {**shared, **_variables(f"hosts: {name}", own)})
    if not hosts:
        raise InvalidArgument("hosts: name the Hyper-V hosts to watch, as a list of names or as a mapping of names to connection variables")
    return tuple(hosts.values())


def _listed(hosts: t.Any) -> list[tuple[t.Any, t.Any]]:
    """Names and variables of their own, as they were given; nothing where it is not a list of any kind."""
    if isinstance(hosts, str):
        hosts = [name.strip() for name in hosts.split(",") if name.strip()]
    if isinstance(hosts, Mapping):
        return list(hosts.items())
    return [(name, None) for name in hosts] if isinstance(hosts, (list, tuple)) else []


def _variables(where: str, given: t.Any) -> dict[str, t.Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"{where}: give connection variables as a mapping, such as ansible_port: 5986")
    strange = sorted(str(name) for name in given if not str(name).startswith("ansible_"))
    if strange:
        # A misspelt variable would otherwise be passed over, and the connection made with a default.
        raise InvalidArgument(f"{where}: {', '.join(map(safe_text, strange))}: connection variables begin with ansible_")
    return {str(name): value for name, value in given.items()}


def _number(wanted: Mapping[str, t.Any], name: str, least: float, most: float, *, whole: bool = False) -> float:
    value = wanted[name]
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    # 'not a number' fails every comparison
    if not least <= number <= most or (whole and math.floor(number) != number):
        kind = "whole number" if whole else "number"
        raise InvalidArgument(f"{name}: {safe_text(value, 40)!r} is not a {kind} from {least} to {most}")
    return number


def _since(value: t.Any) -> timedelta:
    try:
        return parse_duration(str(value))
    except InvalidTime as error:
        raise InvalidArgument(f"since: {safe_text(value, 40)!r}: {error}") from None


def _tables(value: t.Any) -> Tables:
    try:
        return with_user_tables(value)
    except InvalidTables as error:
        raise InvalidArgument(f"tables: {error}") from None


def _path(value: t.Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or "\0" in value:
        raise InvalidArgument("bookmarks: give the path of a file")
    return os.path.abspath(os.path.expanduser(value))
