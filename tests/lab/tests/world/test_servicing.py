# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DISM that converts an evaluation, and Setup that upgrades in place."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_lab.control.arrangements import arrangements
from hyperv_lab.world.servicing import ServicingRefused

from .conftest import CIMV2, World, pair

STANDARD_2022, DATACENTER_2022 = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK", "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
KMS_CLIENT_2022 = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"


def arrange(world: World, do: str, **values: Any) -> None:
    (arrangement,) = arrangements.validate_python([{"do": do, "machine": "vm", **values}])
    arrangement.apply(world.fleet)


def evaluation(edition: str = "standard_eval", **more: Any) -> World:
    return pair({"release": "2022", "edition": edition, **more})


@pytest.mark.fidelity(
    "DISM /Set-Edition: a Standard evaluation becomes Standard or Datacenter, a Datacenter evaluation only Datacenter, Server Core stays "
    "Server Core, a domain controller is refused",
    source="Microsoft, upgrade and conversion options for Windows Server",
    confidence="H",
)
@pytest.mark.parametrize(
    ("edition", "target", "key", "sku"),
    [
        ("standard_eval", "ServerStandard", STANDARD_2022, 7),
        ("standard_eval", "ServerDatacenter", DATACENTER_2022, 8),
        ("datacenter_eval_core", "ServerDatacenterCor", DATACENTER_2022, 12),
    ],
)
def test_conversion(edition: str, target: str, key: str, sku: int) -> None:
    world = evaluation(edition)
    arrange(world, "set_edition", edition=target, key=key)
    (system,) = world.all("vm", CIMV2, "Win32_OperatingSystem")
    assert system.values["OperatingSystemSKU"] == sku
    product = world.keyed("vm").values
    assert (product["ProductKeyChannel"], product["PartialProductKey"]) == ("VT:IA", key[-5:])
    assert product["LicenseStatus"] != 1, "the key is not activated by that"
    world.activate("vm")
    assert world.keyed("vm").values["LicenseStatus"] == 1


@pytest.mark.parametrize(
    ("edition", "target", "key", "guest"),
    [
        ("standard_eval", "ServerStandard", STANDARD_2022, {"product_type": 2}),
        ("datacenter_eval", "ServerStandard", STANDARD_2022, {}),
        ("standard_eval_core", "ServerStandard", STANDARD_2022, {}),
        ("standard_eval", "ServerTurbine", STANDARD_2022, {}),
        ("standard_eval", "ServerStandard", DATACENTER_2022, {}),
        ("standard", "ServerDatacenter", DATACENTER_2022, {"licence": {"channel": "none"}}),
    ],
)
def test_conversion_that_is_refused(edition: str, target: str, key: str, guest: dict[str, Any]) -> None:
    world = evaluation(edition, **guest)
    before = world.fleet.digest()
    with pytest.raises(ServicingRefused):
        arrange(world, "set_edition", edition=target, key=key)
    assert world.fleet.digest() == before


@pytest.mark.fidelity(
    "An upgrade in place takes a KMS client key and refuses an AVMA key",
    source="MicrosoftDocs/windowsserverdocs issue 1580",
    confidence="H",
)
def test_upgrade_in_place() -> None:
    world = pair({"release": "2019", "edition": "standard", "licence": {"channel": "VT:IA", "status": "licensed"}})
    with pytest.raises(ServicingRefused, match="78VHK"):
        arrange(world, "upgrade", release="2022", key=STANDARD_2022)
    arrange(world, "upgrade", release="2022", key=KMS_CLIENT_2022)
    (system,) = world.all("vm", CIMV2, "Win32_OperatingSystem")
    assert system.values["BuildNumber"] == "20348"
    assert world.keyed("vm").values["ProductKeyChannel"] == "Volume:GVLK"
    with pytest.raises(ServicingRefused, match="2019"):
        arrange(world, "upgrade", release="2019", key=KMS_CLIENT_2022)
