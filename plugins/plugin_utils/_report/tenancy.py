# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whose a virtual machine is. A site says where that is written: in the inventory, in a key-value pair, or in the machine's name."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .._avma.text import safe_text

_LIMIT = 80
# What a pattern is tried on: names and items of any length must not cost more than a good one.
_TRIED = 256


class TenantSource(str, Enum):
    """How far the name of a tenant can be trusted."""

    INVENTORY = "inventory"  # the operator wrote it
    HOST_ITEM = "host_item"  # a key-value pair that the host gave the guest
    VM_NAME = "vm_name"  # whoever may rename the machine
    GUEST_ITEM = "kvp"  # whoever administers the guest


class InvalidPattern(ValueError):
    """The pattern is no regular expression."""


@dataclass(frozen=True)
class Tenant:
    name: str
    source: TenantSource


@dataclass(frozen=True)
class TenantRule:
    """``item``: name of a key-value pair; one of the host counts before one of the guest. ``pattern`` takes the tenant out of the item, or
    without ``item`` out of the machine's name: its group "tenant", else its first group, else all that it matches."""

    item: str | None = None
    pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, item: str | None, pattern: str | None) -> TenantRule:
        """Raises InvalidPattern."""
        try:
            return cls(item or None, re.compile(pattern) if pattern else None)
        except re.error as error:
            raise InvalidPattern(f"it is no regular expression: {error}") from error

    def tenant(self, name: str | None, kvp: Mapping[str, t.Any], *, given: str | None = None) -> Tenant | None:
        """``given``: what the inventory says, which counts before all else. ``kvp``: kvp_info's dictionaries of items."""
        if given:
            return _tenant(given, TenantSource.INVENTORY)
        if self.item is not None:
            for kind, source in (("host", TenantSource.HOST_ITEM), ("guest", TenantSource.GUEST_ITEM)):
                items = kvp.get(kind)
                value = items.get(self.item) if isinstance(items, Mapping) else None
                found = _tenant(self._taken(str(value)), source) if value else None
                if found is not None:
                    return found
            return None
        return _tenant(self._taken(name), TenantSource.VM_NAME) if self.pattern is not None and name else None

    def _taken(self, text: str) -> str:
        if self.pattern is None:
            return text
        match = self.pattern.search(text[:_TRIED])
        if match is None:
            return ""
        if "tenant" in self.pattern.groupindex:
            return match["tenant"] or ""
        return (match.group(1) if self.pattern.groups else match.group()) or ""


def _tenant(text: str, source: TenantSource) -> Tenant | None:
    name = safe_text(text, _LIMIT)
    return Tenant(name, source) if name else None
