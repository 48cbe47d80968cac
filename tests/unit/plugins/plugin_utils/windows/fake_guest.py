# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that answers from its state, and does with each licensing call what a test wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import kms_client_row
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import WsManError
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.invocation import MethodOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session, Statistics
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Argument, Sensitive
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import AVMA_DESCRIPTION, product
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import Value, output, projected

Licence = dict[str, Value]
MAK_DESCRIPTION = "Windows(R) Operating System, VOLUME_MAK channel"


class FakeGuest(Session):
    """Windows Server 2022 Standard with an unlicensed KMS client key, on host hv01, unless a test says otherwise.

    ``on_install`` and ``on_activate`` are queues of what the next calls do: an error is raised, a number is the ReturnValue, None
    succeeds. ``effect`` of a lost call: see ``LostAnswer``. ``calls`` are names in the order of the requests.
    """

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.max_envelope_size = 512000
        self.os: dict[str, Value] = {
            "BuildNumber": "20348",
            "Caption": "Microsoft Windows Server 2022 Standard",
            "CSName": "WEB01",
            "OperatingSystemSKU": 7,
            "ProductType": 3,
            "Version": "10.0.20348",
        }
        self.computer: dict[str, Value] = {"Name": "WEB01", "Manufacturer": "Microsoft Corporation", "Model": "Virtual Machine"}
        self.asset_tag = "2147-4836-4812-3456-7890-1234-56"
        self.device_problems = [0]  # one for each activation device
        self.data_exchange: dict[str, Value] = {"StartMode": "Manual", "State": "Running"}
        self.licences: list[Licence] = [{}]
        self.registry = {"PhysicalHostName": "HV01", "PhysicalHostNameFullyQualified": "hv01.corp.example"}
        # Values of the key Virtual Machine\\Guest: name -> (type, data)
        self.guest_values: dict[str, tuple[int, str]] = {}
        self.kms: dict[str, Value] = {}  # settings of the licensing service
        self.on_delete: list[Any] = []
        self.installed_channel: Licence = {"Description": AVMA_DESCRIPTION, "ProductKeyChannel": "VT:IA"}
        self.on_install: list[Any] = []
        self.on_activate: list[Any] = []
        self.on_refresh: list[Any] = []
        # seconds after which the licence changes although Activate itself was done
        self.licensed_after: float | None = 0
        self.calls: list[str] = []
        self.break_before: dict[str, WsManError] = {}
        self.now = 5000.0
        self.slept: list[float] = []
        self.clock = lambda: self.now
        self.sleep = self._sleep
        self.closed = False
        self.keys_seen: list[str] = []
        self._due: float | None = None

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def close(self) -> None:
        self.closed = True

    @property
    def methods(self) -> list[str]:
        return [call for call in self.calls if call in ("InstallProductKey", "Activate", "RefreshLicenseStatus")]

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        class_name = wql.partition(" FROM ")[2].partition(" ")[0]
        self._record(class_name)
        if self._due is not None and self.now >= self._due:
            self.licences[0].update(LicenseStatus=1, LicenseStatusReason=0x4004F401)
        rows: dict[str, list[Instance]] = {
            "Win32_OperatingSystem": [projected(**self.os)],
            "Win32_ComputerSystem": [projected(**self.computer)],
            "Win32_SystemEnclosure": [projected(SMBIOSAssetTag=self.asset_tag)],
            "Win32_PnPEntity": [projected(ConfigManagerErrorCode=problem) for problem in self.device_problems],
            "Win32_Service": [projected(**self.data_exchange)],
            "SoftwareLicensingProduct": [product(**licence) for licence in self.licences],
            "SoftwareLicensingService": [projected(Version="10.0.20348.1", **self.kms)],
        }
        yield from rows[class_name]

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        keys: Mapping[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> MethodOutput:
        assert reads == (method in ("GetStringValue", "EnumValues")), f"{method} with reads={reads}"
        given = dict(arguments or {})
        self._record(method)
        if method in ("GetStringValue", "EnumValues"):
            return self._registry(method, given)
        if method == "DeleteValue":
            return self._delete_value(given)
        wanted = {"SoftwareLicensingService": {"Version": "10.0.20348.1"}, "SoftwareLicensingProduct": {"ID": str(self._first_id())}}
        assert keys == wanted[class_name]
        queue = {"InstallProductKey": self.on_install, "Activate": self.on_activate, "RefreshLicenseStatus": self.on_refresh}[method]
        answer = queue.pop(0) if queue else None
        if isinstance(answer, LostAnswer):
            if answer.effect:
                self._carry_out(method, given)
            raise answer.error
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            self._carry_out(method, given)
        outputs = output(namespace, class_name, method, ReturnValue=answer or 0)
        return MethodOutput(class_name, method, answer or 0, outputs)

    def _record(self, call: str) -> None:
        if call in self.break_before:
            raise self.break_before[call]
        self.calls.append(call)

    def _first_id(self) -> Value:
        return product(**self.licences[0]).text("ID") if self.licences else None

    def _registry(self, method: str, arguments: dict[str, Argument]) -> MethodOutput:
        if str(arguments["sSubKeyName"]).endswith("Guest"):
            return self._guest_key(method, str(arguments.get("sValueName")))
        if method == "EnumValues":
            outputs = output("root/cimv2", "StdRegProv", method, ReturnValue=0, sNames=tuple(self.registry))
        else:
            value = self.registry.get(str(arguments["sValueName"]))
            outputs = output("root/cimv2", "StdRegProv", method, ReturnValue=1 if value is None else 0, sValue=value)
        return MethodOutput("StdRegProv", method, outputs.integer("ReturnValue"), outputs)

    def _guest_key(self, method: str, name: str) -> MethodOutput:
        names, kinds = tuple(self.guest_values), tuple(kind for kind, _data in self.guest_values.values())
        if method == "EnumValues":
            outputs = output("root/cimv2", "StdRegProv", method, ReturnValue=0, sNames=names, Types=kinds)
        else:
            kind, data = self.guest_values.get(name, (0, ""))
            code = {0: 1, 1: 0}.get(kind, 0x80041005)
            outputs = output("root/cimv2", "StdRegProv", method, ReturnValue=code, sValue=data)
        return MethodOutput("StdRegProv", method, outputs.integer("ReturnValue"), outputs)

    def _delete_value(self, arguments: dict[str, Argument]) -> MethodOutput:
        """An answer from the queue: a number is the ReturnValue, an error is raised, a LostAnswer may have been carried out."""
        assert arguments["sSubKeyName"] == r"SOFTWARE\Microsoft\Virtual Machine\Guest", "nothing else may be touched"
        name = str(arguments["sValueName"])
        if not self.on_delete:
            code = 0 if self.guest_values.pop(name, None) else 2
        else:
            answer = self.on_delete.pop(0)
            if isinstance(answer, LostAnswer):
                if answer.effect:
                    del self.guest_values[name]
                raise answer.error
            if isinstance(answer, Exception):
                raise answer
            code = answer if answer is not None else 0 if self.guest_values.pop(name, None) else 2
        outputs = output("root/cimv2", "StdRegProv", "DeleteValue", ReturnValue=code)
        return MethodOutput("StdRegProv", "DeleteValue", code, outputs)

    def _carry_out(self, method: str, arguments: dict[str, Argument]) -> None:
        if method == "InstallProductKey":
            key = arguments["ProductKey"]
            assert isinstance(key, Sensitive)
            self.keys_seen.append(key.text)
            # A product row is that of a KMS client unless it is changed.
            channel = {} if kms_client_row(key.text) else self.installed_channel
            self.licences = [{"ID": "new-id", "PartialProductKey": key.text[-5:], "LicenseStatus": 0, **channel}]
            self._due = None
        elif method == "Activate" and self.licensed_after is not None:
            self._due = self.now + self.licensed_after


class LostAnswer:
    """A call whose answer never came; ``effect`` says whether Windows carried it out."""

    def __init__(self, error: WsManError, *, effect: bool) -> None:
        self.error = error
        self.effect = effect
