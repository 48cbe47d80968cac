# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios that a test describes itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from .labs import Lab, running_lab

ADMINISTRATOR = {"name": "Administrator", "password": "Lab-Passw0rd!"}


@contextmanager
def lab_of(**scenario: Any) -> Iterator[Lab]:
    """A lab with this scenario; the account is the one that the inventory uses unless the scenario names others."""
    described = {"name": "test", "accounts": [ADMINISTRATOR], **scenario}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yml"
        path.write_text(yaml.safe_dump(described), encoding="utf-8")
        with running_lab(str(path)) as lab:
            yield lab
