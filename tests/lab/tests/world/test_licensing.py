# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Software Protection: which keys go in, what they bring, and what activation answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError
from hyperv_lab.world import keys, licence
from hyperv_lab.world.releases import EDITIONS, RELEASES, EditionKind

from .conftest import CIMV2, pair

AVMA_2022_STANDARD = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
AVMA_2022_DATACENTER = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
AVMA_2019_STANDARD = "TNK62-RXVTB-4P47B-2D623-4GF74"
AVMA_2022_AZURE = "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J"
GVLK_2022_STANDARD = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"

STANDARD: dict[str, Any] = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}


def test_every_generic_key_fits_its_own_release_and_edition_alone() -> None:
    book = keys.KeyBook()
    partials = set()
    for release in ("2012r2", "2016", "2019", "2022", "2025"):
        for kind in (EditionKind.STANDARD, EditionKind.DATACENTER):
            for channel in (keys.AVMA, keys.KMS_CLIENT):
                key = book.generic(channel, release, kind)
                assert key is not None
                assert keys.well_formed(key.text)
                partials.add(key.text)
    assert len(partials) == 20


@pytest.mark.fidelity(
    "A key of another edition or release is refused by its code",
    source="slerror.h",
    confidence="H",
)
@pytest.mark.parametrize(
    ("guest", "key", "code"),
    [
        (STANDARD, "not a key", 0xC004F050),
        (STANDARD, "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", 0xC004F050),
        (STANDARD, AVMA_2019_STANDARD, 0xC004F050),
        (STANDARD, AVMA_2022_DATACENTER, 0xC004F069),
        (STANDARD, AVMA_2022_AZURE, 0xC004F069),
        ({"release": "2022", "edition": "standard_eval"}, AVMA_2022_STANDARD, 0xC004F069),
        ({"release": "2012", "edition": "standard", "licence": {"channel": "none"}}, AVMA_2022_STANDARD, 0xC004F050),
        ({"release": "23h2", "edition": "datacenter_sac", "licence": {"channel": "none"}}, AVMA_2022_DATACENTER, 0xC004F050),
    ],
)
def test_key_that_does_not_fit_is_refused(guest: dict[str, Any], key: str, code: int) -> None:
    world = pair(guest)
    before = world.fleet.digest()
    with pytest.raises(CimError) as refusal:
        world.install_key("vm", key)
    assert refusal.value.hresult == code
    assert key not in str(refusal.value)
    assert world.fleet.digest() == before


def test_key_of_another_version_may_answer_by_another_code() -> None:
    world = pair(STANDARD, rules={"licensing": {"wrong_version": 0xC004E016}})
    with pytest.raises(CimError) as refusal:
        world.install_key("vm", AVMA_2019_STANDARD)
    assert refusal.value.hresult == 0xC004E016


def test_blocked_key_is_refused() -> None:
    own = "BLKD2-BLKD2-BLKD2-BLKD2-BLKD2"
    world = pair(STANDARD, keys=[{"key": own, "channel": "Volume:MAK", "release": "2022", "edition": "standard", "blocked": True}])
    with pytest.raises(CimError) as refusal:
        world.install_key("vm", own)
    assert refusal.value.hresult == 0xC004F051


@pytest.mark.parametrize(
    ("key", "channel", "described"),
    [(AVMA_2022_STANDARD, "VT:IA", "VIRTUAL_MACHINE_ACTIVATION"), (GVLK_2022_STANDARD, "Volume:GVLK", "VOLUME_KMSCLIENT")],
)
def test_installed_key_is_never_activated(key: str, channel: str, described: str) -> None:
    world = pair(STANDARD)
    world.install_key("vm", key.lower())
    row = world.keyed("vm").values
    assert (row["ProductKeyChannel"], row["PartialProductKey"]) == (channel, key[-5:])
    assert described in str(row["Description"])
    assert (row["LicenseStatus"], row["LicenseStatusReason"]) == (licence.NOTIFICATION, 0xC004F034)
    assert row["ID"] == licence.activation_id(RELEASES["2022"], EDITIONS["standard"], channel)


