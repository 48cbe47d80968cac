# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Software licensing: what ``SoftwareLicensingProduct`` says, and the methods that ``slmgr.vbs`` calls, in its order.

Sources: Microsoft's class reference (SoftwareLicensingProduct, SoftwareLicensingService) and the calls that slmgr.vbs makes.
"""

from __future__ import annotations

import re
from datetime import datetime

from .._avma.channels import channel_of, licence_status_of, volume_activation_of
from .._avma.facts import AvmaBinding, Channel, KmsSettings, LicenceFacts
from .._avma.windows_codes import error_of, unsigned_code
from .._wsman.cim import Call, Cim, Query
from .._wsman.errors import Fault, InvalidClassOrQuery, MalformedAnswer, MethodFailed, WsManError
from .._wsman.instance import Instance
from .._wsman.invocation import MethodOutput
from .._wsman.values import Argument, Sensitive
from .namespaces import CIMV2
from .rows import only_row

WINDOWS_APPLICATION_ID = "55c92734-d682-4d71-983e-d6ec3f16059f"

# The whole table has hundreds of rows, and reading all of a row's properties makes the service compute installation IDs:
# Windows takes many seconds for it. So: named properties, and only products of Windows that have a key.
_PROPERTIES = (
    "ID",
    "Name",
    "Description",
    "LicenseFamily",
    "LicenseIsAddon",
    "LicenseStatus",
    "LicenseStatusReason",
    "PartialProductKey",
    "ProductKeyChannel",
    "GracePeriodRemaining",
    "EvaluationEndDate",
    "KeyManagementServiceMachine",
    "KeyManagementServicePort",
    "DiscoveredKeyManagementServiceMachineName",
)
# Since Windows Server 2012 R2, the last three since 2012.
_NEWER_PROPERTIES = (
    "IAID",
    "AutomaticVMActivationHostMachineName",
    "AutomaticVMActivationHostDigitalPid2",
    "AutomaticVMActivationLastActivationTime",
    "KeyManagementServiceLookupDomain",
    "VLActivationType",
    "ADActivationObjectName",
)
_WHERE = f"FROM SoftwareLicensingProduct WHERE ApplicationID = '{WINDOWS_APPLICATION_ID}' AND PartialProductKey <> NULL AND LicenseIsAddon = FALSE"
LICENCES = Query(CIMV2, f"SELECT {', '.join(_PROPERTIES + _NEWER_PROPERTIES)} {_WHERE}")
# Never SELECT * here: OA3xOriginalProductKey is a real, full key.
LICENSING_SERVICE = Query(
    CIMV2,
    "SELECT Version, KeyManagementServiceMachine, KeyManagementServicePort, KeyManagementServiceLookupDomain FROM SoftwareLicensingService",
)

_HRESULT_IN_TEXT = re.compile(r"\b0x([0-9A-Fa-f]{8})\b")


class LicensingRefused(WsManError):
    """A licensing method was carried out and refused. ``code`` is the SL_E_* HRESULT, unsigned 32 bit."""

    def __init__(self, operation: str, code: int, text: str = "") -> None:
        self.operation = operation
        self.code = code
        self.text = text
        entry = error_of(code)
        symbol = f" {entry.symbol}" if entry and entry.symbol else ""
        super().__init__(f"{operation} was refused with 0x{code:08X}{symbol}" + (f": {text}" if text else ""))


def read_licences(session: Cim) -> tuple[LicenceFacts, ...]:
    """Each Windows product with a key, the primary one first. One request where there is one such product.

    The primary product is the first that AVMA has licensed, else the first that is licensed, else the first: whether installing a key takes
    the licence from another product is not published, so that two may be licensed. Windows before 2012 R2 lacks the AVMA properties,
    and naming an unknown property is an error of the query, so it is asked again without them.
    """
    try:
        rows = list(session.query(LICENCES.namespace, LICENCES.wql))
    except InvalidClassOrQuery:
        rows = list(session.query(CIMV2, f"SELECT {', '.join(_PROPERTIES)} {_WHERE}"))
    licences = [_licence(row) for row in rows if row.text("PartialProductKey") and not row.boolean("LicenseIsAddon")]
    # sorted is stable: Windows' own order stays among equals
    return tuple(sorted(licences, key=lambda licence: (not (licence.licensed and licence.channel is Channel.AVMA), not licence.licensed)))


def _licence(row: Instance) -> LicenceFacts:
    reason = row.integer("LicenseStatusReason")
    evaluation_end = _never_is_none(row.timestamp("EvaluationEndDate"))
    status = row.integer("LicenseStatus")
    return LicenceFacts(
        product_id=row.text("ID") or "",
        channel=channel_of(row.text("Description"), row.text("ProductKeyChannel"), evaluation_end),
        status=licence_status_of(status),
        status_code=status,
        reason=None if reason is None else unsigned_code(reason),
        name=row.text("Name"),
        description=row.text("Description"),
        family=row.text("LicenseFamily"),
        channel_raw=row.text("ProductKeyChannel"),
        partial_product_key=row.text("PartialProductKey"),
        minutes_remaining=row.integer("GracePeriodRemaining"),
        evaluation_end=evaluation_end,
        kms=_kms(row, row.text("DiscoveredKeyManagementServiceMachineName")),
        through=volume_activation_of(row.integer("VLActivationType"), row.text("ADActivationObjectName")),
        avma=AvmaBinding(
            iaid=row.text("IAID") or None,
            host_name=row.text("AutomaticVMActivationHostMachineName") or None,
            host_pid=row.text("AutomaticVMActivationHostDigitalPid2") or None,
            last_activation=_never_is_none(row.timestamp("AutomaticVMActivationLastActivationTime")),
        ),
    )


def _kms(row: Instance, discovered: str | None = None) -> KmsSettings:
    return KmsSettings(
        machine=row.text("KeyManagementServiceMachine") or None,
        port=row.integer("KeyManagementServicePort"),
        lookup_domain=row.text("KeyManagementServiceLookupDomain") or None,
        discovered=discovered or None,
    )


def read_kms_settings(session: Cim) -> KmsSettings | None:
    """Those of the whole service, None where they cannot be read: nothing hangs on them. One request."""
    try:
        return _kms(only_row(session.query(LICENSING_SERVICE.namespace, LICENSING_SERVICE.wql), "SoftwareLicensingService"))
    except (Fault, MalformedAnswer):
        return None


def _never_is_none(when: datetime | None) -> datetime | None:
    """WMI writes "never" as 1601-01-01, the origin of Windows' clock."""
    return None if when is None or when.year <= 1601 else when


