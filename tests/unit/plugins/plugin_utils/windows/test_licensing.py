# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Licences as they are read, and each shape in which Windows may refuse a licensing method."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import AvmaBinding, Channel, KmsSettings, LicenceStatus
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import (
    LicensingRefused,
    LicensingService,
    licensing_code,
    read_kms_settings,
    read_licences,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    EffectUnknown,
    Fault,
    InvalidClassOrQuery,
    QuotaExceeded,
    ReadTimedOut,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Sensitive
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import (
    FULL_QUERY,
    SHORT_QUERY,
    avma_product,
    product,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import fault, output, projected

CIMV2 = "root/cimv2"
SERVICE, PRODUCT = "SoftwareLicensingService", "SoftwareLicensingProduct"
SERVICE_QUERY = (
    "SELECT Version, KeyManagementServiceMachine, KeyManagementServicePort, KeyManagementServiceLookupDomain FROM SoftwareLicensingService"
)
VERSION_QUERY = "SELECT Version FROM SoftwareLicensingService"
KEY = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
HOST_NOT_ACTIVATED = 0xC004FD02
WSMAN_PROVIDER_FAILURE = 2150858755  # 0x80338003, of WS-Management itself


def test_one_query_and_no_row(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, [])
    assert read_licences(session) == ()


def test_an_avma_product(session: ScriptedSession) -> None:
    row = avma_product(
        LicenseStatus=1,
        LicenseStatusReason=0x4004F401,
        GracePeriodRemaining=10080,
        IAID="iaid",
        AutomaticVMActivationHostMachineName="HV01",
        AutomaticVMActivationHostDigitalPid2="pid",
        AutomaticVMActivationLastActivationTime="2026-11-20T10:00:00Z",
    )
    session.expect_query(CIMV2, FULL_QUERY, [row])
    (licence,) = read_licences(session)
    assert licence.channel is Channel.AVMA
    assert licence.licensed
    assert licence.product_id == "avma-id"
    assert licence.reason == 0x4004F401
    assert licence.partial_product_key == "78VHK"
    assert licence.minutes_remaining == 10080
    assert licence.avma == AvmaBinding("iaid", "HV01", "pid", datetime(2026, 11, 20, 10, tzinfo=UTC))


def test_1601_is_never(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, [product()])
    (licence,) = read_licences(session)
    assert licence.evaluation_end is None
    assert licence.channel is Channel.KMS_CLIENT
    assert licence.avma == AvmaBinding()
    assert licence.kms == KmsSettings(port=0)


def test_an_end_of_evaluation(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, [product(EvaluationEndDate="20270101000000.000000+000", Description="", ProductKeyChannel="")])
    (licence,) = read_licences(session)
    assert licence.evaluation_end == datetime(2027, 1, 1, tzinfo=UTC)
    assert licence.channel is Channel.EVALUATION


def test_null_properties(session: ScriptedSession) -> None:
    row = projected(
        ID="id", PartialProductKey="AAAAA", LicenseStatus=None, LicenseStatusReason=None, Description=None, EvaluationEndDate=None
    )
    session.expect_query(CIMV2, FULL_QUERY, [row])
    (licence,) = read_licences(session)
    assert licence.status is LicenceStatus.UNKNOWN
    assert (licence.status_code, licence.reason, licence.description, licence.minutes_remaining) == (None, None, None, None)
    assert licence.channel is Channel.UNKNOWN


def test_windows_without_avma_properties_is_asked_again_without_them(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, InvalidClassOrQuery())
    session.expect_query(CIMV2, SHORT_QUERY, [product()])
    (licence,) = read_licences(session)
    assert licence.partial_product_key == "VMK7H"
    assert licence.avma == AvmaBinding()


def test_class_that_is_missing_is_raised(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, InvalidClassOrQuery())
    session.expect_query(CIMV2, SHORT_QUERY, InvalidClassOrQuery())
    with pytest.raises(InvalidClassOrQuery):
        read_licences(session)


def test_refused_query_is_not_asked_again(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, AccessDenied())
    with pytest.raises(AccessDenied):
        read_licences(session)


def test_add_ons_and_products_without_key_are_left_out(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, FULL_QUERY, [product(LicenseIsAddon=True), product(PartialProductKey=None), product(PartialProductKey="")])
    assert read_licences(session) == ()


def test_licensed_product_comes_first_and_windows_order_stays(session: ScriptedSession) -> None:
    rows = [
        product(PartialProductKey=key, LicenseStatus=status) for key, status in (("AAAAA", 0), ("BBBBB", 5), ("CCCCC", 1), ("DDDDD", 0))
    ]
    session.expect_query(CIMV2, FULL_QUERY, rows)
    assert [licence.partial_product_key for licence in read_licences(session)] == ["CCCCC", "AAAAA", "BBBBB", "DDDDD"]


# methods


def done(method: str, return_value: int | None = 0, class_name: str = SERVICE) -> object:
    return output(CIMV2, class_name, method, **({} if return_value is None else {"ReturnValue": return_value}))


def test_install_and_refresh_ask_for_the_version_once(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, SERVICE_QUERY, [projected(Version="10.0.20348.1")])
    keys = {"Version": "10.0.20348.1"}
    session.expect_invoke(
        CIMV2,
        SERVICE,
        "InstallProductKey",
        {"ProductKey": Sensitive(KEY)},
        keys,
        output(CIMV2, SERVICE, "InstallProductKey", ReturnValue=0),
    )
    session.expect_invoke(CIMV2, SERVICE, "RefreshLicenseStatus", {}, keys, output(CIMV2, SERVICE, "RefreshLicenseStatus", ReturnValue=0))
    service = LicensingService(session)
    service.install_key(KEY)
    service.refresh()


def test_activate_names_the_product(session: ScriptedSession) -> None:
    session.expect_invoke(CIMV2, PRODUCT, "Activate", {}, {"ID": "avma-id"}, output(CIMV2, PRODUCT, "Activate"))
    LicensingService(session).activate("avma-id")


@pytest.mark.parametrize("value", [HOST_NOT_ACTIVATED, HOST_NOT_ACTIVATED - 2**32])
def test_refusal_as_return_value(session: ScriptedSession, value: int) -> None:
    session.expect_invoke(CIMV2, PRODUCT, "Activate", {}, {"ID": "id"}, output(CIMV2, PRODUCT, "Activate", ReturnValue=value))
    with pytest.raises(LicensingRefused) as caught:
        LicensingService(session).activate("id")
    assert caught.value.code == HOST_NOT_ACTIVATED


SHAPES = {
    "outer code": fault(code=HOST_NOT_ACTIVATED, provider_text="Der Host ist nicht aktiviert."),
    "inner code": fault(code=WSMAN_PROVIDER_FAILURE, inner_code=HOST_NOT_ACTIVATED, provider_text="The host is not activated."),
    "extended status": fault(code=WSMAN_PROVIDER_FAILURE, status_code=HOST_NOT_ACTIVATED),
    "CIM error with code": fault(wmi_error=f"<p:CIMStatusCode>1</p:CIMStatusCode><p:error_Code>{HOST_NOT_ACTIVATED}</p:error_Code>"),
    "CIM error with message ID": fault(wmi_error="<p:CIMStatusCode>1</p:CIMStatusCode><p:MessageID>HRESULT 0xc004fd02</p:MessageID>"),
    "text of the provider only": fault(code=WSMAN_PROVIDER_FAILURE, provider_text="Fehler 0xC004FD02 beim Aufruf"),
    "text of the reason only": fault(text="The call failed: 0xc004fd02."),
    "text beside a generic code": fault(code=0x80041001, provider_text="HRESULT: 0xC004FD02"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_refusal_as_fault(session: ScriptedSession, shape: Fault) -> None:
    session.expect_invoke(CIMV2, PRODUCT, "Activate", {}, {"ID": "id"}, shape)
    with pytest.raises(LicensingRefused) as caught:
        LicensingService(session).activate("id")
    assert caught.value.code == HOST_NOT_ACTIVATED
    assert "SoftwareLicensingProduct.Activate" in str(caught.value)
    assert "0xC004FD02 SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED" in str(caught.value)


def test_code_of_licensing_that_is_in_no_catalogue_still_is_a_refusal() -> None:
    assert licensing_code(fault(code=0xC004ABCD)) == 0xC004ABCD


@pytest.mark.parametrize(
    "other",
    [
        fault(code=0x803381A6, subcode="w:QuotaLimit", text="Too many operations."),
        fault(subcode="a:DestinationUnreachable", text="No such instance."),
        fault(code=0x80338041, provider_text="A parameter is wrong (0x12345678)."),
    ],
    ids=["quota", "no instance", "another number in the text"],
)
def test_fault_about_something_else_is_raised_as_it_is(session: ScriptedSession, other: Fault) -> None:
    session.expect_invoke(CIMV2, PRODUCT, "Activate", {}, {"ID": "id"}, other)
    with pytest.raises(Fault) as caught:
        LicensingService(session).activate("id")
    assert caught.value is other


def test_quota_stays_a_quota() -> None:
    assert isinstance(fault(code=0x803381A6, subcode="w:QuotaLimit"), QuotaExceeded)


def test_lost_answer_is_no_refusal(session: ScriptedSession) -> None:
    lost = EffectUnknown("SoftwareLicensingProduct.Activate", ReadTimedOut("http://web01:5985/wsman", "no answer"))
    session.expect_invoke(CIMV2, PRODUCT, "Activate", {}, {"ID": "id"}, lost)
    with pytest.raises(EffectUnknown):
        LicensingService(session).activate("id")


# KMS settings


def test_kms_settings_of_a_product(session: ScriptedSession) -> None:
    row = product(
        KeyManagementServiceMachine="kms01",
        KeyManagementServicePort=1689,
        KeyManagementServiceLookupDomain="corp.example",
        DiscoveredKeyManagementServiceMachineName="kms02",
    )
    session.expect_query(CIMV2, FULL_QUERY, [row])
    (licence,) = read_licences(session)
    assert licence.kms == KmsSettings("kms01", 1689, "corp.example", "kms02")


def test_kms_settings_of_the_service(session: ScriptedSession) -> None:
    session.expect_query(
        CIMV2, SERVICE_QUERY, [projected(Version="10.0", KeyManagementServiceMachine="kms01", KeyManagementServicePort=1688)]
    )
    assert read_kms_settings(session) == KmsSettings("kms01", 1688)


@pytest.mark.parametrize("answer", [InvalidClassOrQuery(), fault(code=0x80041003), []])
def test_kms_settings_that_cannot_be_read_are_no_failure(session: ScriptedSession, answer: Any) -> None:
    session.expect_query(CIMV2, SERVICE_QUERY, answer)
    assert read_kms_settings(session) is None


def test_a_service_without_these_settings_still_tells_its_version(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, SERVICE_QUERY, InvalidClassOrQuery())
    session.expect_query(CIMV2, VERSION_QUERY, [projected(Version="6.1")])
    service = LicensingService(session)
    assert (service.version(), service.kms) == ("6.1", None)


def test_the_settings_come_with_the_version(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, SERVICE_QUERY, [projected(Version="10.0", KeyManagementServiceMachine="kms01")])
    service = LicensingService(session)
    assert (service.version(), service.kms) == ("10.0", KmsSettings("kms01"))
