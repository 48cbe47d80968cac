# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from .live_lab import LiveLab


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    live = LiveLab(tmp_path_factory.mktemp("lab"))
    yield live
    live.close()


@pytest.fixture
def live(running: LiveLab) -> LiveLab:
    """The site in its first state, and calm."""
    running.reset()
    return running
