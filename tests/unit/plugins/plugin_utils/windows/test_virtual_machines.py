# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines and their Data Exchange as the host shows them, hostile items among them."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import KvpHealth, KvpItem, VmState
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.hyperv import NoHyperv, Vm, read_vms
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.kvp import read_settings, read_vm_facts
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import EncodingLimit, InvalidNamespace, NotFound
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import kvp_item, projected, whole

V2 = "root/virtualization/v2"
VM_QUERY = "SELECT ElementName, EnabledState, Name FROM Msvm_ComputerSystem"
SETTING_QUERY = "SELECT * FROM Msvm_KvpExchangeComponentSettingData"
COMPONENT_QUERY = "SELECT * FROM Msvm_KvpExchangeComponent"
KVP = "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"
WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"
CHECKPOINT = "9F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D13"


def vm_row(identifier: str, name: str | None = "web01", state: int | None = 2) -> Instance:
    return projected(ElementName=name, EnabledState=state, Name=identifier)


def setting(instance_id: str, enabled: int | None = 2, host_items: tuple[str, ...] = ()) -> Instance:
    values = {"HostExchangeItems": host_items} if host_items else {}
    return whole(
        V2, "Msvm_KvpExchangeComponentSettingData", InstanceID=instance_id, EnabledState=enabled, ElementName="キー値ペア交換", **values
    )


def component(owner: str, status: tuple[int, ...] = (2,), enabled: int = 2, **items: tuple[str, ...]) -> Instance:
    return whole(V2, "Msvm_KvpExchangeComponent", SystemName=owner, EnabledState=enabled, OperationalStatus=status, **items)


def vm(identifier: str) -> Vm:
    return Vm(identifier, "", VmState.OTHER, None)


def test_host_row_is_told_apart_by_its_name(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row("HV01", "HV01"), vm_row(WEB.lower()), vm_row(SQL, None, None)])
    assert read_vms(session) == (Vm(WEB, "web01", VmState.RUNNING, 2), Vm(SQL, "", VmState.OTHER, None))


@pytest.mark.parametrize(
    ("code", "state"),
    [(2, "running"), (3, "off"), (4, "shutting_down"), (6, "saved"), (9, "paused"), (10, "starting"), (32768, "other"), (None, "other")],
)
def test_states(session: ScriptedSession, code: int | None, state: str) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB, state=code)])
    assert [machine.state.value for machine in read_vms(session)] == [state]


def test_name_that_only_begins_like_a_guid_is_no_machine(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB + "-HOST"), vm_row("{" + WEB + "}")])
    assert read_vms(session) == ()


@pytest.mark.parametrize("missing", [InvalidNamespace(), NotFound()])
def test_machine_without_hyperv_is_told_as_such(session: ScriptedSession, missing: Exception) -> None:
    session.expect_query(V2, VM_QUERY, missing)
    with pytest.raises(NoHyperv, match="Hyper-V is not installed"):
        read_vms(session)


def test_definitions_checkpoints_and_other_components_are_not_the_switch(session: ScriptedSession) -> None:
    rows = [
        setting(f"Microsoft:Definition\\{KVP}\\Default", 3),
        setting(f"Microsoft:{CHECKPOINT}\\{KVP}", 3),
        setting(f"Microsoft:{WEB}\\84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", 3),
        setting(f"Microsoft:{WEB.lower()}\\{KVP.lower()}", 2),
        setting("", 3),
    ]
    session.expect_query(V2, SETTING_QUERY, rows)
    settings = read_settings(session, [vm(WEB)])
    assert list(settings) == [WEB]
    assert settings[WEB].enabled is True
    assert settings[WEB].setting_id == f"Microsoft:{WEB.lower()}\\{KVP.lower()}"


def test_checkpoint_below_the_machine_does_not_hide_the_machine_s_own_switch(session: ScriptedSession) -> None:
    own, checkpoint = f"Microsoft:{WEB}\\{KVP}", f"Microsoft:{WEB}\\{CHECKPOINT}\\{KVP}"
    session.expect_query(V2, SETTING_QUERY, [setting(own, 2), setting(checkpoint, 3)])
    assert read_settings(session, [vm(WEB)])[WEB].setting_id == own


