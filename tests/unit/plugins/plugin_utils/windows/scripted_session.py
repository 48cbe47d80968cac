# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that plays a script of calls: each step says which call must come and what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.invocation import MethodOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session, Statistics
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Argument
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows import wire

Rows = Sequence[Instance] | Exception


class ScriptedSession(Session):
    """Takes the place of a session's exchanges, and keeps all of its own logic about jobs. Only sleeping moves the clock."""

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.now = 1000.0
        self.slept: list[float] = []
        self.calls: list[tuple[Any, ...]] = []
        self._steps: list[tuple[tuple[Any, ...], Any]] = []
        self.clock = lambda: self.now
        self.sleep = self._sleep
        self.closed = False

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def close(self) -> None:
        self.closed = True

    # the script

    def expect_query(self, namespace: str, wql: str, rows: Rows) -> None:
        self._steps.append((("query", namespace, wql), rows))

    def expect_invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument],
        keys: Mapping[str, str] | None,
        answer: Instance | Exception,
    ) -> None:
        self._steps.append((("invoke", namespace, class_name, method, dict(arguments), keys), answer))

    def expect_get(self, namespace: str, class_name: str, keys: Mapping[str, str], answer: Instance | Exception) -> None:
        self._steps.append((("get", namespace, class_name, dict(keys)), answer))

    def assert_played(self) -> None:
        assert not self._steps, f"calls that did not come: {[step[0] for step in self._steps]}"

    def _next(self, *call: Any) -> Any:
        self.calls.append(call)
        assert self._steps, f"an unexpected call: {call}"
        expected, answer = self._steps.pop(0)
        assert call == expected
        if isinstance(answer, Exception):
            raise answer
        return answer

    # what the gateways see

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        yield from self._next("query", namespace, wql)

    def get(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> Instance:
        found: Instance = self._next("get", namespace, class_name, dict(keys or {}))
        return found

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        keys: Mapping[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> MethodOutput:
        # what is sent again after a lost answer must change nothing
        assert reads == (class_name == "StdRegProv" and method.startswith(("Get", "Enum"))), f"{class_name}.{method} with reads={reads}"
        outputs: Instance = self._next("invoke", namespace, class_name, method, dict(arguments or {}), keys)
        return MethodOutput(class_name, method, outputs.integer("ReturnValue"), outputs)


def registry_value(value: str | None, return_value: int = 0) -> Instance:
    """The answer of GetStringValue."""
    return wire.output("root/cimv2", "StdRegProv", "GetStringValue", ReturnValue=return_value, sValue=value)
