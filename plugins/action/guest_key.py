# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.guest_key."""

from __future__ import annotations

import typing as t

from ..module_utils._product_keys import InvalidProductKey, KeyKind, classify_key, normalise_key
from ..plugin_utils._ansible.action import QUERY_OPTION, OptionError, Task, failure_result
from ..plugin_utils._ansible.contenders import contenders_of
from ..plugin_utils._ansible.failure import Failure
from ..plugin_utils._ansible.guest_activation import GuestActivation, deferred_result
from ..plugin_utils._ansible.guest_way import WAY_OPTIONS, Cim, GuestAction
from ..plugin_utils._ansible.output import plain
from ..plugin_utils._ansible.results import findings_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._avma.guest_plan import KeyWish
from ..plugin_utils._avma.host_view import InvalidHostView, host_view
from ..plugin_utils._avma.outcome import Outcome


class ActionModule(GuestAction):
    OPTIONS: t.ClassVar = {
        "key": {"type": "str", "no_log": True},
        "activate": {"type": "bool", "default": True},
        "wait": {"type": "int", "default": 120},
        "replace_licensed": {"type": "bool", "default": False},
        "rollback": {"type": "bool", "default": False},
        "require_ready": {"type": "bool", "default": False},
        "require_all_nodes": {"type": "bool", "default": False},
        "host": {"type": "dict"},
        "hosts": {"type": "list", "elements": "dict", "default": []},
        "hosts_variable": {"type": "str"},
        "fail_on": {
            "type": "list",
            "elements": "str",
            "choices": [outcome.value for outcome in Outcome],
            "default": [Outcome.FAILED.value, Outcome.REFUSED.value],
        },
        "defer_unreachable": {"type": "bool", "default": False},
        **WAY_OPTIONS,
        **TABLES_OPTION,
        **QUERY_OPTION,
    }
    CONSTRAINTS: t.ClassVar = {"mutually_exclusive": [("host", "hosts", "hosts_variable")]}

    def perform(self, task: Task) -> dict[str, t.Any]:
        options = task.options
        self._tables = tables_of(task)
        key: str | None = None
        if options["key"]:
            try:
                key = normalise_key(options["key"])
            except InvalidProductKey as error:
                task.secrets.add(options["key"])
                raise OptionError(f"key: {error}") from error
            if classify_key(key) is KeyKind.OTHER:
                task.secrets |= {key, options["key"]}
        if options["wait"] < 0:
            raise OptionError(f"wait: {options['wait']} is negative; it is a number of seconds")
        try:
            self._host = host_view(options["host"], self._tables) if options["host"] is not None else None
        except InvalidHostView as error:
            raise OptionError(f"host: {error}") from error
        hosts = self._named_hosts(task) if options["hosts_variable"] else options["hosts"]
        self._hosts = (plain(host) for host in hosts)
        self._contenders = contenders_of(task.variables, getattr(self._task, "throttle", 0), len(hosts))
        self._wish = KeyWish(
            key=key,
            **{name: options[name] for name in ("activate", "replace_licensed", "require_ready", "require_all_nodes", "rollback")},
        )
        answer = super().perform(task)
        if answer.get("outcome") in options["fail_on"] and not answer.get("unreachable"):
            answer["failed"] = True
        return answer

    def ask(self, task: Task, guest: Cim) -> dict[str, t.Any]:
        activation = GuestActivation(task, guest, self._wish, self._host, self._hosts, self._tables, self._contenders)
        return activation.run()

    def _named_hosts(self, task: Task) -> t.Sequence[dict[str, t.Any]]:
        """What the variable named by the option holds. As it is: rendering it is what the option is there to avoid."""
        name = task.options["hosts_variable"]
        value = task.variables.get(name)
        if isinstance(value, str):  # a template, as from a file of variables
            value = self._templar.template(value)
        if not isinstance(value, (list, tuple)):
            raise OptionError(f"hosts_variable: the variable {name!r} holds no list. Name one that holds results of hyperv.avma.host_info.")
        return value

    def defers(self, task: Task) -> bool:
        return bool(task.options["defer_unreachable"])

    def gave_up(self, task: Task, failure: Failure, *, later: bool) -> dict[str, t.Any]:
        if later:
            return deferred_result(task.machine, failure)
        answer = failure_result(failure)
        answer.pop("failed", None)  # fail_on says whether this outcome fails the task
        findings = findings_result([failure.finding] if failure.finding else [])
        return {**answer, "outcome": Outcome.FAILED.value, "reason": failure.msg, "findings": findings}
