# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.guest_key."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..module_utils._product_keys import InvalidProductKey, KeyKind, classify_key, normalise_key
from ..plugin_utils._ansible.action import RESULT_OPTIONS, Task, failure_result
from ..plugin_utils._ansible.failure import Failure
from ..plugin_utils._ansible.guest_activation import GuestActivation, deferred_result
from ..plugin_utils._ansible.guest_way import WAY_OPTIONS, Cim, GuestAction, GuestOptions
from ..plugin_utils._ansible.options import OptionError, not_negative
from ..plugin_utils._ansible.output import plain
from ..plugin_utils._ansible.results import findings_result
from ..plugin_utils._ansible.tables_option import TABLES_OPTION, tables_of
from ..plugin_utils._ansible.unjudged_host import UNJUDGED_OPTIONS, UnjudgedHost, host_of_this_run, stated_host
from ..plugin_utils._avma.guest_plan import KeyWish
from ..plugin_utils._avma.host_view import HostView, InvalidHostView, host_view
from ..plugin_utils._avma.outcome import Outcome
from ..plugin_utils._avma.pacing import concurrent_guests
from ..plugin_utils._avma.tables import Tables


@dataclass(frozen=True)
class KeyOptions(GuestOptions):
    wish: KeyWish
    wait: int
    host: HostView | None
    hosts: Sequence[Mapping[str, t.Any]]
    unjudged_host: str
    hosts_group: str
    host_name: str | None
    concurrent_guests: int
    fail_on: tuple[str, ...]
    defer_unreachable: bool


class ActionModule(GuestAction[KeyOptions]):
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
        **UNJUDGED_OPTIONS,
        **WAY_OPTIONS,
        **TABLES_OPTION,
        **RESULT_OPTIONS,
    }
    CONSTRAINTS: t.ClassVar = {"mutually_exclusive": [("host", "hosts", "hosts_variable"), ("host", "host_name")]}

    def options(self, task: Task) -> KeyOptions:
        given = task.given
        tables = tables_of(task)
        key = _key(task)
        wait = not_negative(given, "wait", "a number of seconds")
        hosts = self._named_hosts(task) if given["hosts_variable"] else given["hosts"]
        host_name = stated_host(task, given["host_name"]) if given["host_name"] else None
        return KeyOptions(
            way=self.way(task),
            tables=tables,
            wish=KeyWish(
                key=key,
                **{name: given[name] for name in ("activate", "replace_licensed", "require_ready", "require_all_nodes", "rollback")},
            ),
            wait=wait,
            host=host_of_this_run(task, host_name, tables) if host_name else _host(given["host"], tables),
            hosts=hosts,
            host_name=host_name,
            **{name: given[name] for name in ("unjudged_host", "hosts_group")},
            concurrent_guests=concurrent_guests(self._limits(task.variables), len(hosts)),
            fail_on=tuple(given["fail_on"]),
            defer_unreachable=given["defer_unreachable"],
        )

    def _limits(self, variables: Mapping[str, t.Any]) -> tuple[object, ...]:
        """On the number of guests that Ansible serves at once."""
        batch = variables.get("ansible_play_batch")
        return variables.get("ansible_forks"), len(batch) if isinstance(batch, (list, tuple)) else None, getattr(self._task, "throttle", 0)

    def _named_hosts(self, task: Task) -> Sequence[Mapping[str, t.Any]]:
        """What the variable named by the option holds. As it is: rendering it is what the option is there to avoid."""
        name = task.given["hosts_variable"]
        value = task.variables.get(name)
        if isinstance(value, str):  # a template, as from a file of variables
            value = self._templar.template(value)
        if not isinstance(value, (list, tuple)):
            raise OptionError(f"hosts_variable: the variable {name!r} holds no list. Name one that holds results of hyperv.avma.host_info.")
        return value

    def perform(self, task: Task, options: KeyOptions) -> dict[str, t.Any]:
        answer = super().perform(task, options)
        if answer.get("outcome") in options.fail_on and not answer.get("unreachable"):
            answer["failed"] = True
        return answer

    def ask(self, task: Task, options: KeyOptions, guest: Cim) -> dict[str, t.Any]:
        hosts = (plain(host) for host in options.hosts)  # not before it is asked for: there may be very many
        meant = self.meant_vm(task, options, guest)
        activation = GuestActivation(
            task,
            guest,
            options.wish,
            options.host,
            hosts,
            options.tables,
            options.concurrent_guests,
            wait=options.wait,
            meant=meant,
            unjudged=self._unjudged(task, options),
        )
        return activation.run()

    def _unjudged(self, task: Task, options: KeyOptions) -> UnjudgedHost:
        return UnjudgedHost(
            task, self._play_context, options.tables, policy=options.unjudged_host, group=options.hosts_group, stated=options.host_name
        )

    def defers(self, options: KeyOptions) -> bool:
        return options.defer_unreachable

    def gave_up(self, task: Task, failure: Failure, *, later: bool) -> dict[str, t.Any]:
        if later:
            return deferred_result(task.machine, failure)
        answer = failure_result(failure)
        answer.pop("failed", None)  # fail_on says whether this outcome fails the task
        findings = findings_result([failure.finding] if failure.finding else [])
        return {**answer, "outcome": Outcome.FAILED.value, "reason": failure.msg, "findings": findings}


def _key(task: Task) -> str | None:
    """The key that is stated, in its normal form. One that is not published is a secret from here on."""
    stated = task.given["key"]
    if not stated:
        return None
    try:
        key = normalise_key(stated)
    except InvalidProductKey as error:
        task.secrets.add(stated)
        raise OptionError(f"key: {error}") from error
    if classify_key(key) is KeyKind.OTHER:
        task.secrets |= {key, stated}
    return key


def _host(stated: Mapping[str, t.Any] | None, tables: Tables) -> HostView | None:
    try:
        return None if stated is None else host_view(stated, tables)
    except InvalidHostView as error:
        raise OptionError(f"host: {error}") from error
