# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Writing key-value pairs from a host to its guests: AddKvpItems, ModifyKvpItems, RemoveKvpItems.

Each is called once. Where it does not become clear whether a call took effect, the items are read instead of calling again.
Source: Microsoft, Msvm_VirtualSystemManagementService; containers/libhvee for the shape of the items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._avma.facts import KvpItem
from .._avma.kvp_items import ChangeKind, ItemChange
from .._wsman.errors import Fault, JobFailed, MethodFailed, WsManError
from .._wsman.job import JobOutcome
from .._wsman.session import Session
from .._wsman.values import EmbeddedInstance, Reference
from .hyperv import Vm
from .kvp import read_settings
from .management_service import DOUBTFUL, call
from .namespaces import VIRTUALIZATION

_ITEM = "Msvm_KvpExchangeDataItem"
_COMPUTER = "Msvm_ComputerSystem"
_SOURCE_HOST = 0
# Removing comes first: it makes room below the limit of items.
_METHODS = {ChangeKind.REMOVE: "RemoveKvpItems", ChangeKind.MODIFY: "ModifyKvpItems", ChangeKind.ADD: "AddKvpItems"}
# An item is at most 3 KB of text and grows when its XML is written into the message; the message must stay below MaxEnvelopeSize.
_ITEMS_PER_CALL = 16


class NotWritten(WsManError):
    """Nothing was refused, and yet the items are as they were."""


@dataclass(frozen=True)
class Written:
    """Of one machine: what was changed, and what kept the rest from it. ``lost``: the host itself cannot be asked any more."""

    changes: tuple[ItemChange, ...]
    error: WsManError | None = None
    lost: bool = False


def write_items(session: Session, vm: Vm, changes: Sequence[ItemChange], *, wait: float) -> Written:
    """Carry out the changes for one machine; ``wait`` is the time for each job in seconds. Never raises a WsManError."""
    done: list[ItemChange] = []
    for kind, batch in _batches(changes):
        error: WsManError | None = None
        try:
            outcome = call(session, _METHODS[kind], _arguments(vm, batch), wait=wait)
        except (*DOUBTFUL, MethodFailed, JobFailed, Fault) as failure:
            error = failure
        except WsManError as failure:
            return Written(tuple(done), failure, lost=True)
        else:
            if outcome is not JobOutcome.VANISHED:
                done.extend(batch)
                continue
        # A call for several items may have carried out some of them.
        try:
            items = read_host_items(session, vm)
        except WsManError as unread:
            return Written(tuple(done), error or unread)
        made = [change for change in batch if change.in_effect(items)]
        done.extend(made)
        if len(made) < len(batch):
            missing = NotWritten(
                f"the job of {_METHODS[kind]} is gone, and {len(batch) - len(made)} of {len(batch)} items are as they were"
            )
            return Written(tuple(done), error or missing)
    return Written(tuple(done))


def read_host_items(session: Session, vm: Vm) -> tuple[KvpItem, ...]:
    setting = read_settings(session, [vm]).get(vm.id)
    if setting is None:
        raise NotWritten("its Data Exchange setting cannot be read any more")
    return setting.host_items


def _batches(changes: Sequence[ItemChange]) -> Iterator[tuple[ChangeKind, list[ItemChange]]]:
    for kind in _METHODS:
        chosen = [change for change in changes if change.kind is kind]
        for start in range(0, len(chosen), _ITEMS_PER_CALL):
            yield kind, chosen[start : start + _ITEMS_PER_CALL]


def _arguments(vm: Vm, changes: Sequence[ItemChange]) -> dict[str, Reference | list[EmbeddedInstance]]:
    target = Reference(VIRTUALIZATION, _COMPUTER, {"CreationClassName": _COMPUTER, "Name": vm.id})
    items = [
        # Removing looks at the name only, but wants the other properties there.
        EmbeddedInstance(_ITEM, {"Name": change.name, "Data": change.after or "", "Source": _SOURCE_HOST})
        for change in changes
    ]
    return {"TargetSystem": target, "DataItems": items}
