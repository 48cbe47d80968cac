# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault as XML: with ``f:WSManFault`` or with ``p:MSFT_WmiError`` in its detail (both recorded from Windows)."""

from __future__ import annotations

from .faults import ExtendedStatus, WsmanFault
from .namespaces import ADDRESSING, CIM, CIM_BINDING, CIM_SCHEMA, ENUMERATION, TRANSFER, WMI_ROOT, WSMAN_FAULT, XSI
from .text import escape

_WMI_PROVIDER = 'provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll"'
_ACTIONS = {
    "a": f"{ADDRESSING}/fault",
    "n": f"{ENUMERATION}/fault",
    "x": f"{TRANSFER}/fault",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
}
# CIM status codes (DSP0200): what a WinRM code means to CIM; 27 is "other" where none fits.
_CIM_STATUS = {
    5: 2,
    2147942405: 2,
    2150859012: 2,
    2150859013: 2,
    2150859014: 2,
    2150859038: 4,
    2150858752: 6,
    2150859010: 7,
    2150858771: 7,
    2150858778: 15,
}


def fault_action(fault: WsmanFault) -> str:
    return _ACTIONS.get(fault.subcode.partition(":")[0], _ACTIONS["w"] if fault.subcode else _ACTIONS["a"])


def render_fault(fault: WsmanFault, *, form: str, language: str, client_host: str, computer: str) -> str:
    """The ``s:Fault`` element. ``client_host``: the machine as the client called it, ``computer``: as it calls itself."""
    value = "s:Receiver" if fault.receiver else "s:Sender"
    if not fault.subcode:
        value = {2150858765: "s:VersionMismatch", 2150858768: "s:MustUnderstand"}.get(fault.code, value)
    subcode = f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode>" if fault.subcode else ""
    text_language = language if fault.translated else ""
    detail = f"<w:FaultDetail>{escape(fault.detail)}</w:FaultDetail>" if fault.detail else ""
    detail += _wmi_error(fault) if form == "wmierror" else _wsman_fault(fault, client_host, computer)
    return (
        f"<s:Fault><s:Code><s:Value>{value}</s:Value>{subcode}</s:Code>"
        f'<s:Reason><s:Text xml:lang="{escape(text_language)}">{escape(fault.reason)}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )


def _wsman_fault(fault: WsmanFault, client_host: str, computer: str) -> str:
    provider = fault.provider
    if provider is None:
        message = escape(fault.message)
    else:
        code = fault.code if provider.code is None else provider.code
        message = (
            f'<f:ProviderFault {_WMI_PROVIDER}><f:WSManFault xmlns:f="{WSMAN_FAULT}" Code="{code}" Machine="{escape(computer)}">'
            f"<f:Message>{escape(provider.message)}</f:Message></f:WSManFault>"
            f"{_extended_error(provider.extended) if provider.extended else ''}</f:ProviderFault>"
        )
    return (
        f'<f:WSManFault xmlns:f="{WSMAN_FAULT}" Code="{fault.code}" Machine="{escape(client_host)}">'
        f"<f:Message>{message}</f:Message></f:WSManFault>"
    )


def _optional(name: str, value: str | None) -> str:
    return f'<p:{name} xsi:nil="true"/>' if value is None else f"<p:{name}>{escape(value)}</p:{name}>"


def _extended_error(status: ExtendedStatus) -> str:
    return (
        f'<f:ExtendedError><p:__ExtendedStatus xmlns:xsi="{XSI}" xmlns:p="{WMI_ROOT}{escape(status.namespace)}/__ExtendedStatus" '
        f'xmlns:cim="{CIM}" xsi:type="p:__ExtendedStatus_Type"><p:Description xsi:nil="true"/>'
        f"{_optional('Operation', status.operation)}{_optional('ParameterInfo', status.parameter_info)}"
        f'{_optional("ProviderName", status.provider)}<p:StatusCode xsi:nil="true"/></p:__ExtendedStatus></f:ExtendedError>'
    )


def _wmi_error(fault: WsmanFault) -> str:
    message = escape(fault.provider.message if fault.provider else fault.message)

    def number(name: str, kind: str, value: int) -> str:
        return f'<p:{name} xsi:type="cim:cimUnsigned{kind}">{value}</p:{name}>'

    def text(name: str, value: str) -> str:
        return f'<p:{name} xsi:type="cim:cimString">{value}</p:{name}>'

    def nil(name: str) -> str:
        return f'<p:{name} xsi:nil="true" xsi:type="cim:cimString"/>'

    return (
        f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:b="{CIM_BINDING}" xmlns:cim="{CIM}" xmlns:p="{CIM_SCHEMA}MSFT_WmiError" '
        f'xmlns:xsi="{XSI}" xsi:type="p:MSFT_WmiError_Type">'
        + number("CIMStatusCode", "Int", _CIM_STATUS.get(fault.code, 27))
        + nil("CIMStatusCodeDescription")
        + nil("ErrorSource")
        + number("ErrorSourceFormat", "Short", 0)
        + number("ErrorType", "Short", 0)
        + text("Message", message)
        + text("MessageID", f"HRESULT 0x{fault.code:08x}")
        + nil("OtherErrorSourceFormat")
        + nil("OtherErrorType")
        + nil("OwningEntity")
        + number("PerceivedSeverity", "Short", 0)
        + number("ProbableCause", "Short", 0)
        + nil("ProbableCauseDescription")
        + number("error_Category", "Int", 30)
        + number("error_Code", "Int", fault.code)
        + text("error_Type", "HRESULT")
        + text("error_WindowsErrorMessage", message)
        + "</p:MSFT_WmiError>"
    )
