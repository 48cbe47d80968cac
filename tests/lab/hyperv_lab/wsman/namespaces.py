# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML namespaces, with the prefixes that Windows always writes.

libvirt and openwsman read answers by these prefixes, so they are part of the protocol as far as the lab is concerned.
"""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MS_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
CIM_BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
WSMAN_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
CIM_SCHEMA = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
ALL_CLASSES = "http://schemas.dmtf.org/wbem/wscim/1/*"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WMI_ROOT = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
EVENT_LOG = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
SHELL_ROOT = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL_ROOT = "http://schemas.microsoft.com/powershell/"

_PREFIXES = {"s": SOAP, "a": ADDRESSING, "x": TRANSFER, "e": EVENTING, "n": ENUMERATION, "w": WSMAN, "p": MS_WSMAN}


def _root(prefixes: str) -> str:
    return " ".join(f'xmlns:{prefix}="{_PREFIXES[prefix]}"' for prefix in prefixes)


# What the root of each kind of answer declares, in Windows' order (recorded traffic of Windows Server 2012 and 2012 R2).
ENUMERATION_ROOT = _root("sanw")
EVENTING_ROOT = _root("saenw")
TRANSFER_ROOT = _root("saxwp")
FAULT_ROOT = _root("saxenwp")
