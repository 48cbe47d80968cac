# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows and faults as Windows sends them, read by the collection's own parser."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Fault
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.faults import read_fault
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance, decode_instance

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

Value = None | str | int | bool | Sequence[str | int]


def projected(**values: Value) -> Instance:
    """An item of ``SELECT a, b``: no class and no namespace in it."""
    members = "".join(_member(name, value, "") for name, value in values.items())
    return decode_instance(ET.fromstring(f'<w:XmlFragment xmlns:w="{_WSMAN}" xmlns:xsi="{_XSI}">{members}</w:XmlFragment>'))


def whole(namespace: str, class_name: str, **values: Value) -> Instance:
    """An item of ``SELECT *``."""
    return _typed(f"{_WMI}/{namespace}/{class_name}", class_name, "".join(_member(name, value, "p:") for name, value in values.items()))


def output(namespace: str, class_name: str, method: str, **values: Value) -> Instance:
    """What came out of a method."""
    return _typed(
        f"{_WMI}/{namespace}/{class_name}", f"{method}_OUTPUT", "".join(_member(name, value, "p:") for name, value in values.items())
    )


def job_output(method: str, instance_id: str) -> Instance:
    """ReturnValue 4096 of the virtualization service, with the reference to the job."""
    service = "Msvm_VirtualSystemManagementService"
    reference = (
        f"<p:Job><a:Address>{_ADDRESSING}/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{_WMI}/root/virtualization/v2/Msvm_ConcreteJob</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="InstanceID">{instance_id}</w:Selector></w:SelectorSet></a:ReferenceParameters></p:Job>'
    )
    return _typed(f"{_WMI}/root/virtualization/v2/{service}", f"{method}_OUTPUT", reference + _member("ReturnValue", 4096, "p:"))


def _typed(uri: str, element: str, members: str) -> Instance:
    namespaces = f'xmlns:p="{uri}" xmlns:xsi="{_XSI}" xmlns:w="{_WSMAN}" xmlns:a="{_ADDRESSING}"'
    return decode_instance(ET.fromstring(f"<p:{element} {namespaces}>{members}</p:{element}>"))


def _member(name: str, value: Value, prefix: str) -> str:
    if value is None:
        return f'<{prefix}{name} xsi:nil="true"/>'
    many = [value] if isinstance(value, (str, int)) else value
    return "".join(f"<{prefix}{name}>{_text(one)}</{prefix}{name}>" for one in many)


def _text(value: str | int) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else escape(str(value))


def kvp_item(name: str, data: str | None, source: int = 2) -> str:
    """An element of the arrays of items: CIM-XML as text."""
    value = "" if data is None else f"<VALUE>{escape(data)}</VALUE>"
    return (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Caption" PROPAGATED="true" TYPE="string"></PROPERTY>'
        f'<PROPERTY NAME="Data" TYPE="string">{value}</PROPERTY>'
        f'<PROPERTY NAME="Name" TYPE="string"><VALUE>{escape(name)}</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Source" TYPE="uint16"><VALUE>{source}</VALUE></PROPERTY></INSTANCE>'
    )


def fault(
    *,
    code: int | None = None,
    inner_code: int | None = None,
    text: str = "",
    provider_text: str = "",
    wmi_error: str = "",
    status_code: int | None = None,
    subcode: str = "w:InternalError",
    subject: str = "SoftwareLicensingProduct.Activate",
) -> Fault:
    """A SOAP fault in one of Windows' shapes, as the session raises it. ``wmi_error``: the inside of an MSFT_WmiError."""
    detail = ""
    if wmi_error:
        uri = f"{_WMI}/root/cimv2/MSFT_WmiError"
        detail = f'<p:MSFT_WmiError xmlns:p="{uri}">{wmi_error}</p:MSFT_WmiError>'
    elif code is not None:
        inner = (
            f'<f:WSManFault Code="{inner_code}" Machine="WEB01"><f:Message>{escape(provider_text)}</f:Message></f:WSManFault>'
            if inner_code
            else escape(provider_text)
        )
        extended = (
            f'<f:ExtendedError><p:__ExtendedStatus xmlns:p="{_WMI}/root/cimv2/__ExtendedStatus">'
            f"<p:StatusCode>{status_code}</p:StatusCode></p:__ExtendedStatus></f:ExtendedError>"
            if status_code
            else ""
        )
        detail = (
            f'<f:WSManFault xmlns:f="{_FAULT}" Code="{code}" Machine="10.0.0.9"><f:Message>'
            f'<f:ProviderFault provider="WMI Provider">{inner}{extended}</f:ProviderFault></f:Message></f:WSManFault>'
        )
    return read_fault(
        ET.fromstring(
            f'<s:Fault xmlns:s="{_SOAP}"><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>'
            f"<s:Reason><s:Text xml:lang={quoteattr('en-US')}>{escape(text)}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>"
        ),
        action="",
        subject=subject,
    )
