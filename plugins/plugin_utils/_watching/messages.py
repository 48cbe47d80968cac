# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The events that rules see: plain values in a stable shape, which docs/event-driven.md describes.

Text of events and names of machines may be a tenant's. ansible-rulebook hands events to playbooks as extra variables, which Ansible renders
as templates when they are used: so besides what is done to any text that is shown, nothing here can open a template.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from .._ansible.failure import Failure
from .._ansible.results import licence_result
from .._avma.event_text import Notification
from .._avma.events import LogEvent, LogOrigin, event_result
from .._avma.facts import HostFacts
from .._avma.findings import Finding, shown
from .._avma.host_verdict import HostVerdict
from .._avma.times import iso
from .._avma.vm_matching import VmIndex, VmMarks
from .._avma.windows_codes import error_of
from .._windows.hyperv import Vm

Message = dict[str, t.Any]

# What a name of a group of the inventory plugin begins with, if its keyed_groups are set up as the guide says.
GROUP_PREFIX = "avma_vm_"
_TEXT_LIMIT = 1024
_NAME_LIMIT = 120
_LIST_LIMIT = 16
# What is looked at of an event: Windows' own limit of a string is 31,839 characters, and of an event 64 KB.
_READ = 32 * 1024
_STRINGS_READ = 64
_REFUSALS = {
    Notification.INVALID_HOST.value,
    Notification.INVALID_DATA.value,
    Notification.ACTIVATION_DENIED.value,
    Notification.THROTTLED.value,
}
_TEMPLATE = re.compile(r"\{(?=[{%#])")


def told(value: object, limit: int = _TEXT_LIMIT) -> str:
    """``value`` fit for rules, logs and playbooks: one line, no product key that is not a published one, no template."""
    return _TEMPLATE.sub("{ ", shown(value, limit))


def activation_message(host: str, event: LogEvent, origin: LogOrigin, vms: Iterable[Vm] | None) -> Message:
    """A guest has asked its host to activate it. ``vms`` are those that the host has now, None where it did not say."""
    event = replace(event, strings=tuple(one[:_READ] for one in event.strings[:_STRINGS_READ]), message=(event.message or "")[:_READ])
    result = event_result(event, origin)
    entry = None if result["code"] is None else error_of(int(result["code"], 16))
    notification = result["notification"]
    return {
        "type": "guest_activation",
        "id": f"{told(origin.id)}/{event.record}/{iso(event.time)}/{event.event_id}",
        "host": host,
        "computer": told(result["computer"], _NAME_LIMIT),
        "time": result["time"],
        "log": told(origin.id),
        "record": event.record,
        "event_id": event.event_id,
        "notification": notification,
        "inferred": result["inferred"],
        "refused": True if notification in _REFUSALS else False if notification == Notification.SUCCESS.value else None,
        "transient": bool(entry and entry.transient),
        "code": result["code"],
        "reason": None if result["reason"] is None else told(result["reason"]),
        "vm": _vm(result, vms),
        "codes": result["codes"][:_LIST_LIMIT],
        "vm_ids": result["vm_ids"][:_LIST_LIMIT],
        "vm_names": [told(name, _NAME_LIMIT) for name in result["vm_names"][:_LIST_LIMIT]],
        "strings": [told(one) for one in event.strings[:_LIST_LIMIT]],
        "message": told(event.message),
    }


def _vm(event: Message, vms: Iterable[Vm] | None) -> Message:
    """Which machine of the host it is. ``known`` is false, and nothing is guessed, where not exactly one fits."""
    index = VmIndex(vms or (), lambda vm: VmMarks(vm.id, vm.name))
    found = index.of_event(event["vm_ids"], event["vm_names"], claimed=event["vm_ids_claimed"])
    vm = found.vm
    if vm is None or found.by is None:
        return {"known": False, "matched_by": None, "id": None, "name": None, "state": None, "group": None}
    return {
        "known": True,
        "matched_by": found.by.value,
        "id": vm.id,
        "name": told(vm.name, _NAME_LIMIT),
        "state": vm.state.value,
        "group": GROUP_PREFIX + vm.id.replace("-", "_"),
    }


def log_message(host: str, about: Finding, now: datetime) -> Message:
    """Events may be missing: the log was cleared, has wrapped, is another machine's, or may not be read."""
    return {
        "type": "event_log",
        "host": host,
        "time": iso(now),
        "code": about.code,
        "cause": told(about.cause),
        "remedy": told(about.remedy),
    }


def licence_state(facts: HostFacts, verdict: HostVerdict) -> Message:
    """What of a host's licence is worth an event when it changes. Plain values, as they are kept over a restart too."""
    licence = licence_result(facts.licence) or {}
    return {
        "licensed": bool(licence.get("licensed")),
        "status": licence.get("status"),
        "channel": licence.get("channel"),
        "reason": None if not licence.get("reason") else told(licence["reason"]),
        "ready": verdict.ready,
        "findings": [found.code for found in verdict.findings],
    }


def licence_message(host: str, computer: str | None, before: Message | None, after: Message, minutes: int | None, now: datetime) -> Message:
    """The licence of a host is another one than before. ``minutes`` until it runs out, 0 is never, None is unknown."""
    if before is None:
        change = "first"
    elif before.get("licensed") and not after["licensed"]:
        change = "lost"
    elif after["licensed"] and not before.get("licensed"):
        change = "restored"
    else:
        change = "changed"
    return {
        "type": "host_licence",
        "host": host,
        "computer": told(computer, _NAME_LIMIT),
        "time": iso(now),
        "change": change,
        **after,
        "minutes_remaining": minutes,
        "before": before,
    }


def contact_message(host: str, failure: Failure | None, now: datetime) -> Message:
    """A host cannot be asked any more, or answers again."""
    return {
        "type": "host_contact",
        "host": host,
        "time": iso(now),
        "answers": failure is None,
        "unreachable": False if failure is None else failure.unreachable,
        "error": None
        if failure is None
        else {
            "kind": failure.kind,
            "message": told(failure.msg),
            "code": failure.as_dict()["code"],
            "symbol": failure.symbol,
        },
    }
