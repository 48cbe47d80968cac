# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_NTLogEvent: the Application log by WMI (Microsoft, Win32_NTLogEvent)."""

from __future__ import annotations

from collections.abc import Iterable

from ..cim.types import CimClass, Instance, Value
from ..world.eventlog import APPLICATION, ERROR, INFORMATION, WARNING
from .base import Provider, instance
from .localisation import localised

_TYPES = {ERROR: "Error", WARNING: "Warning", INFORMATION: "Information"}


class EventLogEntries(Provider):
    serves = ("Win32_NTLogEvent",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        windows = self.windows
        for event in reversed(windows.log.read()):  # newest first, as the event log provider answers
            time = (event.time + windows.clock_skew).replace(microsecond=0)
            values: dict[str, Value] = {
                "Category": 0,
                "ComputerName": windows.fqdn,
                "EventCode": event.id,
                "EventIdentifier": event.identifier,
                "EventType": event.type,
                "InsertionStrings": [*event.strings] or None,
                "Logfile": APPLICATION,
                "Message": event.message,
                "RecordNumber": event.record,
                "SourceName": event.source,
                "TimeGenerated": time,
                "TimeWritten": time,
                "Type": localised(_TYPES[event.type], windows.language),
            }
            yield instance(cls, values)
