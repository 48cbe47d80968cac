# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What a filter is given as a version of Windows: a release's name, a build, or a mapping with what a module returned of a machine.

Everything here raises UnclearProduct with the object, the cause and the remedy. What a machine is, is never guessed.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ...module_utils._product_keys import mask_likely_keys
from .._avma.editions import Edition, Sku, edition_named, sku_of
from .._avma.releases import Release
from .._avma.tables import Tables

# Where the modules' results keep what is asked here: guest of kvp_info's machines, host of host_info, then os of either.
_NESTED = ("guest", "host", "os")

# Larger than any build.
_NO_BUILD = 10**9


class UnclearProduct(ValueError):
    """An input that does not say which Windows is meant."""


@dataclass(frozen=True)
class Product:
    """A version of Windows, as far as the input says it. ``kind`` as OsKind of identity; "windows_server" for what is named by its release."""

    release: Release | None
    edition: Edition | None
    evaluation: bool
    kind: str


def product_of(value: object, role: str, tables: Tables) -> Product:
    """``role`` says in messages what the value stands for, as in "host". Raises UnclearProduct."""
    if isinstance(value, Mapping):
        return _from_mapping(value, role, tables)
    return Product(release_from(value, role, tables), None, False, "windows_server")


def release_from(value: object, role: str, tables: Tables) -> Release:
    """A release by name ("2022", "Windows Server 2022") or build (20348). Raises UnclearProduct."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise UnclearProduct(
            f"{role}: a release of Windows Server is wanted, but this is of type {type(value).__name__}. "
            "Give its name, its build, or what host_info, guest_info or kvp_info returned of the machine."
        )
    # Python refuses to write out very long numbers.
    text = " ".join(value.split()) if isinstance(value, str) else str(min(value, _NO_BUILD))
    release = tables.release_named(text) or _labelled(text, tables)
    if release is None and text.isascii() and text.isdigit() and len(text) <= 6:
        release = tables.release_of(int(text))
    if release is None:
        names = ", ".join(f"'{known.name}'" for known in tables.releases)
        raise UnclearProduct(
            f"{role}: '{mask_likely_keys(text)[:60]}' is not a release of Windows Server that this collection knows. Known are {names}, and their builds."
        )
    return release


def edition_from(value: object, role: str) -> tuple[Edition, bool]:
    """An edition by name, EditionID or SKU number, and whether it is an evaluation edition. Raises UnclearProduct."""
    if isinstance(value, int) and not isinstance(value, bool):
        sku = sku_of(value)
        if sku is not None:
            return sku.edition, sku.evaluation
    elif isinstance(value, str):
        edition = edition_named(value)
        if edition is not None:
            return edition, "eval" in value.casefold()
    shown = (
        f"'{mask_likely_keys(value)[:60]}'"
        if isinstance(value, str)
        else f"the number {min(value, _NO_BUILD)}"
        if isinstance(value, int)
        else f"a {type(value).__name__}"
    )
    raise UnclearProduct(
        f"{role}: {shown} is not an edition of Windows Server. Give 'Datacenter', 'Standard', 'Essentials' or 'Datacenter: Azure Edition'."
    )


def _from_mapping(value: Mapping[t.Any, t.Any], role: str, tables: Tables) -> Product:
    facts = value
    for name in _NESTED:
        inner = facts.get(name)
        if isinstance(inner, Mapping):
            facts = inner
    sku, edition = _edition(facts, role)
    release: Release | None = None
    # Azure Local has builds of Windows Server and is not a release of it.
    if edition is not Edition.AZURE_LOCAL:
        release = _release(facts, role, tables)
    kind = facts.get("kind")
    if not isinstance(kind, str):
        kind = "windows_client" if edition is Edition.CLIENT else "windows_server"
    evaluation = bool(facts.get("evaluation")) or bool(sku and sku.evaluation)
    return Product(release, edition, evaluation, kind)


def _edition(facts: Mapping[t.Any, t.Any], role: str) -> tuple[Sku | None, Edition | None]:
    number = _number(facts.get("sku"))
    if number is not None:
        sku = sku_of(number)
        return sku, sku.edition if sku else None
    name = facts.get("edition")
    return None, edition_from(name, role)[0] if name is not None else None


def _release(facts: Mapping[t.Any, t.Any], role: str, tables: Tables) -> Release | None:
    number = _number(facts.get("build"))
    if number is not None:
        return tables.release_of(number)
    name = facts.get("release")
    return release_from(name, role, tables) if name is not None else None


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _labelled(text: str, tables: Tables) -> Release | None:
    wanted = text.casefold()
    return next(
        (release for release in tables.releases if wanted in (release.label.casefold(), release.name.replace(" ", "").casefold())), None
    )
