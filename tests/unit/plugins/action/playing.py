# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an action plugin as the task executor does, against a session of a test."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import action as base
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session


class Played:
    """A task that was run: its ``result``, and the lines that it ``printed``."""

    def __init__(self, result: dict[str, Any], printed: list[str], opened: int) -> None:
        self.result = result
        self.printed = printed
        self.opened = opened


def action_class(name: str) -> type[base.AvmaAction]:
    found: type[base.AvmaAction] = import_module(f"ansible_collections.hyperv.avma.plugins.action.{name}").ActionModule
    return found


def play(
    module: str,
    session: Session | Exception | None = None,
    /,
    *,
    check: bool = False,
    diff: bool = False,
    variables: dict[str, Any] | None = None,
    machine: str = "hv01",
    delegate_to: str | None = None,
    templar: Any = None,
    connection_options: dict[str, Any] | None = None,
    **options: Any,
) -> Played:
    """``session`` may be the error that comes when it is opened. Raises what the action raises."""
    task = SimpleNamespace(
        args=options,
        async_val=0,
        check_mode=check,
        diff=diff,
        action=f"hyperv.avma.{module}",
        delegate_to=delegate_to,
        until=[],
        failed_when=[],
    )
    own = connection_options or {}
    connection = SimpleNamespace(transport="winrm", _shell=SimpleNamespace(tmpdir="unused"), get_option=own.get)
    plain = SimpleNamespace(template=lambda value: value)  # nothing in these variables is a template
    action = action_class(module)(task, connection, None, None, templar or plain, None)
    action._load_name = task.action  # as the loader of plugins does
    printed: list[str] = []
    opened = 0

    def open_session(_connection: object) -> Session:
        nonlocal opened
        opened += 1
        if isinstance(session, Exception):
            raise session
        assert session is not None
        return session

    action._display = SimpleNamespace(display=lambda line, **_more: printed.append(line), vvv=lambda *_line, **_more: None)
    with patch.object(base, "open_session", open_session):
        result = action.run(task_vars={"inventory_hostname": machine, **(variables or {})})
    return Played(result, printed, opened)
