# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs that several tests of a module share. A test that changes the world starts with ``lab.reset()``, which the fixtures do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import Lab, running_lab


@pytest.fixture(scope="module")
def demo_process() -> Iterator[Lab]:
    with running_lab("demo") as lab:
        yield lab


@pytest.fixture
def demo(demo_process: Lab) -> Lab:
    """The demo fleet in its first state."""
    demo_process.reset()
    return demo_process
