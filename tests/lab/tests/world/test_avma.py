# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic virtual machine activation between a guest and its host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError
from hyperv_lab.scenarios.building import ScenarioError
from hyperv_lab.world import keys, licence
from hyperv_lab.world.clock import NEVER
from hyperv_lab.world.eventlog import GUEST_EVENT, HOST_EVENT
from hyperv_lab.world.vm import VmState

from .conftest import CIMV2, World, pair


def _guest(release: str = "2022", edition: str = "standard", **more: Any) -> dict[str, Any]:
    return {"release": release, "edition": edition, "licence": {"channel": "VT:IA"}, **more}


def _host(release: str = "2022", edition: str = "datacenter", status: str = "licensed", **more: Any) -> dict[str, Any]:
    return {"release": release, "edition": edition, "licence": {"channel": more.pop("channel", "Volume:MAK"), "status": status}, **more}


def _code(world: World) -> int:
    try:
        world.activate("vm")
    except CimError as refusal:
        return refusal.hresult
    return 0


@pytest.mark.fidelity(
    "Which host activates which guest, and the code of a refusal",
    source="Microsoft, Automatic Virtual Machine Activation; slerror.h",
    confidence="H",
)
@pytest.mark.parametrize(
    ("host", "guest", "code"),
    [
        (_host("2012r2"), _guest("2012r2"), 0),
        (_host("2016"), _guest("2012r2", "datacenter"), 0),
        (_host("2019"), _guest("2016", "essentials"), 0),
        (_host("2022"), _guest("2019", "essentials"), 0),
        (_host("2025"), _guest("2025", "datacenter_core"), 0),
        (_host("2022"), _guest("1809", "datacenter_sac"), 0),
        (_host("2022", channel="OEM:DM"), _guest(), 0),
        (_host("2022", channel="Volume:GVLK"), _guest(), 0),
        (_host("2016"), _guest("2019"), 0xC004FD03),
        (_host("2022"), _guest("2025"), 0xC004FD03),
        (_host("2022", "standard"), _guest(), 0xC004FD03),
        (_host("2022"), _guest(edition="azure_edition"), 0xC004FD03),
        (_host(status="notification"), _guest(), 0xC004FD02),
        (_host(status="grace"), _guest(), 0xC004FD02),
        (_host("2022", "standard", "notification"), _guest(), 0xC004FD02),
        ({"release": "2022", "edition": "datacenter_eval"}, _guest(), 0xC004FD02),
        ({"release": "2019", "edition": "hyperv_server", "licence": {"channel": "Retail"}}, _guest("2019"), 0xC004FD01),
        (_host("2012", "datacenter"), _guest("2012r2"), 0xC004FD01),
        (_host(), _guest(hypervisor="other"), 0xC004FD01),
        (_host(), _guest(hypervisor="azure"), 0xC004FD01),
        (_host(), _guest(activation_device=False), 0xC004FD01),
        ({"release": "2022", "edition": "azure_local", "licence": {"channel": "Retail"}}, _guest(), 0xC004FD02),
        ({"release": "2022", "edition": "azure_local", "entitlement": "subscription", "licence": {"channel": "Retail"}}, _guest(), 0),
        (
            {"release": "2022", "edition": "azure_local", "entitlement": "subscription", "licence": {"channel": "Retail"}},
            _guest(edition="azure_edition"),
            0,
        ),
        ({"release": "2022", "edition": "azure_local", "entitlement": "2019", "licence": {"channel": "Retail"}}, _guest(), 0xC004FD03),
    ],
)
def test_host_answers_by_edition_release_and_its_own_licence(host: dict[str, Any], guest: dict[str, Any], code: int) -> None:
    world = pair(guest, host)
    assert _code(world) == code
    row = world.keyed("vm").values
    assert (row["LicenseStatus"] == licence.LICENSED) == (code == 0)
    if code:
        assert row["LicenseStatusReason"] == code
        assert row["AutomaticVMActivationLastActivationTime"] == NEVER


