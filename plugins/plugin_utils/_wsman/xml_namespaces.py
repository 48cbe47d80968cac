# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""XML namespaces and action URIs of WS-Management as Windows speaks it.

Source: DMTF DSP0226 (WS-Management), DSP0227 (its CIM binding), Microsoft [MS-WSMV].
"""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MICROSOFT_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
WSMAN_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

ANONYMOUS = ADDRESSING + "/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

ACTION_ENUMERATE = ENUMERATION + "/Enumerate"
ACTION_PULL = ENUMERATION + "/Pull"
ACTION_RELEASE = ENUMERATION + "/Release"
ACTION_GET = TRANSFER + "/Get"


def split_tag(tag: str) -> tuple[str, str]:
    """``{uri}local`` as ElementTree writes it -> (uri, local); no namespace gives an empty uri."""
    if tag.startswith("{"):
        uri, _unused, local = tag[1:].rpartition("}")
        return uri, local
    return "", tag


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
