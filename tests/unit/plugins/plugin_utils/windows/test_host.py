# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operating system, computer, cluster and Hyper-V's presence: what is asked and how rows become facts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import ClusterNode, OsFacts
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.cluster import read_cluster
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.host import read_host
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.hyperv import hyperv_present
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.rows import number_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.system import read_computer, read_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    ConnectionDropped,
    Fault,
    InvalidClassOrQuery,
    InvalidNamespace,
    MalformedAnswer,
    NotFound,
    OperationTimedOut,
    ProviderFailure,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import FULL_QUERY, product
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import Rows, ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import projected

CIMV2, V2, CLUSTER = "root/cimv2", "root/virtualization/v2", "root/mscluster"
OS_QUERY = "SELECT BuildNumber, Caption, CSName, LastBootUpTime, OperatingSystemSKU, OSLanguage, ProductType, SuiteMask, Version FROM Win32_OperatingSystem"
COMPUTER_QUERY = "SELECT DNSHostName, Domain, HypervisorPresent, Manufacturer, Model, Name, PartOfDomain FROM Win32_ComputerSystem"
SERVICE_QUERY = "SELECT Name FROM Msvm_VirtualSystemManagementService"
RUNNING_QUERY = "SELECT Name, State FROM Win32_Service WHERE Name = 'vmms' OR Name = 'sppsvc'"
CLUSTER_QUERY = "SELECT Name FROM MSCluster_Cluster"
NODE_QUERY = "SELECT BuildNumber, Name, State FROM MSCluster_Node"


def os_row(**changed: str | int | None) -> Instance:
    values: dict[str, str | int | None] = {
        "BuildNumber": "20348",
        "Caption": "Microsoft Windows Server 2022 Datacenter",
        "CSName": "HV01",
        "LastBootUpTime": "2026-11-02T04:12:09.5Z",
        "OperatingSystemSKU": 8,
        "OSLanguage": 1033,
        "ProductType": 3,
        "SuiteMask": 400,
        "Version": "10.0.20348",
    }
    return projected(**{**values, **changed})


def computer_row() -> Instance:
    return projected(
        DNSHostName="hv01",
        Domain="corp.example",
        HypervisorPresent=True,
        Manufacturer="Dell Inc.",
        Model="PowerEdge R750",
        Name="HV01",
        PartOfDomain=True,
    )


def test_operating_system_is_one_query_of_named_properties(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, OS_QUERY, [os_row()])
    assert read_os(session) == OsFacts(
        name="HV01",
        caption="Microsoft Windows Server 2022 Datacenter",
        version="10.0.20348",
        build=20348,
        sku=8,
        product_type=3,
        suite_mask=400,
        language=1033,
        last_boot=datetime(2026, 11, 2, 4, 12, 9, 500000, tzinfo=UTC),
    )


def test_null_properties_are_not_known(session: ScriptedSession) -> None:
    names = (
        "BuildNumber",
        "Caption",
        "CSName",
        "LastBootUpTime",
        "OperatingSystemSKU",
        "OSLanguage",
        "ProductType",
        "SuiteMask",
        "Version",
    )
    session.expect_query(CIMV2, OS_QUERY, [os_row(**dict.fromkeys(names))])
    assert read_os(session) == OsFacts()


def test_no_row_of_a_singleton_is_malformed(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, OS_QUERY, [])
    with pytest.raises(MalformedAnswer, match="Win32_OperatingSystem"):
        read_os(session)


def test_computer(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, COMPUTER_QUERY, [computer_row()])
    computer = read_computer(session)
    assert (computer.name, computer.dns_name, computer.domain, computer.part_of_domain) == ("HV01", "hv01", "corp.example", True)
    assert (computer.manufacturer, computer.model, computer.hypervisor_present) == ("Dell Inc.", "PowerEdge R750", True)


