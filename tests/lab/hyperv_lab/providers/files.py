# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM_DataFile: the few programs whose version inventory tools ask for, ``vmms.exe`` first of all (virt-who's query).

Windows lists each file of each disk here; the lab has none but these.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..cim.types import CimClass, Instance, Value
from ..world.host import Host
from ..world.windows import Windows
from .base import Provider, instance

_SYSTEM32 = "\\windows\\system32\\"


class DataFiles(Provider):
    serves = ("CIM_DataFile",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        programs = ["sppsvc.exe", "winlogon.exe", "wsmsvc.dll"]
        if isinstance(self.windows, Host) and self.windows.hyperv:
            programs += ["vmms.exe", "vmwp.exe"]
        for name in sorted(programs):
            yield instance(cls, {**file_values(self.windows, _SYSTEM32, name), **self._program()})

    def _program(self) -> dict[str, Value]:
        return {"FileSize": 1048576, "Manufacturer": "Microsoft Corporation", "Version": f"{self.windows.release.version}.1"}


def file_values(windows: Windows, folder: str, name: str) -> dict[str, Value]:
    """Properties of CIM_DataFile that follow from where the file is. Windows writes its path in small letters."""
    stem, _dot, extension = name.rpartition(".")
    path = f"c:{folder}{name}".lower()
    return {
        "AccessMask": 18809343,
        "Archive": True,
        "Caption": path,
        "Compressed": False,
        "CreationClassName": "CIM_LogicalFile",
        "CreationDate": windows.installed,
        "CSCreationClassName": "Win32_ComputerSystem",
        "CSName": windows.name.upper(),
        "Description": path,
        "Drive": "c:",
        "Encrypted": False,
        "Extension": extension.lower(),
        "FileName": stem.lower(),
        "FileType": "Application" if extension == "exe" else f"{extension.upper()} File",
        "FSCreationClassName": "Win32_FileSystem",
        "FSName": "NTFS",
        "Hidden": False,
        "InstallDate": windows.installed,
        "LastAccessed": windows.installed,
        "LastModified": windows.installed,
        "Name": path,
        "Path": folder.lower(),
        "Readable": True,
        "Status": "OK",
        "System": False,
        "Writeable": True,
    }
