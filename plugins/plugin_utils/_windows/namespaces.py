# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The WMI namespaces that the collection reads, and whether one of them is there."""

from __future__ import annotations

from .._wsman.cim import Cim
from .._wsman.errors import (
    AccessDenied,
    EncodingLimit,
    Fault,
    InvalidClassOrQuery,
    NotFound,
    OperationTimedOut,
    QuotaExceeded,
    ServiceBusy,
    WsManError,
)

CIMV2 = "root/cimv2"
VIRTUALIZATION = "root/virtualization/v2"
MSCLUSTER = "root/mscluster"

# Faults that speak of the account or of the moment: the namespace is there, or nothing can be said.
_OF_THE_MOMENT = (AccessDenied, EncodingLimit, OperationTimedOut, QuotaExceeded, ServiceBusy)


def says_missing(cim: Cim, namespace: str, fault: Fault) -> bool:
    """Whether a query was refused because this namespace, or the class in it, is not there.

    Most machines lack root/mscluster, and which fault Windows sends for that is not recorded. Where the fault does not say it, WMI's own list
    of namespaces does (``winrm enumerate wmi/root/__NAMESPACE`` is a known command): one request a level. If that is refused too, False.
    """
    if isinstance(fault, (InvalidClassOrQuery, NotFound)):
        return True
    if isinstance(fault, _OF_THE_MOMENT):
        return False
    parent = ""
    for part in namespace.split("/"):
        if parent:
            try:
                children = {(row.text("Name") or "").lower() for row in cim.query(parent, "SELECT Name FROM __NAMESPACE")}
            except WsManError:
                return False
            # An account may be shown nothing at all, which says nothing.
            if children and part.lower() not in children:
                return True
        parent = f"{parent}/{part}" if parent else part
    return False