@pytest.mark.parametrize(("code", "enabled"), [(2, True), (3, False), (5, None), (None, None)])
def test_switch(session: ScriptedSession, code: int | None, enabled: bool | None) -> None:
    session.expect_query(V2, SETTING_QUERY, [setting(f"Microsoft:{WEB}\\{KVP}", code)])
    assert read_settings(session, [vm(WEB)])[WEB].enabled is enabled


def test_all_machines_in_three_queries(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB), vm_row(SQL, "sql01", 3)])
    session.expect_query(
        V2, SETTING_QUERY, [setting(f"Microsoft:{WEB}\\{KVP}", 2, (kvp_item("Role", "web", 0),)), setting(f"Microsoft:{SQL}\\{KVP}", 2)]
    )
    items = {"GuestIntrinsicExchangeItems": (kvp_item("OSName", "Windows"),), "GuestExchangeItems": (kvp_item("a", None, 1),)}
    session.expect_query(V2, COMPONENT_QUERY, [component(WEB.lower(), (2, 32775), **items), component("HV01")])
    web, sql = read_vm_facts(session)
    assert len(session.calls) == 3
    assert web.kvp.intrinsic == (KvpItem("OSName", "Windows"),)
    assert web.kvp.guest == (KvpItem("a", ""),)
    assert web.kvp.host == (KvpItem("Role", "web"),)
    assert web.kvp.health is KvpHealth.OK
    assert (sql.id, sql.state, sql.kvp.intrinsic, sql.kvp.health) == (SQL, VmState.OFF, (), KvpHealth.NOT_RUNNING)


def test_host_items_are_read_only_where_they_are_wanted(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB)])
    row = projected(EnabledState=3, InstanceID=f"Microsoft:{WEB}\\{KVP}")
    session.expect_query(V2, "SELECT EnabledState, InstanceID FROM Msvm_KvpExchangeComponentSettingData", [row])
    session.expect_query(V2, COMPONENT_QUERY, [component(WEB)])
    (machine,) = read_vm_facts(session, items=False)
    assert (machine.kvp.enabled, machine.kvp.host) == (False, ())


def test_guest_that_wrote_too_much_does_not_hide_the_others(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB), vm_row(SQL, "sql01")])
    session.expect_query(V2, SETTING_QUERY, EncodingLimit(code=2150858823))
    switch = projected(EnabledState=2, InstanceID=f"Microsoft:{WEB}\\{KVP}")
    session.expect_query(V2, "SELECT EnabledState, InstanceID FROM Msvm_KvpExchangeComponentSettingData", [switch])
    session.expect_query(V2, COMPONENT_QUERY, EncodingLimit(code=2150858823))
    narrow = "SELECT EnabledState, GuestIntrinsicExchangeItems, OperationalStatus, SystemName FROM Msvm_KvpExchangeComponent"
    row = projected(EnabledState=2, GuestIntrinsicExchangeItems=(kvp_item("OSName", "Windows"),), OperationalStatus=(2,), SystemName=WEB)
    session.expect_query(V2, narrow, [row])
    web, sql = read_vm_facts(session)
    assert web.kvp.intrinsic == (KvpItem("OSName", "Windows"),)
    assert (web.kvp.enabled, web.kvp.health) == (True, KvpHealth.OK)
    assert web.kvp.guest_items_left_out
    assert sql.kvp.guest_items_left_out


def test_host_without_machines_takes_one_query(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row("HV01")])
    assert read_vm_facts(session) == ()


@pytest.mark.parametrize(
    ("state", "switch", "status", "health"),
    [
        (2, 2, (2,), "ok"),
        (2, 2, (12,), "no_contact"),
        (2, 2, (13,), "lost"),
        (2, 2, (3,), "degraded"),
        (2, 2, (7, 32775), "protocol_mismatch"),
        (2, 2, (9,), "unknown"),
        (2, 2, (), "unknown"),
        (2, 3, (2,), "disabled"),
        (3, 3, (2,), "disabled"),
        (3, 2, (2,), "not_running"),
        (6, 2, (12,), "not_running"),
    ],
)
def test_health(session: ScriptedSession, state: int, switch: int, status: tuple[int, ...], health: str) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB, state=state)])
    session.expect_query(V2, SETTING_QUERY, [setting(f"Microsoft:{WEB}\\{KVP}", switch)])
    session.expect_query(V2, COMPONENT_QUERY, [component(WEB, status)])
    (machine,) = read_vm_facts(session)
    assert machine.kvp.health.value == health


