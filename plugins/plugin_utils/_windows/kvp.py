# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Data Exchange (key-value pairs) of all virtual machines of a host, as the host sees it.

``Msvm_KvpExchangeComponent`` has the guests' items, ``Msvm_KvpExchangeComponentSettingData`` the switch and the host's items.
Both are read whole, for all machines at once. ``SELECT *`` on purpose: how Windows renders the arrays of a projection is not known
for newer versions, and the items are nearly all of the bytes anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .._avma.facts import KvpFacts, KvpHealth, KvpItem, VmFacts, VmState
from .._wsman.embedded import parse_embedded_instance
from .._wsman.errors import EncodingLimit, MalformedAnswer
from .._wsman.instance import Instance
from .._wsman.session import Session
from .._wsman.wql import quote
from .hyperv import GUID, Vm, read_notes, read_vms
from .namespaces import VIRTUALIZATION

# The component's class GUID: the same for every machine, version and language (the name is localised).
KVP_COMPONENT = "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"
# What is left when an instance is too large for an answer, or its pairs are not wanted.
_SETTING_COLUMNS = "EnabledState, InstanceID"
_COMPONENT_COLUMNS = "EnabledState, GuestIntrinsicExchangeItems, OperationalStatus, SystemName"
ENABLED = 2
DISABLED = 3
# OperationalStatus. (Microsoft, Msvm_KvpExchangeComponent)
_HEALTH: dict[int | None, KvpHealth] = {
    2: KvpHealth.OK,
    3: KvpHealth.DEGRADED,
    7: KvpHealth.PROTOCOL_MISMATCH,
    12: KvpHealth.NO_CONTACT,
    13: KvpHealth.LOST,
}


@dataclass(frozen=True)
class KvpSetting:
    """The switch of Data Exchange for one virtual machine."""

    vm_id: str
    setting_id: str
    enabled: bool | None
    host_items: tuple[KvpItem, ...]


def read_vm_facts(session: Session, *, items: bool = True, notes: bool = False) -> tuple[VmFacts, ...]:
    """Every virtual machine with its Data Exchange: three enumerations, whatever the number of machines, and with ``notes`` a fourth.

    Without ``items`` the pairs that the host wrote are left out, which saves pages; what guests wrote identifies them.
    """
    vms = read_vms(session)
    if not vms:
        return ()
    settings = read_settings(session, vms, host_items=items)
    components, whole = _read_components(session)
    texts = (read_notes(session) if notes else None) or {}
    return tuple(_vm_facts(vm, settings.get(vm.id), components.get(vm.id), whole, texts.get(vm.id)) for vm in vms)


def read_settings(session: Session, vms: Iterable[Vm], *, host_items: bool = True) -> dict[str, KvpSetting]:
    """The switch of each machine by its GUID, and with ``host_items`` the pairs that the host wrote, which are most of the bytes.

    The class also has rows that do not belong to a machine: definitions (``Microsoft:Definition\\...``) and checkpoints. InstanceID is
    ``Microsoft:<GUID>\\<component GUID>``; it is read and matched against the machines, never built. Should several rows name a machine,
    the shortest is its own.
    """
    known = {vm.id for vm in vms}
    settings: dict[str, KvpSetting] = {}
    rows, _whole = _rows(session, "Msvm_KvpExchangeComponentSettingData", _SETTING_COLUMNS, everything=host_items)
    for row in rows:
        setting_id = row.text("InstanceID") or ""
        owner = setting_id.partition(":")[2].partition("\\")[0].upper()
        if owner not in known or KVP_COMPONENT not in setting_id.upper():
            continue
        if owner not in settings or len(setting_id) < len(settings[owner].setting_id):
            settings[owner] = KvpSetting(
                vm_id=owner,
                setting_id=setting_id,
                enabled=_switched_on(row),
                host_items=_items(row.texts("HostExchangeItems")),
            )
    return settings


def _read_components(session: Session) -> tuple[dict[str, Instance], bool]:
    rows, whole = _rows(session, "Msvm_KvpExchangeComponent", _COMPONENT_COLUMNS, everything=True)
    return {owner.upper(): row for row in rows if GUID.fullmatch(owner := row.text("SystemName") or "")}, whole


def read_intrinsic_items(session: Session, vm_id: str) -> tuple[KvpItem, ...]:
    """What the guest of one machine says about itself, empty if it says nothing. One request."""
    query = f"SELECT GuestIntrinsicExchangeItems FROM Msvm_KvpExchangeComponent WHERE SystemName = {quote(vm_id)}"
    rows = session.query(VIRTUALIZATION, query)
    return tuple(item for row in rows for item in _items(row.texts("GuestIntrinsicExchangeItems")))


def _rows(session: Session, class_name: str, columns: str, *, everything: bool) -> tuple[list[Instance], bool]:
    """The rows of a class, and whether they have all of their columns.

    An instance must fit into one answer. A guest's administrator can write more pairs than that, and the fault that then comes ends the
    enumeration for every machine of the host: it is asked again without the columns that a tenant can fill.
    """
    if everything:
        try:
            return list(session.query(VIRTUALIZATION, f"SELECT * FROM {class_name}")), True
        except EncodingLimit:
            pass
    return list(session.query(VIRTUALIZATION, f"SELECT {columns} FROM {class_name}")), not everything


def _vm_facts(vm: Vm, setting: KvpSetting | None, component: Instance | None, whole: bool, notes: str | None) -> VmFacts:
    enabled = setting.enabled if setting else (_switched_on(component) if component else None)
    return VmFacts(
        id=vm.id,
        name=vm.name,
        state=vm.state,
        state_code=vm.state_code,
        kvp=KvpFacts(
            setting_id=setting.setting_id if setting else None,
            enabled=enabled,
            health=_health(vm, enabled, component),
            intrinsic=_items(component.texts("GuestIntrinsicExchangeItems")) if component else (),
            guest=_items(component.texts("GuestExchangeItems")) if component else (),
            host=setting.host_items if setting else (),
            guest_items_left_out=not whole,
        ),
        notes=notes,
    )


def _switched_on(row: Instance) -> bool | None:
    return {ENABLED: True, DISABLED: False}.get(row.integer("EnabledState") or 0)


def _health(vm: Vm, enabled: bool | None, component: Instance | None) -> KvpHealth:
    if enabled is False:
        return KvpHealth.DISABLED
    if vm.state is not VmState.RUNNING:
        return KvpHealth.NOT_RUNNING
    # The first number is the state; further ones are details of it.
    status = next(iter(component.integers("OperationalStatus")), None) if component else None
    return _HEALTH.get(status, KvpHealth.UNKNOWN)


def _items(texts: Iterable[str]) -> tuple[KvpItem, ...]:
    """The items of an array of CIM-XML texts. An element that cannot be read is left out: one tenant's data must not hide the others'."""
    items = []
    for text in texts:
        try:
            item = parse_embedded_instance(text)
            name, data = item.text("Name"), item.text("Data")
        except MalformedAnswer:
            continue
        if name:
            items.append(KvpItem(name=name, data=data or ""))
    return tuple(items)
