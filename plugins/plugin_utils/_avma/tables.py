# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The releases and AVMA keys that are reckoned with: the published ones, or those and what a user adds (``user_tables``).

One set of rules holds for both: ``invalid_rows`` finds what contradicts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from ...module_utils._product_keys import InvalidProductKey, display_key, kms_client_row, normalise_key
from .editions import GUEST_EDITIONS, Edition
from .findings import shown
from .keys import AVMA_KEYS, AvmaKey
from .releases import OLDEST_BUILD, RELEASES, Release
from .text import safe_text

# Builds of Windows have had five digits for a decade.
_NEWEST_BUILD = 999_999
_NAME_LIMIT = 40
_LABEL_LIMIT = 80
LONG_TERM = "LTSC"


@dataclass(frozen=True)
class Tables:
    """Rows, and what is looked up in them. Code that judges by a release or a key has one at hand, so that what a user adds is never left out."""

    releases: tuple[Release, ...] = RELEASES
    avma_keys: tuple[AvmaKey, ...] = AVMA_KEYS

    def release_of(self, build: int | None) -> Release | None:
        """The release of a build, None for a build that is not in the table. Never the nearest one: that would be a guess.

        In the order of the table the long-term release stands first, so it wins where a build is shared.
        """
        return None if build is None else next((release for release in self.releases if release.build == build), None)

    def release_named(self, name: str) -> Release | None:
        """The release called ``name``, as in ``Release.name``. Case and surrounding blanks do not matter."""
        wanted = " ".join(name.split()).upper()
        return next((release for release in self.releases if release.name.upper() == wanted), None)

    def avma_key(self, release: Release | str | None, edition: Edition | None) -> AvmaKey | None:
        """The AVMA key for a release (or its name) and an edition, None where there is none."""
        if release is None or edition is None:
            return None
        name = release.name if isinstance(release, Release) else release
        return next((row for row in self.avma_keys if row.release_name == name and row.edition is edition), None)

    @property
    def digest(self) -> str:
        """The same for equal tables; it reveals no key."""
        return sha256(repr((self.releases, self.avma_keys)).encode()).hexdigest()[:16]

    def avma_rows(self, key: str) -> tuple[AvmaKey, ...]:
        """Each release and edition that a normalised key is an AVMA key for."""
        return tuple(row for row in self.avma_keys if row.key == key)


PUBLISHED = Tables()


@dataclass(frozen=True)
class InvalidRow:
    """What is wrong with one row, given that those before it are right. ``cause`` continues a sentence, ``remedy`` is a whole one."""

    row: Release | AvmaKey
    cause: str
    remedy: str


def invalid_rows(tables: Tables) -> Iterator[InvalidRow]:
    """Each row that is malformed or contradicts one before it."""
    for place, release in enumerate(tables.releases):
        yield from _invalid_release(release, Tables(releases=tables.releases[:place]), tables)
    for place, row in enumerate(tables.avma_keys):
        yield from _invalid_key(row, Tables(avma_keys=tables.avma_keys[:place]), tables)


def _invalid_release(release: Release, earlier: Tables, tables: Tables) -> Iterator[InvalidRow]:
    for text, what, limit in ((release.name, "name", _NAME_LIMIT), (release.label, "label", _LABEL_LIMIT)):
        if not text or text != " ".join(safe_text(text, limit).split()):
            yield InvalidRow(
                release,
                f"its {what} is empty, longer than {limit} characters, or has other blanks than single ones",
                f"Shorten the {what}.",
            )
    if not OLDEST_BUILD <= release.build <= _NEWEST_BUILD:
        yield InvalidRow(
            release,
            f"its build {release.build} is not between {OLDEST_BUILD} (Windows Server 2012 R2, the first with AVMA) and {_NEWEST_BUILD}",
            "Give the number that 'winver' shows between 'OS Build' and the dot.",
        )
    if namesake := earlier.release_named(release.name):
        yield InvalidRow(
            release, f"{namesake.label} has that name and the build {namesake.build}", "Give it another name, or leave the entry out."
        )
    shared = earlier.release_of(release.build)
    # 1809 is 2019 under another name and support contract: the same build counts with the same long-term release.
    if shared is not None and (shared.ltsc != release.ltsc or release.channel == LONG_TERM):
        yield InvalidRow(release, f"the build {release.build} is that of {shared.label}", "Check the build, or leave the entry out.")
    family = tables.release_named(release.ltsc)
    if family is None or family.channel != LONG_TERM:
        yield InvalidRow(
            release,
            f"'{shown(release.ltsc, _NAME_LIMIT)}', which it counts with, is not a long-term release in the tables",
            _LONG_TERM_REMEDY,
        )
    elif family.build > release.build:
        yield InvalidRow(release, f"{family.label}, which it counts with, is newer", _LONG_TERM_REMEDY)


_LONG_TERM_REMEDY = "Name in 'ltsc' the newest long-term release that is not newer than it."


def _invalid_key(row: AvmaKey, earlier: Tables, tables: Tables) -> Iterator[InvalidRow]:
    if row.edition not in GUEST_EDITIONS:
        editions = ", ".join(f"'{edition.value}'" for edition in GUEST_EDITIONS)
        yield InvalidRow(row, f"AVMA does not serve the edition {row.edition.value}", f"Give one of {editions}.")
    if tables.release_named(row.release_name) is None:
        yield InvalidRow(
            row,
            f"there is no release '{shown(row.release_name, _NAME_LIMIT)}' in the tables",
            "Add it to 'releases', or check its name.",
        )
    try:
        key = normalise_key(row.key)
    except InvalidProductKey as error:
        yield InvalidRow(row, str(error).partition(". ")[0].rstrip("."), "Check the key for typing errors.")
        return
    if other := kms_client_row(key):
        yield InvalidRow(
            row,
            f"{key} is the published KMS client key of {other.product}, which AVMA never activates",
            "Give an AVMA key, or leave the entry out.",
        )
    held = earlier.avma_key(row.release_name, row.edition)
    if held is not None and held.key != key:
        yield InvalidRow(
            row,
            f"the AVMA key of this release and edition is {display_key(held.key)} already ({held.source})",
            "Leave the entry out. To install another key in single guests, state it as the key of their tasks.",
        )
    for known in earlier.avma_rows(key):
        if known.edition is not row.edition:
            yield InvalidRow(
                row,
                f"{display_key(key)} is the AVMA key of Windows Server {known.release_name} {known.edition.value} ({known.source})",
                "Check the edition and the key.",
            )
            break
