# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_PnPEntity: VMBus devices of a guest.

The Activation Component's VMBus GUID {3375BAF4-9E15-4B30-B765-67ACB10D607B} is from Windows' wvmic.inf; names may be localised.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..cim.types import CimClass, Instance, Value
from ..world.guest import Guest
from ..world.vm import derived_guid
from .base import Provider, instance
from .localisation import localised

ACTIVATION = "3375BAF4-9E15-4B30-B765-67ACB10D607B"

_NO_DRIVER = 28  # CM_PROB_FAILED_INSTALL: no driver is installed for the device
_DEVICES = (
    ("A9A0F4E7-5A45-4D96-B827-8A841E8C03E6", "Microsoft Hyper-V Data Exchange"),
    ("57164F39-9115-4E78-AB55-382F3BD5422D", "Microsoft Hyper-V Heartbeat"),
    (ACTIVATION, "Microsoft Hyper-V Activation Component"),
)


class PnpDevices(Provider):
    serves = ("Win32_PnPEntity",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        guest = self.windows
        if not isinstance(guest, Guest) or guest.hypervisor == "other":
            return
        for bus_id, english in _DEVICES:
            if bus_id == ACTIVATION and not guest.activation_device:
                continue
            works = guest.activation_driver or bus_id != ACTIVATION
            name = localised(english if works else "Unknown device", guest.language)
            device = rf"VMBUS\{{{bus_id}}}\{{{derived_guid('vmbus', bus_id)}}}"
            values: dict[str, Value] = {
                "Caption": name,
                "ClassGuid": "{4d36e97d-e325-11ce-bfc1-08002be10318}",
                "ConfigManagerErrorCode": 0 if works else _NO_DRIVER,
                "ConfigManagerUserConfig": False,
                "CreationClassName": "Win32_PnPEntity",
                "Description": name,
                "DeviceID": device,
                "HardwareID": [rf"VMBUS\{{{bus_id.lower()}}}"],
                "Manufacturer": "Microsoft" if works else None,
                "Name": name,
                "PNPClass": "System" if works else None,
                "PNPDeviceID": device,
                "Present": True,
                "Service": "vmbus" if bus_id == ACTIVATION and works else None,
                "Status": "OK" if works else "Error",
                "SystemCreationClassName": "Win32_ComputerSystem",
                "SystemName": guest.name.upper(),
            }
            yield instance(cls, values)