def test_activated_guest_tells_who_did_it_and_for_how_long() -> None:
    world = pair(_guest(), _host())
    assert _code(world) == 0
    row = world.keyed("vm").values
    assert row["GracePeriodRemaining"] == 7 * 24 * 60
    assert row["AutomaticVMActivationHostMachineName"] == "hv.example.com"
    assert row["AutomaticVMActivationLastActivationTime"] == world.fleet.clock.now()
    assert row["IAID"]
    assert row["AutomaticVMActivationHostDigitalPid2"]


@pytest.mark.parametrize(("binding", "names"), [("full", True), ("host_only", True), ("none", False)])
def test_what_an_activated_guest_tells_is_a_switch(binding: str, names: bool) -> None:
    world = pair(_guest(), _host(), rules={"licensing": {"binding": binding}})
    assert _code(world) == 0
    row = world.keyed("vm").values
    assert (row["AutomaticVMActivationHostMachineName"] is not None) == names
    assert (row["IAID"] is not None) == (binding == "full")


@pytest.mark.fidelity(
    "A host that is asked too often refuses for a while",
    source="slerror.h",
    confidence="L",
)
def test_throttled_host_refuses_so_many_requests() -> None:
    world = pair(_guest(), _host(throttle=2))
    assert [_code(world), _code(world), _code(world)] == [0xC004FD00, 0xC004FD00, 0]


@pytest.mark.fidelity(
    "A host takes so many requests for activation at once and refuses the others: 0xC004FD00 (how many, and for how long, by the scenario)",
    source="slerror.h",
    confidence="L",
)
def test_host_refuses_more_requests_than_it_takes_at_once() -> None:
    world = pair(_guest(), _host(activations_at_once=2), rules={"licensing": {"activation_seconds": 60}})
    host = world.fleet.host("hv")
    assert [_code(world), _code(world), _code(world)] == [0, 0, 0xC004FD00]
    assert host.throttled == 1
    world.fleet.clock.advance(timedelta(minutes=1))
    assert (_code(world), host.throttled) == (0, 1)


def test_unbound_vm_is_refused_and_stays_licensed_until_its_lease_ends() -> None:
    world = pair({**_guest(), "licence": {"channel": "VT:IA", "status": "licensed"}}, _host())
    world.fleet.vm("vm")[1].bound = False
    assert _code(world) == 0xC004FD04
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED


@pytest.mark.fidelity(
    "Whether activation needs Data Exchange (switch of the scenario)",
    source="Microsoft, Automatic Virtual Machine Activation",
    confidence="L",
)
def test_data_exchange_blocks_activation_only_by_a_switch() -> None:
    for required, code in ((False, 0), (True, 0xC004FD01)):
        world = pair(_guest(), _host(), rules={"licensing": {"data_exchange_required": required}})
        host, vm = world.fleet.vm("vm")
        world.fleet.set_component(host, vm, "kvp", False)
        assert _code(world) == code


def test_evaluation_host_activates_only_by_a_switch() -> None:
    world = pair(_guest(), {"release": "2022", "edition": "datacenter_eval"}, rules={"licensing": {"evaluation_host_activates": True}})
    assert _code(world) == 0


@pytest.mark.fidelity(
    "The guest asks again every 7 days, and is licensed so long (switch of the scenario)",
    source="devadmin.it, 2014",
    confidence="M",
)
def test_lease_is_renewed_while_the_host_lasts_and_runs_out_after() -> None:
    world = pair({**_guest(), "licence": {"channel": "VT:IA", "status": "licensed"}}, _host())
    world.fleet.advance(timedelta(days=20))
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED
    host = world.fleet.host("hv")
    host.licence.status = licence.NOTIFICATION
    world.fleet.advance(timedelta(days=8))
    row = world.keyed("vm").values
    assert (row["LicenseStatus"], row["GracePeriodRemaining"]) == (licence.NOTIFICATION, 0)
    assert row["LicenseStatusReason"] in (0xC004F009, 0xC004FD02)
    host.licence.status = licence.LICENSED
    world.fleet.advance(timedelta(days=1))
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED


