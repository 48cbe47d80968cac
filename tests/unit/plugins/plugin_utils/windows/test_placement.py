# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a guest runs, from its own registry; and how much is asked of a guest."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import GuestPlacement, KmsSettings
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.guest import read_guest, read_licence_state
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.placement import PARAMETERS_KEY, read_host_name, read_placement
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.registry import read_string, value_names
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    ConnectionDropped,
    InvalidClassOrQuery,
    MethodFailed,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import FULL_QUERY, avma_product
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession, registry_value
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.test_host import COMPUTER_QUERY, OS_QUERY, computer_row, os_row
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.test_licensing import SERVICE_QUERY
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import output, projected

CIMV2 = "root/cimv2"
VM = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
WRONG_TYPE = 2147749893


def expect_value(session: ScriptedSession, name: str, answer: Instance | Exception) -> None:
    arguments = {"hDefKey": 2147483650, "sSubKeyName": PARAMETERS_KEY, "sValueName": name}
    session.expect_invoke(CIMV2, "StdRegProv", "GetStringValue", arguments, None, answer)


def expect_names(session: ScriptedSession, answer: Instance | Exception) -> None:
    session.expect_invoke(CIMV2, "StdRegProv", "EnumValues", {"hDefKey": 2147483650, "sSubKeyName": PARAMETERS_KEY}, None, answer)


def names(*found: str, return_value: int = 0) -> Instance:
    return output(CIMV2, "StdRegProv", "EnumValues", ReturnValue=return_value, **({"sNames": found} if found else {}))


@pytest.mark.parametrize("return_value", [1, 2])
def test_value_or_key_that_is_not_there(session: ScriptedSession, return_value: int) -> None:
    expect_value(session, "x", registry_value(None, return_value))
    assert read_string(session, PARAMETERS_KEY, "x") is None


def test_value_of_another_type_is_a_failure_of_the_registry(session: ScriptedSession) -> None:
    expect_value(session, "x", registry_value(None, WRONG_TYPE))
    with pytest.raises(MethodFailed, match="0x80041005"):
        read_string(session, PARAMETERS_KEY, "x")


def test_names_of_values(session: ScriptedSession) -> None:
    expect_names(session, names("a", "b"))
    expect_names(session, names(return_value=2))
    assert value_names(session, PARAMETERS_KEY) == ("a", "b")
    assert value_names(session, PARAMETERS_KEY) is None


def test_host_by_its_full_name_takes_one_call(session: ScriptedSession) -> None:
    expect_value(session, "PhysicalHostNameFullyQualified", registry_value("hv01.corp.example"))
    assert read_host_name(session) == GuestPlacement(host_name="hv01", host_fqdn="hv01.corp.example")


@pytest.mark.parametrize(("missing", "name"), [(registry_value(None, 1), "HV01"), (registry_value("", 0), "HV01")])
def test_host_by_its_short_name(session: ScriptedSession, missing: Instance, name: str) -> None:
    expect_value(session, "PhysicalHostNameFullyQualified", missing)
    expect_value(session, "PhysicalHostName", registry_value(name))
    assert read_host_name(session) == GuestPlacement(host_name=name)


def test_guest_without_data_exchange_has_no_host(session: ScriptedSession) -> None:
    expect_value(session, "PhysicalHostNameFullyQualified", registry_value(None, 2))
    expect_value(session, "PhysicalHostName", registry_value(None, 2))
    assert read_host_name(session) == GuestPlacement()


REFUSALS = [AccessDenied(), InvalidClassOrQuery(), registry_value(None, WRONG_TYPE)]
REFUSAL_NAMES = ["access denied", "no StdRegProv", "wrong type"]


@pytest.mark.parametrize("refusal", REFUSALS, ids=REFUSAL_NAMES)
def test_registry_that_refuses_leaves_the_host_unknown(session: ScriptedSession, refusal: Instance | Exception) -> None:
    expect_value(session, "PhysicalHostNameFullyQualified", refusal)
    expect_value(session, "PhysicalHostName", refusal)
    assert read_host_name(session) == GuestPlacement()


def test_lost_connection_is_no_unknown_host(session: ScriptedSession) -> None:
    expect_value(session, "PhysicalHostNameFullyQualified", ConnectionDropped("http://web01:5985/wsman", "closed"))
    with pytest.raises(ConnectionDropped):
        read_host_name(session)


def test_placement_asks_only_for_values_that_are_there(session: ScriptedSession) -> None:
    expect_names(session, names("HostName", "physicalhostname", "VirtualMachineId"))
    expect_value(session, "VirtualMachineId", registry_value("{" + VM.lower() + "}"))
    expect_value(session, "physicalhostname", registry_value("HV01"))
    assert read_placement(session) == GuestPlacement(host_name="HV01", vm_id=VM)


@pytest.mark.parametrize("refusal", REFUSALS, ids=REFUSAL_NAMES)
def test_list_of_values_that_is_refused_leaves_the_placement_unknown(session: ScriptedSession, refusal: Instance | Exception) -> None:
    expect_names(session, refusal)
    assert read_placement(session) == GuestPlacement()


def test_one_value_of_another_type_leaves_the_others(session: ScriptedSession) -> None:
    expect_names(session, names("PhysicalHostName", "VirtualMachineName"))
    expect_value(session, "PhysicalHostName", registry_value(None, WRONG_TYPE))
    expect_value(session, "VirtualMachineName", registry_value("web01"))
    assert read_placement(session) == GuestPlacement(vm_name="web01")


def test_guest_that_needs_nothing_takes_two_queries(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, OS_QUERY, [os_row()])
    session.expect_query(CIMV2, FULL_QUERY, [avma_product(LicenseStatus=1)])
    facts = read_licence_state(session)
    assert facts.primary is not None
    assert facts.primary.licensed
    assert (facts.placement, facts.computer) == (None, None)


def test_whole_guest(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, OS_QUERY, [os_row()])
    session.expect_query(CIMV2, FULL_QUERY, [])
    expect_names(session, names(return_value=2))
    session.expect_query(CIMV2, COMPUTER_QUERY, [computer_row()])
    session.expect_query(CIMV2, SERVICE_QUERY, [projected(Version="10.0", KeyManagementServiceMachine="kms01")])
    facts = read_guest(session)
    assert facts.kms == KmsSettings("kms01")
    assert facts.primary is None
    assert facts.placement == GuestPlacement()
    assert facts.computer is not None
    assert facts.computer.model == "PowerEdge R750"
