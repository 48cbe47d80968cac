# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which AVMA key a release and edition has, and which KMS client keys. The keys themselves: ``module_utils/_product_keys.py``."""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils import _product_keys as published
from ...module_utils._product_keys import KMS_CLIENT_KEYS, SEMI_ANNUAL, KmsClientKey
from .editions import Edition
from .releases import Release


@dataclass(frozen=True)
class AvmaKey:
    """An AVMA key, published or one of the user's tables. One key may serve several releases, each has a row of its own."""

    release_name: str
    edition: Edition
    key: str
    source: str
    date: str


AVMA_KEYS = tuple(AvmaKey(row.release_name, Edition(row.edition), row.key, row.source, row.date) for row in published.AVMA_KEYS)

# The first of them has the build of 2019, and is taken for it.
_KMS_ROWS_OF_BUILDS = dict.fromkeys((17763, 18362, 18363, 19041, 19042), (SEMI_ANNUAL,))


def kms_client_keys(release: Release | None, edition: Edition | None) -> tuple[KmsClientKey, ...]:
    """The published KMS client keys that a guest of this release and edition may have."""
    if release is None or edition is None:
        return ()
    names = (release.name, *_KMS_ROWS_OF_BUILDS.get(release.build, ()))
    return tuple(row for row in KMS_CLIENT_KEYS if row.release_name in names and row.edition == edition.value)
