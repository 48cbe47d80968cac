# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What every action of the collection does alike: options, session, errors, result.

A concrete action says which options it takes and what it does with a session::

    @dataclass(frozen=True)
    class Options: ...

    class ActionModule(WsManAction[Options]):
        OPTIONS = {...}

        def options(self, task: Task) -> Options: ...

        def converse(self, task: Task, options: Options, session: Session) -> dict: ...
"""

from __future__ import annotations

import contextlib
import importlib
import typing as t
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from .._avma.text import printable, safe_text
from .._wsman.errors import MissingLibrary, WsManError
from .._wsman.session import Session
from .connection import UnsupportedConnection, open_session
from .failure import Failure, connection_not_made, failure_of
from .options import OptionError, checked, harmless, secrets_in
from .output import InvalidQuery, Query, publish

# Ansible forks for each task of each host, after it has imported the action: what is not imported by then, each fork imports again.
for _library in ("defusedxml.ElementTree", "jmespath"):
    with contextlib.suppress(ImportError):  # whoever needs it says so
        importlib.import_module(_library)

# Session is for actions, which know Windows and not its protocol.
__all__ = ["RESULT_OPTIONS", "AvmaAction", "OptionError", "Session", "Task", "WsManAction", "failure_result", "narrowed"]

# What a task returns, whatever it does.
RESULT_OPTIONS: dict[str, t.Any] = {"query": {"type": "str"}, "raw_text": {"type": "bool", "default": False}}


Options = t.TypeVar("Options")


@dataclass
class Task:
    """What an action works with. ``secrets`` collects what must not leave the controller."""

    given: Mapping[str, t.Any]  # the options, checked and not yet read
    check_mode: bool
    diff_mode: bool
    machine: str  # the inventory's name of it
    variables: dict[str, t.Any]
    say: t.Callable[[str], None]
    secrets: set[str] = field(default_factory=set)


class AvmaAction(ActionBase, t.Generic[Options]):  # type: ignore[misc]  # ansible-core is untyped
    """Options in, result out; works on the controller. Nothing of a task is kept in the action: what it wants is handed on as ``Options``."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {}  # mutually_exclusive, required_one_of, ...
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars) or {}
        arguments = self._task.args
        task = self._task_of(task_vars or {})
        try:
            task.given = checked(arguments, self.OPTIONS, self.CONSTRAINTS)
            query = Query(task.given["query"]) if task.given.get("query") else None
            answer = self.perform(task, self.options(task))
            if answer.get("failed") and "msg" in answer:
                answer["msg"] = harmless(answer["msg"], set())
            elif self._task.until or self._task.failed_when:
                # The playbook may make a failure of what is none here, and Ansible then shows 'msg', or calls it an unknown error.
                answer.setdefault(
                    "msg", f"{task.machine} has answered. Whether the task fails is decided by its own 'until' or 'failed_when'"
                )
            if query is not None:
                answer = narrowed(answer, query)
        except MissingLibrary as error:  # of the option 'query'
            answer = failure_result(failure_of(error, task.machine or "localhost"))
        except (OptionError, InvalidQuery) as error:
            answer = {"failed": True, "msg": harmless(f"{self._task.action}: {error}", task.secrets | secrets_in(arguments, self.OPTIONS))}
        result.update(_printable(answer))
        return publish(result, task.secrets, raw_text=bool(task.given.get("raw_text")))

    def _task_of(self, variables: dict[str, t.Any]) -> Task:
        # Of a delegated task the machine that is asked, for it is the one that errors are about.
        host = str(self._task.delegate_to or variables.get("inventory_hostname", ""))
        return Task(
            given={},
            check_mode=bool(self._task.check_mode),
            diff_mode=bool(self._task.diff),
            machine=host,
            variables=variables,
            say=lambda line: self._display.display(safe_text(line, limit=400)),
        )

    def rendered(self, value: t.Any) -> t.Any:
        """The value of a variable that may hold a template."""
        return self._templar.template(value)

    @abstractmethod
    def options(self, task: Task) -> Options:
        """What the task wants, read once and before anything is sent. Raises OptionError."""

    @abstractmethod
    def perform(self, task: Task, options: Options) -> dict[str, t.Any]:
        """Do the work. Raises OptionError for what only the work shows, as a name that is not there."""


class WsManAction(AvmaAction[Options]):
    """An action that speaks to the task's own machine over WS-Management."""

    _requires_connection = True

    def perform(self, task: Task, options: Options) -> dict[str, t.Any]:
        try:
            session = open_session(self._connection)
        except (AnsibleConnectionFailure, UnsupportedConnection, WsManError) as error:
            return self.failed(task, options, connection_not_made(error, task.machine))
        try:
            answer = self.converse(task, options, session)
        except WsManError as error:
            answer = self.failed(task, options, failure_of(error, task.machine))
        except AnsibleConnectionFailure as error:  # of the next transport, when the first was refused
            answer = self.failed(task, options, connection_not_made(error, task.machine))
        finally:
            session.close()
        statistics = session.statistics
        self._display.vvv(
            f"WS-MAN {statistics.requests} requests, {statistics.retries} retries, {statistics.bytes_sent} bytes up, "
            f"{statistics.bytes_received} bytes down",
            host=task.machine,
        )
        return answer

    def failed(self, task: Task, options: Options, failure: Failure) -> dict[str, t.Any]:
        """The result when the machine could not be asked or refused. Overridden where an outcome is promised in any case."""
        return failure_result(failure)

    @abstractmethod
    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        """Do the work over ``session``. WsManErrors may be left to the caller."""


def _printable(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    """The same result, with what Ansible prints by itself made fit for a terminal: names and values of tenants are in it."""

    def shown(value: t.Any) -> t.Any:
        if isinstance(value, str):
            return printable(value)
        if isinstance(value, (list, tuple)):
            return [shown(item) for item in value]
        return {name: shown(item) for name, item in value.items()} if isinstance(value, dict) else value

    return {name: shown(value) if name in ("msg", "warnings", "diff") else value for name, value in answer.items()}


def failure_result(failure: Failure) -> dict[str, t.Any]:
    result: dict[str, t.Any] = {"msg": failure.msg, "error": failure.as_dict(), "changed": False}
    result["unreachable" if failure.unreachable else "failed"] = True
    return result


# What a job needs of a result, whatever the user's query leaves out.
_ALWAYS_KEPT = ("changed", "failed", "unreachable", "msg", "outcome", "diff", "warnings")


def narrowed(result: dict[str, t.Any], query: Query) -> dict[str, t.Any]:
    """The result of a task with ``query``: what the query gives as ``result``, and what Ansible itself needs.

    Of a failure all stays, since it says why; what the query was to find may be missing from it.
    """
    seen = {key: value for key, value in result.items() if key != "diff"}
    if result.get("failed") or result.get("unreachable"):
        try:
            return {**result, "result": query.apply(seen)}
        except InvalidQuery:
            return {**result, "result": None}
    try:
        found, missing = query.apply(seen), query.missing_from(seen)
    except InvalidQuery as error:
        # The work is done by now: a query that does not fit must not hide what was changed.
        return {**result, "warnings": [*result.get("warnings", []), f"{error}. The whole result is returned."]}
    kept = {key: result[key] for key in _ALWAYS_KEPT if key in result}
    if missing is not None:
        kept["warnings"] = [*kept.get("warnings", []), missing]
    return {**kept, "result": found}