class LicensingService:
    """The methods of ``SoftwareLicensingService`` and ``SoftwareLicensingProduct``, over one session.

    Every method raises LicensingRefused with the SL_E_* code when Windows refuses, other WsManErrors as they come.
    """

    def __init__(self, session: Cim) -> None:
        self._session = session
        self._version: str | None = None
        self.kms: KmsSettings | None = None  # known as soon as a method was called

    def version(self) -> str:
        """The service's key property. One request, the first time."""
        if self._version is None:
            try:
                row = only_row(self._session.query(LICENSING_SERVICE.namespace, LICENSING_SERVICE.wql), "SoftwareLicensingService")
                self.kms = _kms(row)
            except InvalidClassOrQuery:
                row = only_row(self._session.query(CIMV2, "SELECT Version FROM SoftwareLicensingService"), "SoftwareLicensingService")
            self._version = row.text("Version") or ""
        return self._version

    def install_key(self, key: str) -> None:
        """Install a product key. It is not activation. One request, and one for the version."""
        self._foresee_look()
        self._service_method("InstallProductKey", {"ProductKey": Sensitive(key)})

    def refresh(self) -> None:
        """Have the service read its licences again, as slmgr does after each change."""
        self._service_method("RefreshLicenseStatus", {})

    def activate(self, product_id: str) -> None:
        """Ask for activation now. For an AVMA product this asks the Hyper-V host."""
        self._foresee_look()
        self._licensing_method("SoftwareLicensingProduct", "Activate", {}, {"ID": product_id})

    def _foresee_look(self) -> None:
        """After each change the licences are refreshed and read, which then takes no trip of its own."""
        if self._session.expensive_round_trips:
            self._session.prefetch(
                Call(CIMV2, "SoftwareLicensingService", "RefreshLicenseStatus", keys={"Version": self.version()}), LICENCES
            )

    def _service_method(self, method: str, arguments: dict[str, Argument]) -> None:
        self._licensing_method("SoftwareLicensingService", method, arguments, {"Version": self.version()})

    def _licensing_method(self, class_name: str, method: str, arguments: dict[str, Argument], keys: dict[str, str]) -> None:
        operation = f"{class_name}.{method}"
        try:
            output: MethodOutput = self._session.invoke(CIMV2, class_name, method, arguments, keys)
        except MethodFailed as failure:
            raise LicensingRefused(operation, unsigned_code(failure.return_value or 0)) from failure
        except Fault as fault:
            code = licensing_code(fault)
            if code is None:
                raise
            raise LicensingRefused(operation, code, fault.provider_text or fault.text or "") from fault
        if output.return_value:
            raise LicensingRefused(operation, unsigned_code(output.return_value))


def licensing_code(fault: Fault) -> int | None:
    """The licensing HRESULT that a fault carries, or None if the fault is about something else.

    Microsoft documents that a refused method is a provider exception with the SL_E_* code as HRESULT, but not how WS-Man shows it,
    so it is looked for in the code first and in the texts last.
    """
    candidates = [fault.hresult, fault.code]
    for text in (fault.provider_text, fault.text):
        candidates.extend(int(found, 16) for found in _HRESULT_IN_TEXT.findall(text or ""))
    for candidate in candidates:
        if candidate is None:
            continue
        code = unsigned_code(candidate)
        if error_of(code) is not None or code >> 16 in (0xC004, 0x4004):
            return code
    return None
