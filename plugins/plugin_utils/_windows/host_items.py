# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Writing key-value pairs from a host to its guests: AddKvpItems, ModifyKvpItems, RemoveKvpItems.

Where it does not become clear whether a call took effect, the items are read, and only what is certain to be missing is asked for once more.
Source: Microsoft, Msvm_VirtualSystemManagementService; containers/libhvee for the shape of the items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._avma.facts import KvpItem
from .._avma.kvp_items import ChangeKind, ItemChange
from .._wsman.errors import EffectUnknown, Fault, JobFailed, MethodFailed, OperationTimedOut, WsManError
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
    """Of one machine: what was changed, and what kept the rest from it.

    ``lost``: the host itself cannot be asked any more. ``certain`` False: more may have been changed, the items could not be read.
    """

    changes: tuple[ItemChange, ...]
    error: WsManError | None = None
    lost: bool = False
    certain: bool = True


# A job that still runs after the time for it is not among these: it may yet do its work.
_ONCE_MORE = (EffectUnknown, OperationTimedOut, NotWritten)


def write_items(session: Session, vm: Vm, changes: Sequence[ItemChange], *, wait: float) -> Written:
    """Carry out the changes for one machine; ``wait`` is the time for each job in seconds. Never raises a WsManError."""
    done: list[ItemChange] = []
    for kind, batch in _batches(changes):
        written = _write_batch(session, vm, kind, batch, wait=wait)
        left = [change for change in batch if change not in written.changes]
        if isinstance(written.error, _ONCE_MORE) and written.certain:
            done.extend(written.changes)
            written = _write_batch(session, vm, kind, left, wait=wait)
        done.extend(written.changes)
        if written.error is not None:
            return Written(tuple(done), written.error, written.lost)
    return Written(tuple(done))


def _write_batch(session: Session, vm: Vm, kind: ChangeKind, batch: Sequence[ItemChange], *, wait: float) -> Written:
    error: WsManError
    try:
        if call(session, _METHODS[kind], _arguments(vm, batch), wait=wait) is not JobOutcome.VANISHED:
            return Written(tuple(batch))
        error = NotWritten(f"the job of {_METHODS[kind]} is gone, and not all of {len(batch)} items are as they should be")
    except (*DOUBTFUL, MethodFailed, JobFailed, Fault) as failure:
        error = failure
    except WsManError as failure:
        return Written((), failure, lost=True)
    # A call for several items may have carried out some of them.
    try:
        items = read_host_items(session, vm)
    except WsManError:
        return Written((), error, certain=False)
    made = tuple(change for change in batch if change.in_effect(items))
    return Written(made, None if len(made) == len(batch) else error)


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
