# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SoftwareLicensingProduct and SoftwareLicensingService.

Properties and methods from Microsoft's class reference; the numbers of unused ones (4294967295, 1601-01-01) as public dumps show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world import keys, licence, licensing
from ..world.clock import NEVER
from ..world.errors import SL_E_EUL_NOT_AVAILABLE, SL_E_PKEY_NOT_INSTALLED, WBEM_E_INVALID_PARAMETER, WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.registry import REG_DWORD, REG_SZ, SOFTWARE_PROTECTION
from .base import Provider, instance

_UNSET = 4294967295
_SECOND_KEY = "2NDK7"
# SoftwareLicensingProduct.VLActivationType (public copies of slmgr.vbs).
_THROUGH: dict[str | None, int] = {"active_directory": 1, "kms": 2, "token": 3}
_OBJECT_DN = "CN=Activation Object 1,CN=Activation Objects,CN=Microsoft SPP,CN=Services,CN=Configuration,DC=example,DC=com"
_KMS_PORT = 1688  # where none is set (Microsoft, "Activate using Key Management Service")

_COUNTERS: dict[str, Value] = {
    f"KeyManagementService{kind}Requests": _UNSET
    for kind in ("Total", "Failed", "Unlicensed", "Licensed", "OOBGrace", "OOTGrace", "NonGenuineGrace", "Notification")
}

_EVERY_PRODUCT: dict[str, Value] = {
    **_COUNTERS,
    "ApplicationID": licence.WINDOWS_APPLICATION,
    "DiscoveredKeyManagementServiceMachineName": "",
    "DiscoveredKeyManagementServiceMachineIpAddress": "",
    "DiscoveredKeyManagementServiceMachinePort": 0,
    "EvaluationEndDate": NEVER,
    "ExtendedGrace": _UNSET,
    "GenuineStatus": 0,
    "GracePeriodRemaining": 0,
    "IsKeyManagementServiceMachine": 0,
    "KeyManagementServiceCurrentCount": _UNSET,
    "KeyManagementServiceLookupDomain": "",
    "KeyManagementServiceMachine": "",
    "KeyManagementServicePort": 0,
    "LicenseIsAddon": False,
    "LicenseStatus": licence.UNLICENSED,
    "LicenseStatusReason": SL_E_PKEY_NOT_INSTALLED,
    "RemainingAppReArmCount": 1000,
    "RemainingSkuReArmCount": 1001,
    "RequiredClientCount": _UNSET,
    "TokenActivationGrantNumber": _UNSET,
    "TokenActivationILVID": _UNSET,
    "TrustedTime": NEVER,
    "VLActivationInterval": _UNSET,
    "VLActivationType": 0,
    "VLActivationTypeEnabled": 0,
    "VLRenewalInterval": _UNSET,
    "AutomaticVMActivationLastActivationTime": NEVER,
}


