# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What the WinRM service says about itself: winrm/config."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from . import xml_namespaces as ns
from .errors import MalformedAnswer

# Defaults of Windows Server 2012 and later.
DEFAULT_MAX_ENVELOPE_SIZE = 500 * 1024
DEFAULT_MAX_TIMEOUT = 60.0
DEFAULT_MAX_BATCH_ITEMS = 32000


@dataclass(frozen=True)
class ServerLimits:
    """``max_envelope_size`` in bytes, ``max_timeout`` in seconds. ``learned`` False: defaults, ``reason`` says why."""

    max_envelope_size: int = DEFAULT_MAX_ENVELOPE_SIZE
    max_timeout: float = DEFAULT_MAX_TIMEOUT
    max_batch_items: int = DEFAULT_MAX_BATCH_ITEMS
    learned: bool = False
    reason: str = ""


def read_limits(body: ET.Element | None) -> ServerLimits:
    if body is None or ns.split_tag(body.tag) != (ns.CONFIG, "Config"):
        raise MalformedAnswer("winrm/config: the answer holds no Config")
    kilobytes = _number(body, "MaxEnvelopeSizekb")
    if not kilobytes:
        raise MalformedAnswer("winrm/config: no MaxEnvelopeSizekb in the answer")
    milliseconds = _number(body, "MaxTimeoutms")
    return ServerLimits(
        max_envelope_size=kilobytes * 1024,
        max_timeout=milliseconds / 1000 if milliseconds else DEFAULT_MAX_TIMEOUT,
        max_batch_items=_number(body, "MaxBatchItems") or DEFAULT_MAX_BATCH_ITEMS,
        learned=True,
    )


def _number(config: ET.Element, name: str) -> int | None:
    text = (config.findtext(f"{{{ns.CONFIG}}}{name}") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
