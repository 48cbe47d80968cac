# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The chassis of a computer: ``Win32_SystemEnclosure``."""

from __future__ import annotations

from .._wsman.cim import Cim, Query
from .._wsman.errors import Fault
from .namespaces import CIMV2

ASSET_TAG = Query(CIMV2, "SELECT SMBIOSAssetTag FROM Win32_SystemEnclosure")


def read_asset_tag(cim: Cim) -> str | None:
    """The chassis' asset tag, None where it has none or it could not be read: nothing hangs on it. One request."""
    try:
        for row in cim.query(ASSET_TAG.namespace, ASSET_TAG.wql):
            return (row.text("SMBIOSAssetTag") or "").strip() or None
    except Fault:
        return None
    return None
