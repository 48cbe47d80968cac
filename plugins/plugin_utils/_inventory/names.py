# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Names of machines in the inventory, made from what virtual machines are called and from what guests say of themselves.

A name must not be a template, a pattern, a path below ``host_vars`` or an address, and it must be one machine's only: what is said of a
machine in variables, groups and credentials depends on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .._avma.computer_names import RESERVED, dns_name, is_address, same_computer

_LONGEST = 200
_KEPT = "-._"
_RUN = re.compile(r"_{2,}")


def machine_name(text: str) -> str | None:
    """``text`` as a name: letters and digits of any script, ``-``, ``.`` and ``_``; anything else becomes ``_``. None if nothing is left."""
    normal = unicodedata.normalize("NFKC", text[: _LONGEST * 4])
    kept = "".join(character if character.isalnum() or character in _KEPT else "_" for character in normal)
    return _RUN.sub("_", kept)[:_LONGEST].strip(_KEPT) or None


def confirmed_fqdn(claimed: str | None, vm_name: str) -> str | None:
    """The name that a guest claims, if it is that of its virtual machine too: a guest may claim any name, only its host names the machine."""
    name = dns_name(claimed or "")
    return name if name and same_computer(name, vm_name.strip()) else None


@dataclass(frozen=True)
class Names:
    """``clashes``: identifiers by the name that they could not all have."""

    by_id: Mapping[str, str]
    clashes: Mapping[str, tuple[str, ...]]


def unique_names(wanted: Mapping[str, str], taken: Collection[str]) -> Names:
    """A name for each virtual machine: the wanted one, or with its GUID where another has it as well.

    ``wanted``: names by GUID. Each of those that want one name gets another, so that none of them can pass for the other, and the result does
    not hang on an order. Compared without case, as DNS and Windows do.
    """
    forbidden = {name.casefold() for name in taken} | RESERVED
    level = dict.fromkeys(wanted, 0)
    clashes: dict[str, tuple[str, ...]] = {}
    while True:
        names = {identifier: _with_id(name, identifier, level[identifier]) for identifier, name in wanted.items()}
        claims: dict[str, list[str]] = defaultdict(list)
        for identifier, name in names.items():
            claims[name.casefold()].append(identifier)
        clashing = {name: ids for name, ids in claims.items() if len(ids) > 1 or name in forbidden or is_address(name)}
        if not clashing:
            return Names(names, clashes)
        for ids in clashing.values():
            clashes.setdefault(names[ids[0]], tuple(sorted(ids)))
            for identifier in ids:
                level[identifier] += 1


def _with_id(name: str, identifier: str, level: int) -> str:
    """The short form of the GUID first, then the whole, then counted: an earlier source may have used any name."""
    if level == 0:
        return name
    guid = identifier.lower()
    return f"{name}-{guid.partition('-')[0] if level == 1 else guid}" + (f"-{level - 1}" if level > 2 else "")
