# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in docs/reference say what the tables say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import ERRORS

GENERATOR = Path(__file__).resolve().parents[2] / "docs" / "tools" / "generate_reference.py"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


def test_no_page_is_out_of_date(generator: ModuleType) -> None:
    assert generator.stale() == [], "run 'python docs/tools/generate_reference.py'"


def test_a_page_that_was_changed_or_is_missing_or_left_over_is_noticed(generator: ModuleType, tmp_path: Path) -> None:
    for name, text in generator.pages().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert generator.stale(tmp_path) == []
    (tmp_path / "keys.md").write_text("changed", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    (tmp_path / "old.md").write_text("left over", encoding="utf-8")
    assert generator.stale(tmp_path) == ["errors.md", "keys.md", "old.md"]


def test_every_row_is_on_its_page(generator: ModuleType) -> None:
    pages = generator.pages()
    assert all(f"## {code}\n" in pages["findings.md"] for code in FINDINGS)
    assert all(f"0x{entry.code:08X}" in pages["errors.md"] for entry in ERRORS)
    assert all(row.key in pages["keys.md"] and row.source in pages["keys.md"] for row in AVMA_KEYS)