@pytest.mark.parametrize(
    ("after_install", "status", "minutes"), [("grace", licence.OOB_GRACE, 14400), ("unlicensed", licence.UNLICENSED, 0)]
)
def test_state_after_install_is_a_switch(after_install: str, status: int, minutes: int) -> None:
    world = pair(STANDARD, rules={"licensing": {"after_install": after_install}})
    world.install_key("vm", AVMA_2022_STANDARD)
    assert (world.keyed("vm").values["LicenseStatus"], world.keyed("vm").values["GracePeriodRemaining"]) == (status, minutes)


def test_new_key_ends_what_the_old_one_had_brought() -> None:
    world = pair({"release": "2022", "edition": "standard", "licence": {"channel": "VT:IA", "status": "licensed"}})
    assert world.keyed("vm").values["IAID"]
    world.install_key("vm", GVLK_2022_STANDARD)
    row = world.keyed("vm").values
    assert row["LicenseStatus"] != licence.LICENSED
    assert (row["IAID"], row["AutomaticVMActivationHostMachineName"]) == (None, None)


def test_products_without_key_are_one_a_channel() -> None:
    world = pair(STANDARD)
    rows = world.all("vm", CIMV2, "SoftwareLicensingProduct")
    assert len({row.values["ID"] for row in rows}) == len(rows) > 5
    assert all(row.values["LicenseStatus"] == licence.UNLICENSED and row.values.get("PartialProductKey") is None for row in rows)
    assert any("VIRTUAL_MACHINE_ACTIVATION" in str(row.values["Description"]) for row in rows)


def test_add_on_has_a_key_but_is_not_windows() -> None:
    addon = "ESU22-ESU22-ESU22-ESU22-K2K2K"
    world = pair({**STANDARD, "licence": {"channel": "Volume:GVLK", "addon_key": addon}})
    keyed = [row.values for row in world.all("vm", CIMV2, "SoftwareLicensingProduct") if row.values.get("PartialProductKey")]
    assert [row["LicenseIsAddon"] for row in keyed] == [False, True]
    assert keyed[1]["PartialProductKey"] == "K2K2K"


def _activation_code(world: Any) -> int:
    try:
        world.activate("vm")
    except CimError as refusal:
        return refusal.hresult
    return 0


@pytest.mark.parametrize(
    ("licence_state", "rules", "code"),
    [
        ({"channel": "Volume:GVLK"}, {}, 0xC004F074),
        ({"channel": "Volume:GVLK"}, {"kms_reachable": True}, 0),
        ({"channel": "Retail"}, {}, 0),
        ({"channel": "Retail"}, {"internet": False}, 0x80072EE7),
        ({"channel": "OEM:DM"}, {}, 0),
    ],
)
def test_other_channels_activate_in_their_own_way(licence_state: dict[str, Any], rules: dict[str, Any], code: int) -> None:
    world = pair({**STANDARD, "licence": licence_state}, rules={"licensing": rules})
    assert _activation_code(world) == code
    row = world.keyed("vm").values
    assert (row["LicenseStatus"] == licence.LICENSED) == (code == 0)
    if code:
        assert row["LicenseStatusReason"] == code


@pytest.mark.fidelity(
    "A MAK whose activations are used up",
    source="slerror.h",
    confidence="H",
)
def test_mak_is_used_up() -> None:
    own = "MAKMK-22222-33333-44444-MAK22"
    world = pair(
        {**STANDARD, "licence": {"channel": "Volume:MAK", "key": own}},
        keys=[{"key": own, "channel": "Volume:MAK", "release": "2022", "edition": "standard", "activations": 1}],
    )
    assert _activation_code(world) == 0
    assert world.keyed("vm").values["GracePeriodRemaining"] == 0
    assert _activation_code(world) == 0  # once more counts nothing
    world.install_key("vm", own)
    assert _activation_code(world) == 0xC004C020


