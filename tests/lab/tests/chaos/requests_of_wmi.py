# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests about Windows' classes, in the form that winrm.vbs gives them."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
CIMV2, V2 = f"{WMI}root/cimv2/", f"{WMI}root/virtualization/v2/"
MESSAGE_ID = "uuid:55F28C75-F63E-4F68-8360-A8C478003959"
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
_ROOT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
)
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"


def _message(action: str, uri: str, body: str, selectors: dict[str, str] | None = None) -> str:
    chosen = "".join(f'<w:Selector Name="{name}">{escape(value)}</w:Selector>' for name, value in (selectors or {}).items())
    return (
        f"{_ROOT}<s:Header><a:To>http://lab:5985/wsman</a:To><w:ResourceURI>{uri}</w:ResourceURI>"
        f"<a:ReplyTo><a:Address>{_ANONYMOUS}</a:Address></a:ReplyTo><a:Action>{action}</a:Action>"
        f"<w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize><a:MessageID>{MESSAGE_ID}</a:MessageID>"
        f"<w:OperationTimeout>PT20S</w:OperationTimeout><w:SelectorSet>{chosen}</w:SelectorSet></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def query(wql: str, namespace: str = CIMV2) -> str:
    dialect = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
    body = f'<n:Enumerate><w:OptimizeEnumeration/><w:Filter Dialect="{dialect}">{escape(wql)}</w:Filter></n:Enumerate>'
    return _message(f"{_ENUMERATION}Enumerate", f"{namespace}*", body)


def whole_class(class_uri: str) -> str:
    return _message(f"{_ENUMERATION}Enumerate", class_uri, "<n:Enumerate><w:OptimizeEnumeration/></n:Enumerate>")


def pull(context: str) -> str:
    return _message(f"{_ENUMERATION}Pull", f"{CIMV2}*", f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext></n:Pull>")


def get(class_uri: str, **keys: str) -> str:
    return _message(f"{_TRANSFER}Get", class_uri, "", keys)


def invoke(class_uri: str, method: str, parameters: dict[str, str] | None = None, **keys: str) -> str:
    given = "".join(f"<p:{name}>{escape(value)}</p:{name}>" for name, value in (parameters or {}).items())
    body = f'<p:{method}_INPUT xmlns:p="{class_uri}">{given}</p:{method}_INPUT>'
    return _message(f"{class_uri}/{method}", class_uri, body, keys)


def install_key(key: str, version: str) -> str:
    return invoke(f"{CIMV2}SoftwareLicensingService", "InstallProductKey", {"ProductKey": key}, Version=version)


def switch_data_exchange(vm_id: str, enabled: bool) -> str:
    setting = (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeComponentSettingData"><PROPERTY NAME="InstanceID" TYPE="string">'
        f"<VALUE>Microsoft:{vm_id}\\2A34B1C2-FD73-4043-8A5B-DD2159BC743F</VALUE></PROPERTY>"
        f'<PROPERTY NAME="EnabledState" TYPE="uint16"><VALUE>{2 if enabled else 3}</VALUE></PROPERTY></INSTANCE>'
    )
    service = f"{V2}Msvm_VirtualSystemManagementService"
    return invoke(
        service, "ModifyGuestServiceSettings", {"GuestServiceSettings": setting}, CreationClassName="Msvm_VirtualSystemManagementService"
    )


def first(pattern: str, answer: str) -> str:
    found = re.search(pattern, answer)
    assert found is not None, f"no {pattern} in {answer}"
    return found[1]


def context_of(answer: str) -> str:
    return first(r"<n:EnumerationContext>(uuid:[^<]+)<", answer)


def fault_code(answer: str) -> int:
    return int(first(r'<f:WSManFault [^>]*Code="(\d+)"', answer))