def test_machine_without_setting_and_component_is_unknown(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB)])
    session.expect_query(V2, SETTING_QUERY, [])
    session.expect_query(V2, COMPONENT_QUERY, [])
    (machine,) = read_vm_facts(session)
    assert (machine.kvp.setting_id, machine.kvp.enabled, machine.kvp.health) == (None, None, KvpHealth.UNKNOWN)


def test_component_says_the_switch_where_the_setting_is_missing(session: ScriptedSession) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB)])
    session.expect_query(V2, SETTING_QUERY, [])
    session.expect_query(V2, COMPONENT_QUERY, [component(WEB, enabled=3)])
    (machine,) = read_vm_facts(session)
    assert (machine.kvp.enabled, machine.kvp.health) == (False, KvpHealth.DISABLED)


GOOD = kvp_item("good", "value")
MALFORMED = {
    "cut off": '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Name" TYPE="string"><VALUE>x',
    "no XML": "Name=x; Data=y",
    "empty": "",
    "another element": "<html><body>hello</body></html>",
    "entity bomb": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><INSTANCE>&b;</INSTANCE>',
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><INSTANCE CLASSNAME="a">&a;</INSTANCE>',
    "markup in a value": '<INSTANCE CLASSNAME="a"><PROPERTY NAME="Name" TYPE="string"><VALUE><b>x</VALUE></PROPERTY></INSTANCE>',
    "two names": '<INSTANCE CLASSNAME="a"><PROPERTY NAME="Name" TYPE="string"><VALUE>x</VALUE><VALUE>y</VALUE></PROPERTY></INSTANCE>',
    "no name": '<INSTANCE CLASSNAME="a"><PROPERTY NAME="Data" TYPE="string"><VALUE>x</VALUE></PROPERTY></INSTANCE>',
    "deep": "<INSTANCE>" + "<PROPERTY>" * 5000 + "</PROPERTY>" * 5000 + "</INSTANCE>",
}


@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED.keys())
def test_item_that_cannot_be_read_hides_no_other(session: ScriptedSession, bad: str) -> None:
    values = {"SystemName": WEB, "EnabledState": "2", "OperationalStatus": ("2",), "GuestExchangeItems": (GOOD, bad, GOOD)}
    session.expect_query(V2, VM_QUERY, [vm_row(WEB), vm_row(SQL)])
    session.expect_query(V2, SETTING_QUERY, [])
    # as the values come out of the envelope's parser: some of these texts XML itself could not carry
    session.expect_query(
        V2, COMPONENT_QUERY, [Instance("Msvm_KvpExchangeComponent", V2, values), component(SQL, GuestExchangeItems=(GOOD,))]
    )
    web, sql = read_vm_facts(session)
    assert web.kvp.guest == (KvpItem("good", "value"), KvpItem("good", "value"))
    assert sql.kvp.guest == (KvpItem("good", "value"),)


@pytest.mark.parametrize("character", ["\x01", "\ud800", "\uffff"])
def test_character_that_xml_cannot_carry_costs_only_itself(session: ScriptedSession, character: str) -> None:
    values = {"SystemName": WEB, "GuestExchangeItems": (GOOD.replace("value", f"a{character}b"),)}
    session.expect_query(V2, VM_QUERY, [vm_row(WEB)])
    session.expect_query(V2, SETTING_QUERY, [])
    session.expect_query(V2, COMPONENT_QUERY, [Instance("Msvm_KvpExchangeComponent", V2, values)])
    (machine,) = read_vm_facts(session)
    (item,) = machine.kvp.guest
    assert item.name == "good"
    assert item.data.startswith("a")
    assert item.data.endswith("b")
    assert character not in item.data


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "a & b", "\u202eevil", "名前", "=cmd|' /C calc'!A0"])
def test_markup_inside_of_an_item_is_plain_text(session: ScriptedSession, text: str) -> None:
    session.expect_query(V2, VM_QUERY, [vm_row(WEB)])
    session.expect_query(V2, SETTING_QUERY, [])
    session.expect_query(V2, COMPONENT_QUERY, [component(WEB, GuestExchangeItems=(kvp_item(text, text, 1),))])
    (machine,) = read_vm_facts(session)
    assert machine.kvp.guest == (KvpItem(text, text),)
