# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions over a scripted transport, with a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.retry import RetryPolicy
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import FakeTime, ScriptedTransport


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def transport() -> Iterator[ScriptedTransport]:
    scripted = ScriptedTransport()
    yield scripted
    scripted.assert_played()


@pytest.fixture
def session(transport: ScriptedTransport, time: FakeTime) -> Session:
    # random is 1: each wait is the whole of its step
    return Session(transport, clock=time.clock, sleep=time.sleep, retry=RetryPolicy(random=lambda: 1.0))