class LicensingProduct(Provider):
    serves = ("SoftwareLicensingProduct",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for channel in licence.channels_of(self.windows.release, self.windows.edition):
            yield self._product(cls, channel)
        if self.windows.licence.addon_partial_key is not None:
            yield self._addon(cls, self.windows.licence.addon_partial_key)

    def _product(self, cls: CimClass, channel: str) -> Instance:
        windows, state = self.windows, self.windows.licence
        values: dict[str, Value] = {
            **_EVERY_PRODUCT,
            "ID": licence.activation_id(windows.release, windows.edition, channel),
            "Name": licence.product_name(windows.edition),
            "Description": licence.product_description(channel),
            "LicenseFamily": windows.edition.family,
        }
        if state.channel == channel:
            values.update(self._keyed(channel))
            if state.shown_channel is not None:
                described = f"Windows(R) Operating System, {state.shown_channel} channel"
                values.update(ProductKeyChannel=state.shown_channel, Description=described)
        elif state.second_channel == channel:
            short, extended = licence.product_ids(windows.name, windows.release, channel)
            values.update(PartialProductKey=_SECOND_KEY, ProductKeyChannel=channel, ProductKeyID=short, ProductKeyID2=extended)
            values["LicenseStatusReason"] = 0 if state.second_licensed else SL_E_EUL_NOT_AVAILABLE
            values["LicenseStatus"] = licence.LICENSED if state.second_licensed else licence.UNLICENSED
        return instance(cls, values)

    def _keyed(self, channel: str) -> dict[str, Value]:
        windows, state = self.windows, self.windows.licence
        now = self.fleet.clock.now()
        state.settle(now)
        short, extended = licence.product_ids(windows.name, windows.release, channel)
        values: dict[str, Value] = {
            "PartialProductKey": state.partial_key,
            "ProductKeyChannel": channel,
            "ProductKeyID": short,
            "ProductKeyID2": extended,
            "LicenseStatus": state.status,
            "LicenseStatusReason": state.reason,
            "GracePeriodRemaining": state.minutes_remaining(now),
            "EvaluationEndDate": state.evaluation_end or NEVER,
            "RemainingSkuReArmCount": 1001,
            "RemainingAppReArmCount": 1000,
            "TrustedTime": now,
            "IAID": state.iaid,
            "AutomaticVMActivationHostMachineName": state.host_name,
            "AutomaticVMActivationHostDigitalPid2": state.host_pid,
            "AutomaticVMActivationLastActivationTime": state.last_activation or NEVER,
        }
        client = channel == keys.KMS_CLIENT
        if client or self.fleet.rules.licensing.kms_settings_of_every_product:
            settings = windows.kms_settings
            values.update(
                KeyManagementServiceMachine=settings.machine,
                KeyManagementServicePort=settings.port or (_KMS_PORT if settings.machine else 0),
                KeyManagementServiceLookupDomain=settings.lookup_domain,
            )
        if client:
            through = (state.activated_through or "kms") if state.status == licence.LICENSED else None
            directory = through == "active_directory"
            values.update(
                VLActivationType=_THROUGH.get(through, 0),
                ADActivationObjectName="Activation Object 1" if directory else "",
                ADActivationObjectDN=_OBJECT_DN if directory else "",
                VLActivationInterval=120,
                VLRenewalInterval=10080,
                DiscoveredKeyManagementServiceMachineName=state.kms_discovered or "",
                DiscoveredKeyManagementServiceMachinePort=_KMS_PORT if state.kms_discovered else 0,
            )
        return values

    def _addon(self, cls: CimClass, partial: str) -> Instance:
        windows = self.windows
        values: dict[str, Value] = {
            **_EVERY_PRODUCT,
            "ID": licence.activation_id(windows.release, windows.edition, "ESU"),
            "Name": "Windows(R), Server-ESU-Year1 add-on for Server",
            "Description": licence.product_description(keys.MAK),
            "LicenseFamily": "Server-ESU-Year1",
            "LicenseDependsOn": licence.WINDOWS_APPLICATION,
            "LicenseIsAddon": True,
            "PartialProductKey": partial,
            "ProductKeyChannel": keys.MAK,
            "LicenseStatus": licence.LICENSED,
            "LicenseStatusReason": 0,
        }
        return instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        if target is None:
            raise failure(WBEM_E_INVALID_PARAMETER)
        channel = str(target.values.get("ProductKeyChannel") or "")
        if channel == self.windows.licence.shown_channel:
            channel = self.windows.licence.channel or ""
        if target.values.get("LicenseIsAddon"):
            return MethodResult(0)
        if method == "Activate":
            licensing.activate(self.fleet, self.windows, channel)
        elif method == "UninstallProductKey":
            licensing.uninstall_key(self.windows, channel)
        elif method == "ReArmsku":
            licensing.rearm(self.fleet, self.windows)
        elif method in _KMS_SETTERS:
            _set_kms(self, method, arguments)
        else:
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        return MethodResult(0)


class LicensingService(Provider):
    serves = ("SoftwareLicensingService",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        windows, state = self.windows, self.windows.licence
        settings = windows.kms_settings
        firmware = state.key if state.channel == "OEM:DM" else None
        values: dict[str, Value] = {
            **_COUNTERS,
            "Version": f"{windows.release.version}.1",
            "ClientMachineID": "",
            "DiscoveredKeyManagementServiceMachineName": state.kms_discovered or "",
            "DiscoveredKeyManagementServiceMachineIpAddress": "",
            "DiscoveredKeyManagementServiceMachinePort": _KMS_PORT if state.kms_discovered else 0,
            "IsKeyManagementServiceMachine": 0,
            "KeyManagementServiceCurrentCount": _UNSET,
            "KeyManagementServiceDnsPublishing": True,
            "KeyManagementServiceHostCaching": True,
            "KeyManagementServiceListeningPort": 0,
            "KeyManagementServiceLookupDomain": settings.lookup_domain,
            "KeyManagementServiceLowPriority": False,
            "KeyManagementServiceActivationDisabled": False,
            "KeyManagementServiceMachine": settings.machine,
            "KeyManagementServicePort": settings.port or _KMS_PORT,
            "OA2xBiosMarkerMinorVersion": 1,
            "OA2xBiosMarkerStatus": 0,
            # The firmware's key is a whole, secret key: clients that select * get it.
            "OA3xOriginalProductKey": firmware.text if firmware else "",
            "OA3xOriginalProductKeyDescription": "[4.0] Server OEM:DM" if firmware else "",
            "OA3xOriginalProductKeyPkPn": "",
            "PolicyCacheRefreshRequired": 0,
            "RemainingWindowsReArmCount": state.rearms_left,
            "RequiredClientCount": _UNSET,
            "VLActivationInterval": 120,
            "VLRenewalInterval": 10080,
        }
        yield instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        if method == "InstallProductKey":
            text = arguments.get("ProductKey")
            if not isinstance(text, str):
                raise failure(WBEM_E_INVALID_PARAMETER)
            licensing.install_key(self.fleet, self.windows, text)
        elif method == "RefreshLicenseStatus":
            licensing.refresh(self.fleet, self.windows)
        elif method == "ClearProductKeyFromRegistry":
            licensing.clear_key_from_registry(self.windows)
        elif method in ("ReArmWindows", "ReArmApp"):
            licensing.rearm(self.fleet, self.windows)
        elif method in _KMS_SETTERS:
            _set_kms(self, method, arguments)
        else:
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        return MethodResult(0)


# Method -> registry value below SoftwareProtectionPlatform (public text of slmgr.vbs), parameter.
_KMS_SETTERS: dict[str, tuple[str, str | None]] = {
    "SetKeyManagementServiceMachine": ("KeyManagementServiceName", "MachineName"),
    "ClearKeyManagementServiceMachine": ("KeyManagementServiceName", None),
    "SetKeyManagementServicePort": ("KeyManagementServicePort", "PortNumber"),
    "ClearKeyManagementServicePort": ("KeyManagementServicePort", None),
    "SetKeyManagementServiceLookupDomain": ("KeyManagementServiceLookupDomain", "LookupDomain"),
    "ClearKeyManagementServiceLookupDomain": ("KeyManagementServiceLookupDomain", None),
    "SetVLActivationTypeEnabled": ("VLActivationType", "ActivationType"),
    "ClearVLActivationTypeEnabled": ("VLActivationType", None),
}


def _set_kms(provider: Provider, method: str, arguments: Mapping[str, Value]) -> None:
    name, parameter = _KMS_SETTERS[method]
    windows = provider.windows
    value = arguments.get(parameter) if parameter else None
    if parameter is None:
        windows.registry.delete_value(SOFTWARE_PROTECTION, name)
    elif isinstance(value, int):
        windows.registry.set(SOFTWARE_PROTECTION, name, REG_DWORD, value)
    elif isinstance(value, str):
        windows.registry.set(SOFTWARE_PROTECTION, name, REG_SZ, value)
    else:
        raise failure(WBEM_E_INVALID_PARAMETER)
