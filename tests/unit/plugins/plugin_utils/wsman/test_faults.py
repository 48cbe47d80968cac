# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which error a fault becomes, and what it says. Classes are chosen by codes: the texts here are of several languages."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import errors
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Fault
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.faults import fault_of_code
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.message import read_answer
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.symbols import code_with_symbol, symbol_of
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import envelope, fixture

_F = 'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"'


def fault_in(data: bytes, subject: str = "Subject") -> Fault:
    with pytest.raises(Fault) as caught:
        read_answer(data, message_id="@MESSAGE-ID@", subject=subject, max_envelope_size=512000)
    return caught.value


def fault_with(code: int | None = None, subcode: str = "w:InternalError", inner: str = "") -> Fault:
    detail = "" if code is None else f'<s:Detail><f:WSManFault {_F} Code="{code}"><f:Message>{inner}</f:Message></f:WSManFault></s:Detail>'
    return fault_in(envelope(f"<s:Fault><s:Code><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>{detail}</s:Fault>"))


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        (
            "fault_class_missing",
            errors.InvalidClassOrQuery,
            "HV01: Subject: 0x8033801A ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER: The specified class does not exist in the given namespace.",
        ),
        (
            "fault_instance_missing",
            errors.NotFound,
            "HV01: Subject: 0x80338000 ERROR_WSMAN_RESOURCE_NOT_FOUND: Der Dienst kann die Ressource nicht finden.",
        ),
        (
            "fault_operations_quota",
            errors.QuotaExceeded,
            "10.0.0.5: Subject: 0x803381A6 ERROR_WSMAN_QUOTA_MAX_OPERATIONS: This user is allowed a maximum number of 15 concurrent operations.",
        ),
        (
            "fault_wmi_error_dmtf",
            errors.QuotaExceeded,
            "Subject: 0x803381A5 ERROR_WSMAN_QUOTA_MAX_SHELLS: This user is allowed a maximum number of 30 concurrent shells.",
        ),
        (
            "fault_wmi_error_provider_namespace",
            errors.QuotaExceeded,
            "Subject: 0x803381A5 ERROR_WSMAN_QUOTA_MAX_SHELLS: This user is allowed a maximum number of 30 concurrent shells.",
        ),
        ("fault_licensing_inner_hresult", errors.ProviderFailure, "WEB01: Subject: 0xC004FD02: The host partition is not activated."),
        (
            "fault_licensing_outer_hresult",
            errors.ProviderFailure,
            "10.0.0.9: Subject: 0xC004F050: The key ABCDE-FGHIJ-KLMNO-PQRST-UVWXY was refused.",
        ),
        ("fault_win32", errors.ProviderFailure, "10.0.0.5: Subject: 0x00000057 ERROR_INVALID_PARAMETER: The parameter is incorrect."),
        ("fault_access_denied_by_winrm", errors.AccessDenied, "10.0.0.5: Subject: 0x00000005 ERROR_ACCESS_DENIED: Access is denied."),
        (
            "fault_access_denied_by_wmi",
            errors.AccessDenied,
            "10.0.0.5: Subject: 0x80338104 ERROR_WSMAN_WMI_SVC_ACCESS_DENIED: The WMI service returned an 'access denied' error.",
        ),
        (
            "fault_operation_timed_out",
            errors.OperationTimedOut,
            "10.0.0.5: Subject: 0x80338029 ERROR_WSMAN_OPERATION_TIMEDOUT: The operation did not complete within the time specified.",
        ),
        (
            "fault_context_expired",
            errors.InvalidEnumerationContext,
            "10.0.0.5: Subject: 0x8033801B ERROR_WSMAN_ENUMERATE_INVALID_ENUMERATION_CONTEXT: The context is not valid.",
        ),
        ("fault_without_detail", errors.InvalidParameter, "Subject: w:SchemaValidationError"),
    ],
)
def test_recorded_shapes(name: str, kind: type[Fault], text: str) -> None:
    fault = fault_in(fixture(name))
    assert fault.__class__ is kind
    assert str(fault) == text
    assert repr(fault) == f"{kind.__name__}({text!r})"