def test_evaluation_is_licensed_for_a_time() -> None:
    world = pair({"release": "2022", "edition": "standard_eval", "licence": {"minutes": 60}})
    row = world.keyed("vm").values
    assert (row["LicenseStatus"], row["LicenseStatusReason"], row["GracePeriodRemaining"]) == (licence.LICENSED, 0x4004FC04, 60)
    assert "TIMEBASED_EVAL" in str(row["Description"])
    world.fleet.clock.advance(timedelta(hours=2))
    row = world.keyed("vm").values
    assert (row["LicenseStatus"], row["LicenseStatusReason"]) == (licence.NOTIFICATION, 0xC004F009)


KMS = {
    "KeyManagementServiceMachine": "kms01.example.com",
    "KeyManagementServicePort": 1700,
    "KeyManagementServiceLookupDomain": "example.com",
}


@pytest.mark.fidelity(
    "KMS settings are of the whole licensing service and outlive the key; what DNS gave is shown apart from them",
    source="Microsoft, SoftwareLicensingService and SoftwareLicensingProduct; public text of slmgr.vbs",
    confidence="H",
)
@pytest.mark.parametrize("every_product", [False, True])
def test_kms_settings_outlive_the_key(every_product: bool) -> None:
    rules = {"licensing": {"kms_settings_of_every_product": every_product, "kms_reachable": True}}
    world = pair({**STANDARD, "licence": {"channel": "Volume:GVLK"}}, rules=rules)

    def service() -> Any:
        return world.all("vm", CIMV2, "SoftwareLicensingService")[0]

    world.activate("vm")
    assert world.keyed("vm").values["DiscoveredKeyManagementServiceMachineName"] == "kms.example.com"
    assert world.keyed("vm").values["KeyManagementServiceMachine"] == ""
    for method, arguments in (
        ("SetKeyManagementServiceMachine", {"MachineName": KMS["KeyManagementServiceMachine"]}),
        ("SetKeyManagementServicePort", {"PortNumber": 1700}),
        ("SetKeyManagementServiceLookupDomain", {"LookupDomain": "example.com"}),
    ):
        world.call("vm", CIMV2, "SoftwareLicensingService", method, service(), **arguments)
    assert {name: world.keyed("vm").values[name] for name in KMS} == KMS
    world.install_key("vm", AVMA_2022_STANDARD)
    assert {name: service().values[name] for name in KMS} == KMS
    assert {name: world.keyed("vm").values[name] for name in KMS} == (KMS if every_product else dict(zip(KMS, ("", 0, ""), strict=True)))
    for method in ("ClearKeyManagementServiceMachine", "ClearKeyManagementServicePort", "ClearKeyManagementServiceLookupDomain"):
        world.call("vm", CIMV2, "SoftwareLicensingService", method, service())
    assert [service().values[name] for name in KMS] == ["", 1688, ""]


def test_uninstalled_key_leaves_no_licence() -> None:
    world = pair({**STANDARD, "licence": {"channel": "VT:IA", "status": "licensed"}})
    world.call("vm", CIMV2, "SoftwareLicensingProduct", "UninstallProductKey", world.keyed("vm"))
    rows = world.all("vm", CIMV2, "SoftwareLicensingProduct")
    assert not any(row.values.get("PartialProductKey") for row in rows)
    with pytest.raises(CimError) as refusal:
        world.call("vm", CIMV2, "SoftwareLicensingProduct", "Activate", rows[0])
    assert refusal.value.hresult == 0xC004F014


def test_rearm_is_limited() -> None:
    world = pair({**STANDARD, "licence": {"channel": "Volume:GVLK"}})
    (service,) = world.all("vm", CIMV2, "SoftwareLicensingService")
    for _unused in range(5):
        world.call("vm", CIMV2, "SoftwareLicensingService", "ReArmWindows", service)
    with pytest.raises(CimError) as refusal:
        world.call("vm", CIMV2, "SoftwareLicensingService", "ReArmWindows", service)
    assert refusal.value.hresult == 0xC004D307


def test_method_that_the_lab_does_not_know_says_so() -> None:
    world = pair(STANDARD)
    (service,) = world.all("vm", CIMV2, "SoftwareLicensingService")
    with pytest.raises(CimError) as refusal:
        world.call("vm", CIMV2, "SoftwareLicensingService", "AcquireGenuineTicket", service)
    assert refusal.value.hresult == 0x80041055
