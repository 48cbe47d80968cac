# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine runs on, what is wrong with its integration services, and what explains a refusal."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.activation_diagnosis import (
    chassis_may_explain,
    diagnose,
    explained,
    integration_may_explain,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    ActivationDevice,
    ComputerFacts,
    DataExchangeService,
    GuestFacts,
    IntegrationFacts,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import HostView
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.identity import identify_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.integration_verdict import integration_findings
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.platform import is_hyperv_guest, is_in_azure, why_not_this_platform
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

HYPERV = ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine")
AZURE = ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine", asset_tag="7783-7084-3265-9085-8269-3286-77")
QEMU = ComputerFacts(manufacturer="QEMU", model="Standard PC (Q35 + ICH9, 2009)")
WORKING = IntegrationFacts(ActivationDevice(True, 0), DataExchangeService(True, True, False))
FD01, FD02, FD03 = 0xC004FD01, 0xC004FD02, 0xC004FD03


@pytest.mark.parametrize(
    ("computer", "hyperv", "azure", "codes"),
    [
        (HYPERV, True, False, []),
        (ComputerFacts(manufacturer=" MICROSOFT corporation", model="virtual machine "), True, False, []),
        (AZURE, True, True, []),
        (QEMU, False, False, ["NOT_ON_HYPERV"]),
        (ComputerFacts(manufacturer="Microsoft Corporation"), None, False, []),
        (ComputerFacts(), None, False, []),
        (None, None, False, []),
    ],
)
def test_platform(computer: ComputerFacts | None, hyperv: bool | None, azure: bool, codes: list[str]) -> None:
    assert is_hyperv_guest(computer) is hyperv
    assert is_in_azure(computer) is azure
    found = why_not_this_platform(computer, "web01")
    assert [one.code for one in (found,) if one] == codes


def test_integration_services_that_work_or_could_not_be_asked_are_not_spoken_of() -> None:
    for integration in (WORKING, IntegrationFacts(), IntegrationFacts(ActivationDevice(True), DataExchangeService(True)), None):
        assert list(integration_findings(integration, PUBLISHED.release_of(20348), "web01")) == []


@pytest.mark.parametrize(
    ("integration", "code"),
    [
        (IntegrationFacts(ActivationDevice(False)), "ACTIVATION_DEVICE_MISSING"),
        (IntegrationFacts(ActivationDevice(True, 28)), "ACTIVATION_DEVICE_FAILED"),
        (IntegrationFacts(None, DataExchangeService(False)), "DATA_EXCHANGE_SERVICE_MISSING"),
        (IntegrationFacts(None, DataExchangeService(True, False, True)), "DATA_EXCHANGE_SERVICE_DISABLED"),
        (IntegrationFacts(None, DataExchangeService(True, True, True)), "DATA_EXCHANGE_SERVICE_DISABLED"),
        (IntegrationFacts(None, DataExchangeService(True, False, False)), "DATA_EXCHANGE_SERVICE_STOPPED"),
    ],
)
def test_integration_services_that_do_not_work(integration: IntegrationFacts, code: str) -> None:
    (found,) = integration_findings(integration, PUBLISHED.release_of(20348), "web01")
    assert found.code == code
    assert found.severity.value != "error", "it is known from reports only"


def test_only_old_guests_are_told_to_install_integration_services() -> None:
    def remedy(build: int) -> str:
        (found,) = integration_findings(IntegrationFacts(ActivationDevice(False)), PUBLISHED.release_of(build), "web01")
        return found.remedy

    assert "vmguest.iso" in remedy(9600)
    assert "vmguest.iso" not in remedy(14393)
    assert "updates of Windows" in remedy(20348)


def diagnosis(code: int | None, *, computer: ComputerFacts = HYPERV, host: HostView | None = None, **integration: object) -> list[str]:
    os = OsFacts(name="WEB01", build=20348, sku=7, product_type=3)
    facts = IntegrationFacts(**integration) if integration else WORKING  # type: ignore[arg-type]
    found = diagnose(GuestFacts(os, (), computer=computer, integration=facts), identify_os(os, PUBLISHED), host, code)
    return [one.code for one in found]


def host(*findings: str) -> HostView:
    return HostView("hv01", None, None, findings=findings)


def test_diagnosis() -> None:
    assert diagnosis(FD01) == []
    assert diagnosis(FD01, computer=AZURE) == ["GUEST_IN_AZURE"]
    assert diagnosis(FD02, host=host("HOST_IS_AZURE_LOCAL")) == ["AZURE_LOCAL_NOT_ENTITLED"]
    assert diagnosis(FD03, host=host("HOST_IS_AZURE_LOCAL")) == ["AZURE_LOCAL_NOT_ENTITLED"]
    assert diagnosis(FD01, host=host("HOST_IS_AZURE_LOCAL")) == []
    assert diagnosis(FD02, host=host("HOST_IN_AZURE")) == ["HOST_IN_AZURE"]
    assert diagnosis(FD01, device=ActivationDevice(False)) == ["ACTIVATION_DEVICE_MISSING"]
    assert diagnosis(None, device=ActivationDevice(True, 28)) == ["ACTIVATION_DEVICE_FAILED"]


@pytest.mark.parametrize(
    ("code", "timed_out", "chassis", "integration"),
    [
        (FD01, False, True, True),
        (FD02, False, True, False),
        (FD03, False, False, False),
        (None, True, True, True),
        (None, False, False, False),
    ],
)
def test_the_guest_is_asked_only_where_it_can_know(code: int | None, timed_out: bool, chassis: bool, integration: bool) -> None:
    assert chassis_may_explain(code, timed_out) is chassis
    assert integration_may_explain(code, timed_out) is integration


def test_the_device_of_a_guest_that_avma_does_not_activate_is_not_spoken_of() -> None:
    facts = IntegrationFacts(ActivationDevice(False), DataExchangeService(True, False, True))
    (found,) = integration_findings(facts, PUBLISHED.release_of(20348), "web01", activates=False)
    assert found.code == "DATA_EXCHANGE_SERVICE_DISABLED"


def test_what_explains_a_refusal_gives_its_remedy() -> None:
    refusal = (finding("ACTIVATION_FAILED", "web01", error="0xC004FD01", remedy="Activate it by KMS."),)
    cause = finding("ACTIVATION_DEVICE_MISSING", "web01", device="{x}", remedy="Update the integration services.")
    assert explained(refusal, ()) == refusal
    first, last = explained(refusal, (cause,))
    assert first == cause
    assert (last.code, last.cause, last.remedy) == ("ACTIVATION_FAILED", "0xC004FD01", "Update the integration services.")


def test_data_exchange_may_explain_a_refusal_or_not() -> None:
    refusal = (finding("ACTIVATION_FAILED", "web01", error="0xC004FD01", remedy="Activate it by KMS."),)
    _first, last = explained(refusal, (finding("DATA_EXCHANGE_SERVICE_DISABLED", "web01"),))
    assert last.remedy.startswith("In the guest run 'Set-Service")
    assert last.remedy.endswith("If that does not help: Activate it by KMS.")