@pytest.mark.parametrize(
    ("text", "number"),
    [("20348", 20348), (" 9600 ", 9600), ("", None), (None, None), ("-1", None), ("0x10", None), ("٢", None), ("²", None)],
)
def test_number_kept_as_text(text: str | None, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("missing", [InvalidNamespace(), InvalidClassOrQuery(), NotFound()])
def test_host_without_the_role(session: ScriptedSession, missing: Exception) -> None:
    session.expect_query(V2, SERVICE_QUERY, missing)
    assert hyperv_present(session) is False


def test_management_service_answers(session: ScriptedSession) -> None:
    session.expect_query(V2, SERVICE_QUERY, [projected(Name="vmms")])
    assert hyperv_present(session) is True


@pytest.mark.parametrize(
    ("services", "present"),
    [
        ([projected(Name="vmms", State="Running"), projected(Name="sppsvc", State="Stopped")], None),
        ([projected(Name="vmms", State="Stopped"), projected(Name="sppsvc", State="Running")], False),
        ([projected(Name="sppsvc", State="Running")], False),
        ([], None),  # no service at all is shown to an account that may not see them
        (AccessDenied(), None),
    ],
)
def test_a_namespace_without_rows(session: ScriptedSession, services: Rows, present: bool | None) -> None:
    session.expect_query(V2, SERVICE_QUERY, [])
    session.expect_query(CIMV2, RUNNING_QUERY, services)
    assert hyperv_present(session) is present


CHILDREN = "SELECT Name FROM __NAMESPACE"


@pytest.mark.parametrize("fault", [Fault(code=0x80338003), ProviderFailure(code=0x80041001)])
@pytest.mark.parametrize(
    ("children", "present"),
    [
        ({"root": ["CIMV2", "virtualization"], "root/virtualization": ["v2"]}, None),
        ({"root": ["CIMV2", "virtualization"], "root/virtualization": ["v1"]}, False),
        ({"root": ["CIMV2"]}, False),
        ({"root": [], "root/virtualization": []}, None),
        ({"root": None}, None),
    ],
)
def test_a_fault_that_says_nothing_of_the_namespace(
    session: ScriptedSession, fault: Fault, children: dict[str, list[str] | None], present: bool | None
) -> None:
    session.expect_query(V2, SERVICE_QUERY, fault)
    for parent, names in children.items():
        session.expect_query(parent, CHILDREN, AccessDenied() if names is None else [projected(Name=name) for name in names])
    if present is None:
        with pytest.raises(Fault):
            hyperv_present(session)
    else:
        assert hyperv_present(session) is present
    session.assert_played()


def test_a_cluster_that_wmi_does_not_list_is_none(session: ScriptedSession) -> None:
    session.expect_query(CLUSTER, CLUSTER_QUERY, Fault(code=0x80338003))
    session.expect_query("root", CHILDREN, [projected(Name="CIMV2")])
    assert read_cluster(session) is None


def test_refused_virtualization_namespace_is_raised(session: ScriptedSession) -> None:
    session.expect_query(V2, SERVICE_QUERY, AccessDenied())
    with pytest.raises(AccessDenied):
        hyperv_present(session)


@pytest.mark.parametrize("missing", [InvalidNamespace(), InvalidClassOrQuery(), NotFound()])
def test_no_member_of_a_cluster_takes_one_query(session: ScriptedSession, missing: Exception) -> None:
    session.expect_query(CLUSTER, CLUSTER_QUERY, missing)
    assert read_cluster(session) is None


def test_feature_installed_but_cluster_not_formed(session: ScriptedSession) -> None:
    session.expect_query(CLUSTER, CLUSTER_QUERY, [])
    assert read_cluster(session) is None


def test_cluster_with_its_nodes(session: ScriptedSession) -> None:
    session.expect_query(CLUSTER, CLUSTER_QUERY, [projected(Name="CL1")])
    states = {"HV01": 0, "HV02": 1, "HV03": 2, "HV04": 3, "HV05": 77, "HV06": None}
    session.expect_query(CLUSTER, NODE_QUERY, [projected(Name=name, State=state) for name, state in states.items()])
    cluster = read_cluster(session)
    assert cluster is not None
    assert cluster.name == "CL1"
    assert cluster.nodes == tuple(
        ClusterNode(name, state) for name, state in zip(states, ["up", "down", "paused", "joining", "unknown", "unknown"], strict=True)
    )


def expect_host(session: ScriptedSession, cluster: Rows) -> None:
    session.expect_query(CIMV2, OS_QUERY, [os_row()])
    session.expect_query(CIMV2, COMPUTER_QUERY, [computer_row()])
    session.expect_query(CIMV2, FULL_QUERY, [product(PartialProductKey="AAAAA", LicenseStatus=1, ProductKeyChannel="OEM:DM")])
    session.expect_query(V2, SERVICE_QUERY, [projected(Name="vmms")])
    session.expect_query(CLUSTER, CLUSTER_QUERY, cluster)


def test_host_takes_at_most_eight_requests(session: ScriptedSession) -> None:
    expect_host(session, [projected(Name="CL1")])
    session.expect_query(CLUSTER, NODE_QUERY, [projected(Name="HV01", State=0)])
    facts = read_host(session)
    assert len(session.calls) <= 8
    assert facts.hyperv is True
    assert facts.cluster_known is True
    assert facts.cluster is not None
    assert facts.cluster.nodes == (ClusterNode("HV01", "up"),)
    assert facts.licence is not None
    assert facts.licence.partial_product_key == "AAAAA"


@pytest.mark.parametrize("refused", [AccessDenied(), ProviderFailure(code=0x80041013), OperationTimedOut(), Fault()])
def test_cluster_that_cannot_be_asked_is_unknown(session: ScriptedSession, refused: Exception) -> None:
    expect_host(session, refused)
    if not isinstance(refused, (AccessDenied, OperationTimedOut)):
        session.expect_query("root", CHILDREN, [projected(Name="mscluster")])
    facts = read_host(session)
    assert facts.cluster is None
    assert facts.cluster_known is False


def test_refused_list_of_nodes_leaves_the_cluster_unknown(session: ScriptedSession) -> None:
    expect_host(session, [projected(Name="CL1")])
    session.expect_query(CLUSTER, NODE_QUERY, AccessDenied())
    facts = read_host(session)
    assert (facts.cluster, facts.cluster_known) == (None, False)


def test_connection_lost_at_the_cluster_is_no_unknown_cluster(session: ScriptedSession) -> None:
    expect_host(session, ConnectionDropped("http://hv01:5985/wsman", "closed"))
    with pytest.raises(WsManError, match="closed"):
        read_host(session)


def test_host_without_any_key(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, OS_QUERY, [os_row()])
    session.expect_query(CIMV2, COMPUTER_QUERY, [computer_row()])
    session.expect_query(CIMV2, FULL_QUERY, [])
    session.expect_query(V2, SERVICE_QUERY, InvalidNamespace())
    session.expect_query(CLUSTER, CLUSTER_QUERY, InvalidNamespace())
    facts = read_host(session)
    assert facts.licence is None
    assert facts.hyperv is False
    assert (facts.cluster, facts.cluster_known) == (None, True)