def test_all_parts_of_a_fault_of_wmi() -> None:
    fault = fault_in(fixture("fault_class_missing"))
    assert (fault.code, fault.provider_code) == (2150858778, 2150858778)
    assert fault.symbol == "ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER"
    assert fault.subcode == "n:CannotProcessFilter"
    assert fault.action == "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault"
    assert fault.text == "The data source could not process the filter."
    assert fault.provider_text == "The specified class does not exist in the given namespace."
    assert (fault.provider, fault.operation, fault.parameter_info) == ("WinMgmt", "ExecQuery", "SELECT * FROM Win32_Nothing")
    assert (fault.machine, fault.subject) == ("HV01", "Subject")


def test_all_parts_of_a_cim_error() -> None:
    fault = fault_in(fixture("fault_wmi_error_dmtf"))
    assert (fault.code, fault.cim_status, fault.subcode) == (2150859173, 27, "w:QuotaLimit")
    assert fault.text == "Too many shells."


@pytest.mark.parametrize(
    ("name", "code", "hresult"),
    [
        ("fault_licensing_inner_hresult", 0x80338003, 0xC004FD02),
        ("fault_licensing_outer_hresult", 0xC004F050, 0xC004F050),
        ("fault_win32", 87, 0x80070057),
        ("fault_class_missing", 0x8033801A, 0x8033801A),
        ("fault_without_detail", None, None),
    ],
)
def test_the_most_specific_number(name: str, code: int | None, hresult: int | None) -> None:
    fault = fault_in(fixture(name))
    assert (fault.code, fault.hresult) == (code, hresult)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (5, errors.AccessDenied),
        (0x80070005, errors.AccessDenied),
        (2150859013, errors.AccessDenied),
        (2150859014, errors.AccessDenied),
        (0x8004100E, errors.InvalidNamespace),
        (2150858754, errors.InvalidResourceUri),
        (2150858811, errors.InvalidResourceUri),
        (2150859042, errors.InvalidClassOrQuery),
        (2150859003, errors.InvalidClassOrQuery),
        (2150859002, errors.InvalidSelectors),
        (2150858813, errors.InvalidSelectors),
        (2150858843, errors.InvalidSelectors),
        (2150858817, errors.InvalidParameter),
        (2150859038, errors.InvalidParameter),
        (0x8004102F, errors.InvalidParameter),
        (2150859010, errors.MethodNotAvailable),
        (2150858767, errors.InvalidMessage),
        (2150858805, errors.EncodingLimit),
        (2150858824, errors.EncodingLimit),
        (2150858790, errors.EncodingLimit),
        (2150859174, errors.QuotaExceeded),
        (2150859175, errors.QuotaExceeded),
        (2150859176, errors.QuotaExceeded),
        *((code, errors.QuotaExceeded) for code in range(2150859236, 2150859243)),
        (0x80041045, errors.ServiceBusy),
        (2147942402, errors.ProviderFailure),
        (2150859067, Fault),
    ],
)
def test_codes(code: int, kind: type[Fault]) -> None:
    fault = fault_with(code)
    assert fault.__class__ is kind
    assert fault.code == code


@pytest.mark.parametrize(
    ("subcode", "kind"),
    [
        ("w:AccessDenied", errors.AccessDenied),
        ("x1:AccessDenied", errors.AccessDenied),
        ("a:DestinationUnreachable", errors.NotFound),
        ("w:CannotProcessFilter", errors.InvalidClassOrQuery),
        ("w:InvalidSelectors", errors.InvalidSelectors),
        ("w:TimedOut", errors.OperationTimedOut),
        ("w:QuotaLimit", errors.QuotaExceeded),
        ("w:SomethingNew", Fault),
    ],
)
def test_without_a_code_the_subcode_decides(subcode: str, kind: type[Fault]) -> None:
    assert fault_with(None, subcode).__class__ is kind


def test_a_cim_status_decides_where_no_code_does() -> None:
    detail = '<s:Detail><e:MSFT_WmiError xmlns:e="urn:any"><e:CIMStatusCode>3</e:CIMStatusCode></e:MSFT_WmiError></s:Detail>'
    fault = fault_in(envelope(f"<s:Fault>{detail}</s:Fault>"))
    assert isinstance(fault, errors.InvalidNamespace)
    assert isinstance(fault, errors.NotFound)


def test_the_status_of_wmi_is_taken_where_the_provider_gives_no_other_code() -> None:
    status = '<p:__ExtendedStatus xmlns:p="urn:any"><p:StatusCode>2147749902</p:StatusCode></p:__ExtendedStatus>'
    fault = fault_with(0x8033801A, inner=f"<f:ProviderFault><f:ExtendedError>{status}</f:ExtendedError></f:ProviderFault>")
    assert isinstance(fault, errors.InvalidNamespace)
    assert fault.hresult == 0x8004100E


