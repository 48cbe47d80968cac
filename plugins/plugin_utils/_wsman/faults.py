# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""From a SOAP fault to an exception.

Windows details a fault in one of two forms: ``WSManFault`` (with a ProviderFault inside when WMI or a provider said no) or the CIM
error ``MSFT_WmiError``, whose namespace is DMTF's or that of the operation. What makes it choose is not known; both are read.
Sources: recorded traffic of Windows Server 2008 to 2022, wsmerror.h, wbemcli.h, DMTF DSP0200 (CIM status codes).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from . import errors
from . import xml_namespaces as ns
from .errors import Fault, is_wsman_code

_HRESULT_TEXT = re.compile(r"0x([0-9A-Fa-f]{1,8})\b")
_NUMBER = re.compile(r"(?:[0-9]{1,10}|-[0-9]{9,10}|0x[0-9A-Fa-f]{8})\Z", re.IGNORECASE)
# Facilities WMI, licensing, Win32 and WS-Management, as they stand in a sentence: numbers there are in no language.
_FAILURE_IN_TEXT = re.compile(r"\b0x(8004[0-9A-F]{4}|C004[0-9A-F]{4}|8007[0-9A-F]{4}|8033[0-9A-F]{4})\b", re.IGNORECASE)
# "Failed", and no more: WBEM_E_FAILED, E_UNEXPECTED, E_FAIL.
_SAYS_NOTHING = frozenset({0x80041001, 0x8000FFFF, 0x80004005})

_CODES: tuple[tuple[type[Fault], tuple[int, ...]], ...] = (
    (errors.AccessDenied, (5, 0x80070005, 0x80041003, 0x80338104, 0x80338105, 0x80338106)),
    (errors.NotFound, (0x80338000, 0x80041002, 0x8033811A)),
    (errors.InvalidNamespace, (0x8004100E,)),
    (errors.InvalidResourceUri, (0x80338002, 0x8033803B)),
    (errors.InvalidClassOrQuery, (0x8033801A, 0x80338122, 0x803380FB, 0x80041010, 0x80041017, 0x80041018)),
    (
        errors.InvalidSelectors,
        (0x8033803D, 0x8033805A, 0x8033805B, 0x8033805C, 0x8033805D, 0x803380FA, 0x80338108),
    ),
    (errors.InvalidParameter, (0x80338041, 0x8033811E, 0x80041008, 0x8004102F, 0x8033803A)),
    (errors.MethodNotAvailable, (0x80338013, 0x80338102, 0x8004102E, 0x80041024, 0x80041055, 0x80041056, 0x8004100C)),
    (errors.OperationTimedOut, (0x80338029, 0x8033801C)),
    (
        errors.QuotaExceeded,
        (
            *(0x803381A5, 0x803381A6, 0x803381A7, 0x803381A8, 0x803381AB, 0x8033803F, 0x8004106C),
            *(0x803381E4, 0x803381E5, 0x803381E6, 0x803381E7, 0x803381E8, 0x803381E9, 0x803381EA),
        ),
    ),
    (errors.ServiceBusy, (0x80338014, 0x80338032, 0x80041033, 0x80041045)),
    (errors.EncodingLimit, (0x80338026, 0x80338035, 0x80338047, 0x80338048, 0x80338049)),
    (errors.InvalidEnumerationContext, (0x8033801B, 0x80338007)),
    (errors.InvalidMessage, (0x80338001, 0x8033800F, 0x80338010, 0x80338011, 0x80338027, 0x80338081, 0x803381AD)),
)
_BY_CODE = {code: kind for kind, codes in _CODES for code in codes}

# Local names of subcodes: the same in whatever namespace (n:CannotProcessFilter, w:CannotProcessFilter).
_BY_SUBCODE: dict[str, type[Fault]] = {
    "AccessDenied": errors.AccessDenied,
    "DestinationUnreachable": errors.NotFound,
    "CannotProcessFilter": errors.InvalidClassOrQuery,
    "InvalidSelectors": errors.InvalidSelectors,
    "SchemaValidationError": errors.InvalidParameter,
    "InvalidParameter": errors.InvalidParameter,
    "ActionNotSupported": errors.MethodNotAvailable,
    "TimedOut": errors.OperationTimedOut,
    "QuotaLimit": errors.QuotaExceeded,
    "Concurrency": errors.ServiceBusy,
    "EndpointUnavailable": errors.ServiceBusy,
    "EncodingLimit": errors.EncodingLimit,
    "InvalidEnumerationContext": errors.InvalidEnumerationContext,
    "InvalidMessageInformationHeader": errors.InvalidMessage,
    "MessageInformationHeaderRequired": errors.InvalidMessage,
    "UnsupportedFeature": errors.InvalidMessage,
}

# CIMStatusCode of MSFT_WmiError, for faults whose error_Code says nothing (DSP0200).
_BY_CIM_STATUS: dict[int, type[Fault]] = {
    2: errors.AccessDenied,
    3: errors.InvalidNamespace,
    4: errors.InvalidParameter,
    5: errors.InvalidClassOrQuery,
    6: errors.NotFound,
    7: errors.MethodNotAvailable,
    14: errors.InvalidClassOrQuery,
    15: errors.InvalidClassOrQuery,
    16: errors.MethodNotAvailable,
    17: errors.MethodNotAvailable,
}


