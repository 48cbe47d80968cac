# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session over a script, which must be played to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession


@pytest.fixture
def session() -> Iterator[ScriptedSession]:
    scripted = ScriptedSession()
    yield scripted
    scripted.assert_played()
