# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which key a guest is to have: the one that the user states, if it may be one, else the AVMA key of the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ...module_utils._product_keys import InvalidProductKey, display_key, kms_client_row, normalise_key
from .editions import Edition
from .eligibility import product_name, why_not_choose_key
from .findings import Finding, finding
from .identity import GuestIdentity
from .keys import AvmaKey
from .tables import Tables


class KeySource(str, Enum):
    TABLES = "tables"  # published, or added by the user
    USER = "user"
    INSTALLED = "installed"  # the AVMA key that the guest already has, known by its last group only


@dataclass(frozen=True)
class ChosenKey:
    """A key to be installed, or that is there. ``key`` is None for one that is known by its last five characters only."""

    last_five: str | None
    source: KeySource
    key: str | None = field(default=None, repr=False)

    @property
    def display(self) -> str | None:
        """The key as it may be shown."""
        if self.key is not None:
            return display_key(self.key)
        return None if self.last_five is None else f"*****-*****-*****-*****-{self.last_five}"


@dataclass(frozen=True)
class KeyChoice:
    """Either a key, with what is to be said of it, or the refusal."""

    key: ChosenKey | None = None
    refusal: Finding | None = None
    notes: tuple[Finding, ...] = ()


def choose_key(identity: GuestIdentity, wanted: str | None, name: str | None, tables: Tables) -> KeyChoice:
    """The key for a Windows Server guest. ``wanted`` is what the user stated, None to choose that of the tables."""
    if wanted is None:
        return _of_tables(identity, name, tables)
    try:
        key = normalise_key(wanted)
    except InvalidProductKey as error:
        return KeyChoice(refusal=finding("KEY_MALFORMED", name, reason=str(error).rstrip(".")))
    if row := kms_client_row(key):
        return KeyChoice(refusal=finding("KEY_IS_KMS_CLIENT_KEY", name, key=key, product=row.product))
    return _stated(identity, key, name, tables)


def _of_tables(identity: GuestIdentity, name: str | None, tables: Tables) -> KeyChoice:
    row = tables.avma_key(identity.release, identity.edition)
    if row is None:
        return KeyChoice(refusal=why_not_choose_key(identity, name, tables))
    return KeyChoice(ChosenKey(row.key[-5:], KeySource.TABLES, row.key))


def _stated(identity: GuestIdentity, key: str, name: str | None, tables: Tables) -> KeyChoice:
    chosen = ChosenKey(key[-5:], KeySource.USER, key)
    rows = tables.avma_rows(key)
    if rows:
        refusal = _wrong_edition(identity, key, rows, name) or _wrong_release(identity, key, rows, name, tables)
        if refusal is not None:
            return KeyChoice(refusal=refusal)
        if _is_for(identity, rows):
            return KeyChoice(chosen)
    # A newer release, a semi-annual release without a published key, or a key that is nowhere published. Windows itself refuses
    # keys of another release, and the channel is read back before anything is activated.
    note = finding("KEY_NOT_CONFIRMED", name, key=display_key(key), guest=product_name(identity))
    return KeyChoice(chosen, notes=(note,))


def _wrong_edition(identity: GuestIdentity, key: str, rows: tuple[AvmaKey, ...], name: str | None) -> Finding | None:
    editions = tuple(dict.fromkeys(row.edition for row in rows))
    if identity.edition is None or identity.edition in editions:
        return None
    return finding(
        "KEY_FOR_OTHER_EDITION",
        name,
        key=key,
        key_edition=tuple(f"Windows Server {row.release_name} {row.edition.value}" for row in rows),
        guest_edition=product_name(identity),
    )


def _wrong_release(identity: GuestIdentity, key: str, rows: tuple[AvmaKey, ...], name: str | None, tables: Tables) -> Finding | None:
    release, edition = identity.release, identity.edition
    # Where no key is published for the guest's release, a key of another release cannot be called wrong.
    if (
        release is None
        or not any(tables.avma_key(release, known) for known in Edition)
        or any(row.release_name == release.name for row in rows)
    ):
        return None
    releases = tuple(row.release_name for row in rows if edition is None or row.edition is edition)
    return finding("KEY_FOR_OTHER_RELEASE", name, key=key, releases=releases, guest_release=release.label)


def _is_for(identity: GuestIdentity, rows: tuple[AvmaKey, ...]) -> bool:
    return any(identity.release and row.release_name == identity.release.name and row.edition is identity.edition for row in rows)
