# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage of any kind, in the file and in what is to be kept: named or counted, and never a fault of Python."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.errors import LedgerDamaged, LedgerError
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.export import export
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play

from .deliveries import BEGIN, activation, event, result, rows

OPERATIONS: dict[str, Callable[[Ledger], object]] = {
    "check": lambda ledger: ledger.check(),
    "events": lambda ledger: list(ledger.events()),
    "activations": lambda ledger: list(ledger.activations()),
    "bookmarks": lambda ledger: ledger.bookmarks(),
    "export": lambda ledger: export(ledger, f"{ledger.path}.jsonl"),
    "record": lambda ledger: ledger.record(rows(*(event(record) for record in range(15, 30))), keep_from=int(BEGIN.timestamp()) + 3),
}


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    ledger = Ledger(str(tmp_path / "sound.sqlite"))
    ledger.record(rows_of([result([event(record) for record in range(20)])], [activation()], BEGIN))
    return Path(ledger.path).read_bytes()


def bits(data: bytearray, chance: random.Random) -> None:
    for _time in range(chance.choice([1, 1, 4, 30])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def block(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    length = chance.choice([1, 8, 64, 600])
    data[start : start + length] = bytes(chance.choice([0, 0x80, 0xFF]) for _time in data[start : start + length])


def schema(data: bytearray, chance: random.Random) -> None:
    """In the first page, where the tables are described: SQLite quotes that in its messages."""
    for _time in range(3):
        data[chance.randrange(100, 4096)] = chance.choice([0, 0x80, 0xC3, 0xFF])


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


@pytest.mark.parametrize("damage", [bits, block, schema, cut])
def test_whatever_is_damaged_is_named(sound: bytes, tmp_path: Path, damage: Callable[[bytearray, random.Random], None]) -> None:
    chance = random.Random(damage.__name__)
    named: list[str] = []
    for number in range(40):
        data = bytearray(sound)
        damage(data, chance)
        for operation in OPERATIONS.values():
            ledger = Ledger(str(tmp_path / f"{number}.sqlite"), busy_seconds=0.1)
            Path(ledger.path).write_bytes(data)
            try:
                operation(ledger)
            except LedgerError as error:
                named.append(str(error))
            finally:
                Path(ledger.path).unlink()
    assert named
    assert [words for words in named if str(tmp_path) not in words] == []


@pytest.mark.parametrize("table", ["events", "activations", "bookmarks"])
@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"text"', "5", "nan", "{'a': 1}", b"\xff\xfe", b"{}\x80", '{"a": "\x00', "[" * 100_000, 7, 1.5],
)
def test_content_that_is_no_object_is_damage_and_check_says_so(sound: bytes, tmp_path: Path, table: str, body: object) -> None:
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    Path(ledger.path).write_bytes(sound)
    with sqlite3.connect(ledger.path) as connection:
        connection.execute(f"UPDATE {table} SET body = ?", (body,))
    with pytest.raises(LedgerDamaged, match="left as it is"):
        OPERATIONS[table](ledger)
    assert any(f"the table {table} hold no JSON object" in problem for problem in ledger.check().problems)
    checked = play("ledger", path=ledger.path, state="check").result
    assert checked["failed"] is True
    assert "is damaged" in checked["msg"]


@pytest.mark.parametrize("time", ["soon", 2**62, -(2**62), 1.5, b"\xff"])
def test_a_time_that_is_none_is_found_by_the_check(sound: bytes, tmp_path: Path, time: object) -> None:
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    Path(ledger.path).write_bytes(sound)
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("UPDATE events SET time = ? WHERE record = 5", (time,))
    checked = play("ledger", path=ledger.path, state="check").result
    assert checked["failed"] is True
    assert "have a time that is none" in checked["msg"]
    for name, operation in OPERATIONS.items():
        if name != "check":
            with suppress(LedgerError):
                operation(ledger)


def deep() -> Any:
    value: Any = "x"
    for _time in range(100_000):
        value = [value]
    return value


ODD: dict[str, Any] = {
    "keys of several types": {"a": 1, 5: 2},
    "a key that is null": {None: 1, "a": 2},
    "a key that is a list": {(1, 2): 3},
    "no number": float("nan"),
    "endless": float("inf"),
    "too many digits": 10**5000,
    "half a character": "\ud800",
    "bytes": b"\xff",
    "a set": {1, 2},
    "an object": object(),
    "too deep": deep(),
}


@pytest.mark.parametrize("odd", list(ODD))
@pytest.mark.parametrize("where", ["inside", "computer", "record", "time", "guids", "notification", "code", "event_id"])
def test_an_odd_event_is_kept_or_counted(tmp_path: Path, odd: str, where: str) -> None:
    found = rows_of([{**result([event(1)]), "events": [event(1), {**event(2), where: ODD[odd]}]}], [], BEGIN)
    assert len(found.events) + sum(found.skipped.values()) == 2
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    ledger.record(found)
    assert len(list(ledger.events())) == len(found.events)
    assert ledger.check().problems == ()


@pytest.mark.parametrize("odd", list(ODD))
@pytest.mark.parametrize("where", ["name", "os", "placement"])
def test_an_odd_activation_is_kept_or_counted(tmp_path: Path, odd: str, where: str) -> None:
    good = activation()
    for one in ({**good, "guest": {**good["guest"], where: ODD[odd]}}, {**good, "after": {**good["after"], "avma": {"iaid": ODD[odd]}}}):
        found = rows_of([], [one, good], BEGIN)
        assert len(found.activations) + sum(found.skipped.values()) == 2
        ledger = Ledger(str(tmp_path / "ledger.sqlite"))
        ledger.record(found)
        assert ledger.check().problems == ()


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers() | st.none(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_result_gives_rows_or_is_counted(data: st.DataObject) -> None:
    part = st.dictionaries(st.sampled_from(sorted(event(1))), JSONISH, max_size=4)
    events = [{**result([event(1)]), "events": [{**event(1), **data.draw(part)}], "bookmark": data.draw(JSONISH)}]
    given_activation = {**activation(), **data.draw(st.dictionaries(st.sampled_from(sorted(activation())), JSONISH, max_size=3))}
    found = rows_of([*events, data.draw(JSONISH)], [given_activation, data.draw(JSONISH)], BEGIN)
    assert len(found.events) <= 1
    assert len(found.activations) <= 1
