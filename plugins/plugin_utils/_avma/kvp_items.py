# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Key-value pairs from a host to a guest: what may be written, and the plan that leads from what is there to what is wanted.

Hyper-V's own calls are not idempotent (adding fails if the name is there, changing and removing if it is not), so each change is planned
from what was read. Limits: Microsoft, AddKvpItems and Msvm_KvpExchangeDataItem; linux/hyperv.h for the sizes on the wire.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .facts import KvpItem
from .name_patterns import NamePatterns
from .text import safe_text

MAX_ITEMS = 128
# In Windows the characters of UTF-16 count, on the wire to Linux the bytes of UTF-8; each has a NUL at its end.
MAX_NAME_CHARACTERS, MAX_NAME_BYTES = 255, 512
MAX_DATA_CHARACTERS, MAX_DATA_BYTES = 1023, 2048


class InvalidItem(ValueError):
    """An item that cannot be written. The message names it, what is wrong, and the limit."""


class ChangeKind(str, Enum):
    ADD = "add"
    MODIFY = "modify"
    REMOVE = "remove"


@dataclass(frozen=True)
class ItemChange:
    """``before`` None: the item is not there; ``after`` None: it is to be absent."""

    kind: ChangeKind
    name: str
    before: str | None
    after: str | None

    def in_effect(self, items: Iterable[KvpItem]) -> bool:
        """Whether ``items`` are as after this change."""
        return {item.name: item.data for item in items}.get(self.name) == self.after

    def as_dict(self) -> dict[str, str | None]:
        return {"kind": self.kind.value, "name": self.name, "before": self.before, "after": self.after}


def check_item(name: str, data: str) -> None:
    """Raises InvalidItem. To be asked before anything is sent: Hyper-V says no more than "invalid parameter"."""
    if not name.strip():
        raise InvalidItem("an item has an empty name. Give it one")
    _check(f"the name {safe_text(name, 60)!r}", name, MAX_NAME_CHARACTERS, MAX_NAME_BYTES, "")
    _check(f"the value of {safe_text(name, 60)!r}", data, MAX_DATA_CHARACTERS, MAX_DATA_BYTES, "\t\n\r")


def plan_present(existing: Sequence[KvpItem], wanted: Mapping[str, str]) -> tuple[ItemChange, ...]:
    """What is to be done so that the wanted items are there with their values; other items stay. Raises InvalidItem if they become too many.

    A name that is there in another case is the same item: the guest's registry does not distinguish them.
    """
    by_name = _by_name(existing)
    changes: list[ItemChange] = []
    for name, data in wanted.items():
        found = _found(by_name, name)
        if found is None:
            changes.append(ItemChange(ChangeKind.ADD, name, None, data))
        elif found.data != data:
            changes.append(ItemChange(ChangeKind.MODIFY, found.name, found.data, data))
    total = len(existing) + sum(change.kind is ChangeKind.ADD for change in changes)
    if total > MAX_ITEMS:
        raise InvalidItem(f"there would be {total} items; Hyper-V keeps {MAX_ITEMS} for a machine. Remove some first")
    # In the order in which they are carried out, so that check mode returns the same.
    return tuple(sorted(changes, key=lambda change: change.kind is ChangeKind.ADD))


def plan_absent(existing: Sequence[KvpItem], names: Iterable[str], patterns: NamePatterns) -> tuple[ItemChange, ...]:
    """What is to be removed: the items so named, in whatever case, and those that a pattern matches."""
    unwanted = {name.casefold() for name in names}
    return tuple(
        ItemChange(ChangeKind.REMOVE, item.name, item.data, None)
        for item in _by_name(existing).values()
        if item.name.casefold() in unwanted or patterns.match(item.name)
    )


def after(existing: Sequence[KvpItem], changes: Iterable[ItemChange]) -> dict[str, str]:
    """The items once the changes are made."""
    items = {item.name: item.data for item in _by_name(existing).values()}
    for change in changes:
        if change.after is None:
            items.pop(change.name, None)
        else:
            items[change.name] = change.after
    return items


def _by_name(items: Iterable[KvpItem]) -> dict[str, KvpItem]:
    """Of items with one name the first counts."""
    found: dict[str, KvpItem] = {}
    for item in items:
        found.setdefault(item.name, item)
    return found


def _found(by_name: Mapping[str, KvpItem], name: str) -> KvpItem | None:
    if name in by_name:
        return by_name[name]
    return next((item for item in by_name.values() if item.name.casefold() == name.casefold()), None)


def _check(what: str, text: str, characters: int, size: int, allowed: str) -> None:
    if any(_unsendable(character) and character not in allowed for character in text):
        raise InvalidItem(f"{what} holds a control character or half of a surrogate pair, which cannot be sent. Remove it")
    length = len(text.encode("utf-16-le")) // 2
    if length > characters:
        raise InvalidItem(f"{what} has {length} characters of UTF-16; the limit is {characters}. Shorten it")
    length = len(text.encode("utf-8")) + 1
    if length > size:
        raise InvalidItem(f"{what} has {length} bytes in UTF-8 with the NUL at its end; the limit is {size}. Shorten it")


def _unsendable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff"
