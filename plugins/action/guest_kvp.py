# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.guest_kvp."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ..module_utils._product_keys import mask_keys
from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.failure import failure_of
from ..plugin_utils._ansible.meant_vm import IDENTITY_OPTION, MeantVm
from ..plugin_utils._ansible.options import OptionError
from ..plugin_utils._ansible.results import findings_result
from ..plugin_utils._avma.facts import Channel, LicenceFacts
from ..plugin_utils._avma.findings import Finding, finding
from ..plugin_utils._avma.guest_plan import has_avma_key
from ..plugin_utils._avma.name_patterns import DEFAULT_PATTERNS, InvalidPattern, NamePatterns
from ..plugin_utils._avma.outcome import Outcome
from ..plugin_utils._avma.text import safe_text
from ..plugin_utils._avma.vm_matching import OTHER_VM
from ..plugin_utils._windows.guest_items import read_data, read_guest_values, remove_guest_values
from ..plugin_utils._windows.licensing import read_licences
from ..plugin_utils._windows.placement import read_vm_id


@dataclass(frozen=True)
class Options:
    patterns: NamePatterns
    absent: bool
    force: bool
    check_identity: bool


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        "patterns": {"type": "list", "elements": "str", "default": list(DEFAULT_PATTERNS)},
        "state": {"type": "str", "choices": ["listed", "absent"], "default": "listed"},
        "force": {"type": "bool", "default": False},
        **IDENTITY_OPTION,
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        try:
            patterns = NamePatterns(task.given["patterns"])
        except InvalidPattern as error:
            raise OptionError(f"patterns: {error}") from error
        if not patterns:
            raise OptionError("patterns: there is none, so nothing would ever be found. Give one, or leave the option out")
        return Options(patterns, task.given["state"] == "absent", task.given["force"], task.given["check_identity"])

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        values = read_guest_values(session)
        stale = options.patterns.chosen(value.name for value in values)
        data = {value.name: _shown(read_data(session, value)) for value in values if value.name in stale}
        licences = read_licences(session)
        on_avma_key = _on_avma_key(licences)
        findings: list[Finding] = []
        removed: tuple[str, ...] = ()
        error = None
        refused: str | None = None
        if options.absent and stale:
            meant = MeantVm(task.machine, task.variables, check=options.check_identity, render=self.rendered)
            other = meant.why_not(read_vm_id(session))
            findings += [other] if other is not None else []
            if other is not None and other.code == OTHER_VM:
                refused = f"{task.machine}: {other.cause}. {other.remedy}"
            elif on_avma_key is not False and not options.force:
                findings.append(finding("GUEST_ON_AVMA_KEY", task.machine))
            elif task.check_mode:
                removed = stale
            else:
                outcome = remove_guest_values(session, stale)
                removed, error = outcome.names, outcome.error
        result: dict[str, t.Any] = {
            "changed": bool(removed),
            "pairs": [{"name": value.name, "candidate": value.name in stale, "data": data.get(value.name)} for value in values],
            "candidates": list(stale),
            "removed": list(removed),
            "on_avma_key": on_avma_key,
            "findings": findings_result(findings),
        }
        if stale:
            result["msg"] = _said(task.machine, stale, removed, predicted=task.check_mode)
        if task.diff_mode and removed:
            result["diff"] = _diff(task.machine, {name: data[name] for name in removed})
        if refused is not None:
            result.update(failed=True, outcome=Outcome.REFUSED.value, msg=refused)
        if error is not None:
            failure = failure_of(error, task.machine)
            result.update(failed=True, msg=failure.msg, error=failure.as_dict())
        return result


def _shown(text: str | None) -> str | None:
    """A product key that somebody has left there is not for results."""
    return None if text is None else mask_keys(text)


def _on_avma_key(licences: Iterable[LicenceFacts]) -> bool | None:
    """None: a product's channel is not known, so it may be AVMA's."""
    licences = tuple(licences)
    if any(has_avma_key(licence, None) for licence in licences):
        return True
    return None if any(licence.channel is Channel.UNKNOWN for licence in licences) else False


def _said(machine: str, stale: Iterable[str], removed: Iterable[str], *, predicted: bool) -> str:
    """One line for people, fit for a terminal: the guest's administrator chose the names."""
    gone = ", ".join(safe_text(name, 60) for name in removed)
    left = ", ".join(safe_text(name, 60) for name in stale if name not in set(removed))
    parts = [f"{'would remove' if predicted else 'removed'} {gone}"] if gone else []
    return f"{machine}: {'; '.join([*parts, *([f'left {left}'] if left else [])])}"


def _diff(machine: str, values: dict[str, str | None]) -> dict[str, str]:
    header = f"{machine}: Virtual Machine\\Guest"
    before = "".join(f"{name}: {'(no text)' if text is None else text}\n" for name, text in values.items())
    return {"before_header": header, "after_header": header, "before": before, "after": ""}
