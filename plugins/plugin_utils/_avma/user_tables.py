# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Releases and AVMA keys that a user adds to the published ones, as for a release that is newer than this collection.

What is added may repeat a published row, so that it does no harm once the collection knows the release, but never contradict one.
A key that is added is not a published one: wherever it is shown, it is so by its last five characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...module_utils._product_keys import InvalidProductKey, KeyKind, classify_key, normalise_key
from .editions import Edition, edition_named
from .findings import shown
from .keys import AvmaKey
from .releases import Release
from .tables import LONG_TERM, PUBLISHED, Tables, invalid_rows

_SOURCE = "the user's tables"
_SHOWN = 40
_PARTS = ("releases", "avma_keys")
_RELEASE_FIELDS = ("name", "build", "label", "ltsc")
_KEY_FIELDS = ("release", "edition", "key")


class InvalidTables(ValueError):
    """The tables cannot be used. The message names the entry, the cause and the remedy, and repeats no key that is not published."""


def with_user_tables(added: object) -> Tables:
    """The published tables and what ``added`` holds: ``releases`` and ``avma_keys``, lists of mappings. None adds nothing. Raises InvalidTables."""
    if added is None:
        return PUBLISHED
    parts = _mapping(added, "", _PARTS)
    named: dict[Release | AvmaKey, str] = {}
    for place, entry in enumerate(_sequence(parts.get("releases"), "releases")):
        where = f"releases[{place}]"
        release = _release(entry, where)
        if not _is_published(release):
            named.setdefault(release, f"{where} ({shown(release.name, _SHOWN)})")
    known_releases = (*PUBLISHED.releases, *(row for row in named if isinstance(row, Release)))
    for place, entry in enumerate(_sequence(parts.get("avma_keys"), "avma_keys")):
        where = f"avma_keys[{place}]"
        row = _key(entry, where, Tables(known_releases))
        known = PUBLISHED.avma_key(row.release_name, row.edition)
        if known is None or known.key != row.key:
            named.setdefault(row, f"{where} ({shown(row.release_name, _SHOWN)} {row.edition.value})")
    tables = Tables(known_releases, (*PUBLISHED.avma_keys, *(row for row in named if isinstance(row, AvmaKey))))
    for fault in invalid_rows(tables):
        raise InvalidTables(f"{named[fault.row]}: {fault.cause}. {fault.remedy}")
    # In the order of builds, a published row first where two have one build: lookups take the first.
    return replace(tables, releases=tuple(sorted(known_releases, key=lambda release: release.build)))


def secrets_in(tables: Tables) -> frozenset[str]:
    """The keys that are not published."""
    return frozenset(row.key for row in tables.avma_keys if classify_key(row.key) is KeyKind.OTHER)


def _is_published(release: Release) -> bool:
    known = PUBLISHED.release_named(release.name)
    return known is not None and (known.build, known.ltsc) == (release.build, release.ltsc)


def _release(entry: object, where: str) -> Release:
    fields = _mapping(entry, f"{where}: ", _RELEASE_FIELDS)
    name, build = _text(fields, "name", where), fields.get("build")
    digits = str(build).strip() if isinstance(build, (int, str)) and not isinstance(build, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        raise InvalidTables(f"{where} ({shown(name, _SHOWN)}): 'build' is missing or no build number. Give a number such as 26100.")
    known = PUBLISHED.release_named(name)
    ltsc = _text(fields, "ltsc", where) if fields.get("ltsc") is not None else (known.ltsc if known is not None else name)
    family = PUBLISHED.release_named(ltsc)
    ltsc = family.name if family is not None else ltsc
    label = _text(fields, "label", where) if fields.get("label") is not None else f"Windows Server {name}"
    return Release(name, label, ltsc, int(digits), LONG_TERM if ltsc == name else "AC", _SOURCE, "")


def _key(entry: object, where: str, tables: Tables) -> AvmaKey:
    fields = _mapping(entry, f"{where}: ", _KEY_FIELDS)
    release, named = _text(fields, "release", where), _text(fields, "edition", where)
    edition: Edition | None = edition_named(named)
    if edition is None:
        raise InvalidTables(
            f"{where} ({shown(release, _SHOWN)}): '{shown(named, _SHOWN)}' is not an edition."
            " Give 'Datacenter', 'Standard', 'Essentials' or 'Datacenter: Azure Edition'."
        )
    known = tables.release_named(release)
    try:
        return AvmaKey(known.name if known else release, edition, normalise_key(_characters(fields.get("key"))), _SOURCE, "")
    except InvalidProductKey as error:
        raise InvalidTables(f"{where} ({shown(release, _SHOWN)} {edition.value}): {error}") from None


def _characters(value: object) -> str:
    """A text. What Ansible Vault has encrypted is none in ansible-core before 2.19, but a sequence of characters all the same."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, Sequence) and not isinstance(value, (list, tuple, bytes)) else ""


def _mapping(value: object, prefix: str, fields: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidTables(f"{prefix}this is not a dictionary. Give {_listed(fields)}.")
    unknown = [str(name) for name in value if name not in fields]
    if unknown:
        raise InvalidTables(f"{prefix}'{shown(unknown[0], _SHOWN)}' is not known here. Known are {_listed(fields)}.")
    return value


def _sequence(value: object, what: str) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise InvalidTables(f"{what}: this is not a list. Give a list of dictionaries.")
    return value


def _text(fields: Mapping[str, object], name: str, where: str) -> str:
    """A text; of a number its digits, since YAML reads 2025 as one."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise InvalidTables(f"{where}: '{name}' is missing or no text. Give it.")
    return " ".join(str(value).split())


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in fields)
