# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A guest's side of Hyper-V's integration services: the activation device and the Data Exchange service.

Only warnings come of it, so a class that refuses leaves its part unknown.
"""

from __future__ import annotations

from .._avma.facts import ActivationDevice, DataExchangeService, IntegrationFacts
from .._avma.integration_verdict import ACTIVATION_DEVICE
from .._wsman.cim import Cim, Query
from .._wsman.errors import Fault
from .namespaces import CIMV2

_SERVICE = "vmickvpexchange"
_RUNNING, _DISABLED = "Running", "Disabled"  # never localised (Microsoft, Win32_Service)
# Names of devices are localised, so the GUID of its kind is looked for. LIKE would take underscores and brackets for patterns: it has none.
DEVICE = Query(CIMV2, f"SELECT ConfigManagerErrorCode, DeviceID FROM Win32_PnPEntity WHERE DeviceID LIKE '%{ACTIVATION_DEVICE}%'")
SERVICE = Query(CIMV2, f"SELECT StartMode, State FROM Win32_Service WHERE Name = '{_SERVICE}'")


def read_integration(cim: Cim) -> IntegrationFacts:
    """Device and service. Two requests."""
    return IntegrationFacts(device=_read_device(cim), data_exchange=_read_service(cim))


def _read_device(cim: Cim) -> ActivationDevice | None:
    try:
        rows = list(cim.query(DEVICE.namespace, DEVICE.wql))
    except Fault:
        return None
    # One that works is enough.
    problems = [row.integer("ConfigManagerErrorCode") for row in rows]
    return ActivationDevice(present=bool(rows), problem=0 if 0 in problems else next(iter(problems), None))


def _read_service(cim: Cim) -> DataExchangeService | None:
    try:
        rows = list(cim.query(SERVICE.namespace, SERVICE.wql))
    except Fault:
        return None
    if not rows:
        return DataExchangeService(installed=False)
    state, mode = rows[0].text("State"), rows[0].text("StartMode")
    return DataExchangeService(
        installed=True,
        running=None if state is None else state == _RUNNING,
        disabled=None if mode is None else mode == _DISABLED,
    )
