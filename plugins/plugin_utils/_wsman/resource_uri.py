# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Resource URIs of WMI classes: ``http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service``.

Source: [MS-WSMV] 2.2.1 and 3.1.4; Windows compares them without regard to case and answers with the namespace in lower case.
"""

from __future__ import annotations

import re

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
_DMTF_SCHEMA = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"

_NAMESPACE = re.compile(r"[A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)*\Z")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def namespace_path(namespace: str) -> str:
    """``root\\CIMV2`` or ``/root/cimv2/`` -> ``root/cimv2``; ValueError for what is not a namespace."""
    path = namespace.replace("\\", "/").strip("/").lower()
    if not _NAMESPACE.match(path):
        raise ValueError(f"not a CIM namespace: {namespace!r}")
    return path


def class_uri(namespace: str, class_name: str) -> str:
    if not _CLASS.match(class_name):
        raise ValueError(f"not a CIM class name: {class_name!r}")
    return f"{WMI}{namespace_path(namespace)}/{class_name}"


def any_class_uri(namespace: str) -> str:
    """The URI that a WQL query needs: the namespace with ``*`` for the class (ERROR_WSMAN_INVALID_URI_WMI_ENUM_WQL otherwise)."""
    return f"{WMI}{namespace_path(namespace)}/*"


def split_class_uri(uri: str) -> tuple[str | None, str | None]:
    """(namespace, class name) of a class URI; None for each part that the URI does not say."""
    text = uri.strip()
    if text.lower().startswith(WMI):
        namespace, _unused, class_name = text[len(WMI) :].rstrip("/").rpartition("/")
        return namespace.lower() or None, class_name or None
    if text.lower().startswith(_DMTF_SCHEMA):
        return None, text[len(_DMTF_SCHEMA) :].strip("/") or None
    return None, None


def member_name(name: str) -> str:
    """A method's, property's or key's name, checked: it becomes an element or attribute value."""
    if not _CLASS.match(name):
        raise ValueError(f"not a CIM name: {name!r}")
    return name
