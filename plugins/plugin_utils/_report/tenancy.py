# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whose a virtual machine is. A site says where that is written: in the inventory, in a key-value pair, in the machine's notes or its name."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .._avma.text import safe_text
from .._avma.told import part

_LIMIT = 80
# What a pattern is tried on: names, items and notes of any length must not cost more than a good one.
_TRIED = 256
_TRIED_LINES = 50


class TenantSource(str, Enum):
    """How far the name of a tenant can be trusted."""

    INVENTORY = "inventory"  # the operator wrote it
    HOST_ITEM = "host_item"  # a key-value pair that the host gave the guest
    NOTES = "notes"  # whoever may change the machine's settings: an administrator of the host, or a tenant by a portal
    VM_NAME = "vm_name"  # whoever may rename the machine
    GUEST_ITEM = "kvp"  # whoever administers the guest


class InvalidPattern(ValueError):
    """The pattern is not a regular expression."""


@dataclass(frozen=True)
class Tenant:
    name: str
    source: TenantSource


@dataclass(frozen=True)
class TenantRule:
    """Where to look, and in that order: the host's key-value pair ``item``, a line of the notes that ``notes`` matches, the guest's pair
    ``item``, and without an ``item`` the machine's name. ``pattern`` takes the tenant out of the item or the name.

    Of a pattern its group "tenant" counts, else its first group, else all that it matches.
    """

    item: str | None = None
    pattern: re.Pattern[str] | None = None
    notes: re.Pattern[str] | None = None

    def tenant(self, name: str | None, vm: Mapping[str, t.Any], *, given: str | None = None) -> Tenant | None:
        """``given``: what the inventory says, which counts before all else. ``vm``: a machine of kvp_info, empty if no host shows it."""
        if given:
            return _tenant(given, TenantSource.INVENTORY)
        sources = (
            (self._of_item(vm, "host"), TenantSource.HOST_ITEM),
            (self._of_notes(vm.get("notes")), TenantSource.NOTES),
            (self._of_item(vm, "guest"), TenantSource.GUEST_ITEM),
            (self._of_name(name), TenantSource.VM_NAME),
        )
        return next((found for text, source in sources if (found := _tenant(text, source))), None)

    def _of_item(self, vm: Mapping[str, t.Any], kind: str) -> str:
        value = part(vm, "kvp", kind).get(self.item) if self.item is not None else None
        if not value:
            return ""
        return _taken(self.pattern, str(value)) if self.pattern is not None else str(value)

    def _of_notes(self, text: t.Any) -> str:
        if self.notes is None or not text:
            return ""
        lines = str(text).splitlines()[:_TRIED_LINES]
        return next((taken for line in lines if (taken := _taken(self.notes, line))), "")

    def _of_name(self, name: str | None) -> str:
        return _taken(self.pattern, name) if self.pattern is not None and self.item is None and name else ""


def pattern_of(text: str | None) -> re.Pattern[str] | None:
    """None for none. Raises InvalidPattern."""
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise InvalidPattern(f"it is not a regular expression: {error}") from error


def _taken(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text[:_TRIED])
    if match is None:
        return ""
    if "tenant" in pattern.groupindex:
        return match["tenant"] or ""
    return (match.group(1) if pattern.groups else match.group()) or ""


def _tenant(text: str, source: TenantSource) -> Tenant | None:
    name = safe_text(text, _LIMIT)
    return Tenant(name, source) if name else None
