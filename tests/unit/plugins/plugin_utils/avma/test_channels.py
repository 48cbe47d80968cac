# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel and status from what SoftwareLicensingProduct says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.channels import channel_of, licence_status_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import Channel, LicenceStatus

SOON = datetime(2027, 1, 1, tzinfo=UTC)
NEVER = datetime(1601, 1, 1, tzinfo=UTC)


def described(word: str) -> str:
    return f"Windows(R) Operating System, {word} channel"


@pytest.mark.parametrize(
    ("description", "key_channel", "end", "channel"),
    [
        (described("VIRTUAL_MACHINE_ACTIVATION"), None, None, Channel.AVMA),
        (None, "VT:IA", None, Channel.AVMA),
        ("Betriebssystem Windows(R), VIRTUAL_MACHINE_ACTIVATION-Kanal", "VT:IA", NEVER, Channel.AVMA),
        (described("VIRTUAL_MACHINE_ACTIVATION"), "VT:IA", SOON, Channel.AVMA),
        (described("VOLUME_KMSCLIENT"), "Volume:GVLK", None, Channel.KMS_CLIENT),
        (None, "volume:gvlk", None, Channel.KMS_CLIENT),
        (described("VOLUME_KMS_WS22"), "Volume:CSVLK", None, Channel.KMS_HOST),
        (described("VOLUME_MAK"), "Volume:MAK", None, Channel.MAK),
        (described("OEM_SLP"), "OEM:SLP", None, Channel.OEM),
        (described("OEM_COA_NSLP"), None, None, Channel.OEM),
        (described("OEM_DM"), "OEM:DM", None, Channel.OEM),
        (None, "OEM:NONSLP", None, Channel.OEM),
        (described("RETAIL"), "Retail", None, Channel.RETAIL),
        (described("TIMEBASED_EVAL"), "Retail:TB:Eval", SOON, Channel.EVALUATION),
        (None, "Retail:TB:Eval", None, Channel.EVALUATION),
        (described("RETAIL"), "Retail", SOON, Channel.EVALUATION),
        (described("RETAIL"), "Retail", NEVER, Channel.RETAIL),
        (described("SOMETHING_NEW"), "Volume", None, Channel.UNKNOWN),
        (None, None, None, Channel.UNKNOWN),
    ],
)
def test_channel(description: str | None, key_channel: str | None, end: datetime | None, channel: Channel) -> None:
    assert channel_of(description, key_channel, end) is channel


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, LicenceStatus.UNLICENSED),
        (1, LicenceStatus.LICENSED),
        (2, LicenceStatus.OUT_OF_BOX_GRACE),
        (3, LicenceStatus.OUT_OF_TOLERANCE_GRACE),
        (4, LicenceStatus.NON_GENUINE_GRACE),
        (5, LicenceStatus.NOTIFICATION),
        (6, LicenceStatus.EXTENDED_GRACE),
        (7, LicenceStatus.UNKNOWN),
        (None, LicenceStatus.UNKNOWN),
    ],
)
def test_status(code: int | None, status: LicenceStatus) -> None:
    assert licence_status_of(code) is status
