# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_NTLogEvent, Win32_NTEventlogFile and what is between them: the Application log by WMI (Microsoft's class reference), and
its events for the event service.

A log file says how many records its log has. An account that may not read the log learns nothing of either (see
``world.accounts.EventLogRight``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..cim.provider import LoggedEvent, MethodResult
from ..cim.types import CimClass, Instance, Reference, Value
from ..world.errors import WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.eventlog import APPLICATION, ERROR, INFORMATION, WARNING, Event
from ..world.windows import Windows
from .base import Provider, instance
from .files import file_values
from .localisation import localised

EVENT_CLASSES = ("Win32_NTLogEvent", "Win32_NTEventlogFile", "Win32_NTLogEventLog", "Win32_NTLogEventComputer")
_EVENT, _FILE, _OF_LOG, _OF_COMPUTER = EVENT_CLASSES
_LEVELS = {ERROR: 2, WARNING: 3, INFORMATION: 4}  # of an event's System
_TYPES = {ERROR: "Error", WARNING: "Warning", INFORMATION: "Information"}
_FOLDER = "\\Windows\\System32\\Winevt\\Logs\\"
_EMPTY_LOGS = ("HardwareEvents", "Key Management Service")  # as on most servers
_LARGEST = 20 * 1024 * 1024  # MaxFileSize of the Application log as Windows is installed
_EVENT_BYTES = 500


class EventLogEntries(Provider):
    serves = (_EVENT,)

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


class EventLogFiles(Provider):
    serves = (_FILE,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for log in (APPLICATION, *_EMPTY_LOGS):
            records = len(self.windows.log.read()) if log == APPLICATION else 0
            values: dict[str, Value] = {
                **file_values(self.windows, _FOLDER, f"{log}.evtx"),
                "CreationClassName": _FILE,
                "FileSize": 69632 + records * _EVENT_BYTES,
                "FileType": "evtx File",
                "LogfileName": log,
                "MaxFileSize": _LARGEST,
                "Name": log_file(log),
                "NumberOfRecords": records,
                "OverwriteOutDated": 0,
                "OverWritePolicy": "WhenNeeded",
                "Sources": [*sorted({event.source for event in self.windows.log.read()} | {log})] if log == APPLICATION else [log],
            }
            yield instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        if method != "ClearEventLog" or target is None:
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        if target.values["LogfileName"] == APPLICATION:
            self.windows.log.clear()
        return MethodResult(0)


class EventLogAssociations(Provider):
    serves = (_OF_LOG, _OF_COMPUTER)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        file = Reference(cls.namespace, _FILE, {"Name": log_file(APPLICATION)})
        computer = Reference(cls.namespace, "Win32_ComputerSystem", {"Name": self.windows.name.upper()})
        for event in self.windows.log.read():
            entry = Reference(cls.namespace, _EVENT, {"Logfile": APPLICATION, "RecordNumber": str(event.record)})
            if cls.name == _OF_LOG:
                yield Instance(cls, {"Log": file, "Record": entry})
            else:
                yield Instance(cls, {"Computer": computer, "Record": entry})


def log_file(log: str) -> str:
    """Key of Win32_NTEventlogFile."""
    return f"C:{_FOLDER}{log}.evtx"


def logged(event: Event, windows: Windows) -> LoggedEvent:
    """The event as the event service knows it."""
    return LoggedEvent(
        record=event.record,
        id=event.id,
        qualifiers=event.qualifiers,
        source=event.source,
        level=_LEVELS[event.type],
        time=event.time + windows.clock_skew,
        strings=event.strings,
        message=event.message,
        computer=windows.fqdn,
        channel=APPLICATION,
    )