def test_host_on_kms_that_runs_out_takes_its_guests_along() -> None:
    host = _host(channel="Volume:GVLK")
    host["licence"]["minutes"] = 24 * 60
    world = pair({**_guest(), "licence": {"channel": "VT:IA", "status": "licensed"}}, host)
    world.fleet.advance(timedelta(days=2))
    assert world.keyed("hv").values["LicenseStatus"] == licence.NOTIFICATION
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED
    assert _code(world) == 0xC004FD02
    world.fleet.advance(timedelta(days=6))
    assert world.keyed("vm").values["LicenseStatus"] == licence.NOTIFICATION


def test_migrated_guest_keeps_its_licence_and_asks_its_new_host() -> None:
    world = pair({**_guest(), "licence": {"channel": "VT:IA", "status": "licensed"}}, _host())
    _old, vm = world.fleet.vm("vm")
    target = world.fleet.host("hv2")
    target.licence.status = licence.NOTIFICATION
    world.fleet.migrate(vm, target)
    assert world.keyed("vm").values["AutomaticVMActivationHostMachineName"] == "hv.example.com"
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED
    assert _code(world) == 0xC004FD02
    target.licence.status = licence.LICENSED
    assert _code(world) == 0
    assert world.keyed("vm").values["AutomaticVMActivationHostMachineName"] == "hv2.example.com"


def test_guest_asks_when_it_starts() -> None:
    world = pair(_guest(), _host())
    _host_of, vm = world.fleet.vm("vm")
    world.fleet.set_state(vm, VmState.OFF)
    world.fleet.set_state(vm, VmState.RUNNING)
    assert world.keyed("vm").values["LicenseStatus"] == licence.LICENSED


def test_avma_key_on_metal_finds_no_host() -> None:
    world = pair(_guest(), _host())
    world.install_key("hv", "W3GNR-8DDXR-2TFRP-H8P33-DV9BG")
    with pytest.raises(CimError) as refusal:
        world.activate("hv")
    assert refusal.value.hresult == 0xC004FD01


def _events(world: World, machine: str, code: int) -> list[dict[str, Any]]:
    return [dict(row.values) for row in world.all(machine, CIMV2, "Win32_NTLogEvent") if row.values["EventCode"] == code]


@pytest.mark.fidelity(
    "Events 12309 and 12310; their strings are documented nowhere (switch of the scenario)",
    source="Microsoft, Automatic Virtual Machine Activation",
    confidence="L",
)
@pytest.mark.parametrize(
    ("shape", "guest_strings"), [("comma_string", 1), ("separate", 6), ("by_name", 1), ("code_only", 1), ("message_only", 0)]
)
def test_both_sides_write_an_event_in_the_scenario_s_shape(shape: str, guest_strings: int) -> None:
    world = pair(_guest(), _host(), rules={"events": {"shape": shape}})
    assert _code(world) == 0
    (guest_event,), (host_event,) = _events(world, "vm", GUEST_EVENT), _events(world, "hv", HOST_EVENT)
    assert len(guest_event["InsertionStrings"] or []) == guest_strings
    for event in (guest_event, host_event):
        assert event["Logfile"] == "Application"
        assert event["EventIdentifier"] == 0x4000 << 16 | event["EventCode"]
        assert "0x00000000" in event["Message"]
    vm_id = world.fleet.vm("vm")[1].id
    told = " ".join([*(host_event["InsertionStrings"] or []), host_event["Message"]])
    assert (vm_id in told) == (shape not in ("by_name", "code_only"))
    assert ("vm.example.com" in told) == (shape == "by_name")


def test_request_that_reaches_no_host_is_in_the_guest_s_log_alone() -> None:
    world = pair(_guest(activation_device=False), _host())
    assert _code(world) == 0xC004FD01
    assert "0xC004FD01" in _events(world, "vm", GUEST_EVENT)[0]["Message"]
    assert _events(world, "hv", HOST_EVENT) == []


def test_scenario_that_begins_activated_must_be_possible() -> None:
    activated = {**_guest(), "licence": {"channel": keys.AVMA, "status": "licensed"}}
    with pytest.raises(ScenarioError, match=r"0xC004FD03.*activated_by"):
        pair(activated, _host("2022", "standard"))
    activated["licence"]["activated_by"] = "hv2"
    world = pair(activated, _host("2022", "standard"))
    assert world.keyed("vm").values["AutomaticVMActivationHostMachineName"] == "hv2.example.com"
