# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How an operating system is named in a report or a table."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._avma.findings import shown
from .._avma.identity import OsKind

_WORD = 60
_KINDS = {OsKind.LINUX.value: "Linux", OsKind.WINDOWS_CLIENT.value: "Windows client"}


def os_label(os: Mapping[str, t.Any]) -> str | None:
    """ "2022 Datacenter" from either shape of an operating system."""
    if os.get("release"):
        label = " ".join(shown(one, _WORD) for one in (os.get("release"), os.get("edition")) if one)
        return f"{label} (evaluation)" if os.get("evaluation") else label
    return _KINDS.get(str(os.get("kind"))) or shown(os.get("caption"), _WORD) or None