def read_fault(fault: ET.Element, *, action: str, subject: str) -> Fault:
    """The exception for an ``s:Fault`` element. Never raises: what is missing stays empty."""
    subcode = _clean(_text(fault, "Code", "Subcode", "Value")) or None
    text = _clean(_text(fault, "Reason", "Text"))
    detail = _child(fault, "Detail")
    code: int | None = None
    provider_code: int | None = None
    cim_status: int | None = None
    machine = provider = provider_text = operation = parameter_info = ""

    outer = _child(detail, "WSManFault")
    if outer is not None:
        code = _number(outer.get("Code"))
        machine = _clean(outer.get("Machine", ""))
        message = _child(outer, "Message")
        provider_fault = _child(message, "ProviderFault")
        if provider_fault is None:
            text = _clean(_own_text(message)) or text
        else:
            provider = _clean(provider_fault.get("provider", ""))
            provider_text = _clean(_own_text(provider_fault))
            inner = _child(provider_fault, "WSManFault")
            if inner is not None:
                provider_code = _number(inner.get("Code"))
                machine = _clean(inner.get("Machine", "")) or machine
                provider_text = _clean("".join(inner.itertext())) or provider_text
            status = _child(_child(provider_fault, "ExtendedError"), "__ExtendedStatus")
            operation = _clean(_text(status, "Operation"))
            parameter_info = _clean(_text(status, "ParameterInfo"))
            provider = _clean(_text(status, "ProviderName")) or provider
            provider_text = _clean(_text(status, "Description")) or provider_text
            status_code = _number(_text(status, "StatusCode"))
            if status_code and (provider_code is None or provider_code == code):
                provider_code = status_code

    wmi_error = _child(detail, "MSFT_WmiError")
    if wmi_error is not None:
        code = _number(_text(wmi_error, "error_Code")) or _hresult(_text(wmi_error, "MessageID")) or code
        cim_status = _number(_text(wmi_error, "CIMStatusCode"))
        provider_text = _clean(_text(wmi_error, "Message")) or _clean(_text(wmi_error, "error_WindowsErrorMessage")) or provider_text
        provider = _clean(_text(wmi_error, "ErrorSource")) or provider

    told = _told_in_text(provider_text, text) if _unsaid(code) and _unsaid(provider_code) else None
    provider_code = provider_code if told is None else told
    kind = _kind(code, provider_code, subcode, cim_status, from_provider=bool(provider or provider_text))
    return kind(
        code=code,
        subcode=subcode,
        text=text,
        provider_text=provider_text,
        provider=provider,
        provider_code=provider_code,
        operation=operation,
        parameter_info=parameter_info,
        cim_status=cim_status,
        machine=machine,
        action=action,
        subject=subject,
    )


def fault_of_code(code: int | None, *, text: str, subject: str, cim_status: int | None = None, from_provider: bool = False) -> Fault:
    """The exception for a fault from another library, or from PowerShell, with its number and its text only.

    ``from_provider``: WMI or a provider said it, not WinRM.
    """
    number = None if code is None else code & 0xFFFFFFFF
    said = _clean(text)
    told = _told_in_text(said) if _unsaid(number) else None
    kind = _kind(number, told, None, cim_status, from_provider=from_provider)
    if from_provider:
        return kind(code=number, provider_code=told, provider_text=said, cim_status=cim_status, subject=subject)
    return kind(code=number, provider_code=told, text=said, cim_status=cim_status, subject=subject)


def _unsaid(code: int | None) -> bool:
    """Whether a number leaves open what went wrong: none, one of WinRM without a meaning of its own here, or a general one."""
    return not code or code in _SAYS_NOTHING or (is_wsman_code(code) and code not in _BY_CODE)


def _told_in_text(*texts: str) -> int | None:
    """The last HRESULT of the first text that has one. WinRM writes a number that it has no text for so: "... unknown error: HRESULT 0x8004106c"
    (Azure Stack's release notes 1712, arcgis-powershell-dsc issue 452). What stands in Code then is not published."""
    for text in texts:
        numbers = [int(number, 16) for number in _FAILURE_IN_TEXT.findall(text)]
        if numbers:
            return numbers[-1]
    return None


def _kind(code: int | None, provider_code: int | None, subcode: str | None, cim_status: int | None, *, from_provider: bool) -> type[Fault]:
    # the provider's own number is the most specific one
    for number in (provider_code, code):
        if number is None:
            continue
        if number in _BY_CODE:
            return _BY_CODE[number]
        if number and not is_wsman_code(number) and (from_provider or number > 0xFFFF):
            return errors.ProviderFailure
    if cim_status in _BY_CIM_STATUS:
        return _BY_CIM_STATUS[cim_status]
    return _BY_SUBCODE.get((subcode or "").rpartition(":")[2], Fault)


def _child(parent: ET.Element | None, name: str) -> ET.Element | None:
    return next((child for child in _children(parent) if ns.local_name(child.tag) == name), None)


def _children(parent: ET.Element | None) -> Iterable[ET.Element]:
    return () if parent is None else parent


def _text(parent: ET.Element | None, *path: str) -> str:
    found = parent
    for name in path:
        found = _child(found, name)
    return "" if found is None else found.text or ""


def _own_text(element: ET.Element | None) -> str:
    """The text directly in an element, without that of its children."""
    if element is None:
        return ""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def _clean(text: str) -> str:
    # texts end with a blank, and recorders put white space around them
    return " ".join(text.split())


def _number(text: str | None) -> int | None:
    """Windows writes codes unsigned; WMI's scripts, and services of others, write them negative or in hexadecimal."""
    value = (text or "").strip()
    return int(value, 16 if value[:2].lower() == "0x" else 10) & 0xFFFFFFFF if _NUMBER.match(value) else None


def _hresult(text: str) -> int | None:
    match = _HRESULT_TEXT.search(text)
    return int(match.group(1), 16) if match else None