_UNKNOWN_ERROR = (
    "The WS-Management service cannot process the request. The WMI service or the WMI provider returned an unknown error: HRESULT 0x{:08x} "
)


@pytest.mark.parametrize("code", [None, 0, 0x80338003, 0x803380FC, 0x80041001, 0x80004005])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (0x8004106C, errors.QuotaExceeded),
        (0x80041033, errors.ServiceBusy),
        (0x8004100E, errors.InvalidNamespace),
        (0x80041003, errors.AccessDenied),
        (0xC004FD02, errors.ProviderFailure),
        (0x800706BE, errors.ProviderFailure),
    ],
)
def test_where_no_number_says_anything_the_one_in_the_text_decides(code: int | None, told: int, kind: type[Fault]) -> None:
    said = _UNKNOWN_ERROR.format(told)
    fault = (
        fault_with(code, inner=said)
        if code is not None
        else fault_in(envelope(f"<s:Fault><s:Reason><s:Text>{said}</s:Text></s:Reason></s:Fault>"))
    )
    assert fault.__class__ is kind
    assert fault.hresult == told
    assert f"0x{told:08X}" in str(fault)
    assert fault_of_code(code, text=said, subject="Subject").__class__ is kind


def test_the_last_number_of_a_text_counts_and_a_number_that_speaks_is_kept() -> None:
    assert isinstance(fault_with(0x80338003, inner="0x80041010 became 0x8004106c"), errors.QuotaExceeded)
    assert isinstance(fault_with(0x80338003, inner="the key 0x5 of 0xABCDEF is at 0x80041"), Fault)
    assert fault_with(0x80338003, inner="Error 0x12345678").__class__ is Fault
    assert isinstance(fault_with(0x80338029, inner=_UNKNOWN_ERROR.format(0x8004106C)), errors.OperationTimedOut)
    assert fault_with(None, "w:InvalidParameter").__class__ is errors.InvalidParameter


@pytest.mark.parametrize("code", ["2147749902", "-2147217394", "0x8004100E", "0X8004100e"])
def test_a_code_may_be_written_in_several_ways(code: str) -> None:
    detail = f'<s:Detail><f:WSManFault {_F} Code="{code}"/></s:Detail>'
    assert isinstance(fault_in(envelope(f"<s:Fault>{detail}</s:Fault>")), errors.InvalidNamespace)


@pytest.mark.parametrize("code", ["", "-1", "0x5", "99999999999", "five"])
def test_a_code_that_is_no_number_is_no_code(code: str) -> None:
    detail = f'<s:Detail><f:WSManFault {_F} Code="{code}"/></s:Detail>'
    assert fault_in(envelope(f"<s:Fault>{detail}</s:Fault>")).code is None


def test_an_empty_fault_is_still_a_sentence() -> None:
    assert str(fault_in(envelope("<s:Fault/>"), "")) == "the server answered with a fault without details"


def test_masking_leaves_no_trace() -> None:
    fault = fault_in(fixture("fault_licensing_outer_hresult"))
    fault.mask("ABCDE-FGHIJ-KLMNO-PQRST-UVWXY")
    assert "ABCDE" not in repr(vars(fault)) + str(fault) + repr(fault) + repr(fault.args)
    assert fault.provider_text == "The key ******** was refused."


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (2150858793, "0x80338029 ERROR_WSMAN_OPERATION_TIMEDOUT"),
        (-2144108503, "0x80338029 ERROR_WSMAN_OPERATION_TIMEDOUT"),
        (5, "0x00000005 ERROR_ACCESS_DENIED"),
        (0x80070005, "0x80070005 ERROR_ACCESS_DENIED"),
        (0x80041010, "0x80041010 WBEM_E_INVALID_CLASS"),
        (0xC004FD02, "0xC004FD02"),
    ],
)
def test_numbers_are_shown_with_their_names(code: int, text: str) -> None:
    assert code_with_symbol(code) == text


def test_the_quota_codes_have_the_names_of_wsmerror_h() -> None:
    assert symbol_of(2150859240) == "ERROR_WSMAN_QUOTA_MAX_OPERATIONS_USER_PPQ"
    assert symbol_of(2150859181) == "ERROR_WSMAN_PULL_PARAMS_NOT_SAME_AS_ENUM"
