# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide by symptoms is made from the tables, is up to date, and leads from each symptom that is tested to what helps."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS, Severity
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import ERRORS

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "docs" / "tools"
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}


def load(name: str) -> ModuleType:
    path = list(sys.path)
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


@pytest.fixture(scope="module")
def guide() -> ModuleType:
    return load("troubleshooting")


@pytest.fixture(scope="module")
def generator(guide: ModuleType) -> ModuleType:
    return load("generate_reference")


def test_the_guide_is_up_to_date(generator: ModuleType) -> None:
    assert generator.stale_guide() == [], "run 'python docs/tools/generate_reference.py'"


def test_a_guide_that_was_changed_or_is_missing_is_noticed(generator: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "troubleshooting.md"
    assert generator.stale_guide(page) == ["troubleshooting.md"]
    page.write_text(generator.guide(), encoding="utf-8")
    assert generator.stale_guide(page) == []
    page.write_text("changed", encoding="utf-8")
    assert generator.stale_guide(page) == ["troubleshooting.md"]


def test_everything_that_can_be_said_is_in_it(generator: ModuleType) -> None:
    text = generator.guide()
    assert [code for code in FINDINGS if f"[{code}](reference/findings.md#{code.lower()})" not in text] == []
    assert [entry.symbol for entry in ERRORS if f"`0x{entry.code:08X}` {entry.symbol} |" not in text] == []


def test_each_error_of_the_collection_and_each_code_of_windows_belongs_to_a_symptom(guide: ModuleType) -> None:
    symptoms = [symptom for chapter in guide.read() for symptom in chapter.symptoms]
    findings = {kind.code for symptom in symptoms for kind in symptom.findings}
    assert [code for code, kind in FINDINGS.items() if kind.severity is Severity.ERROR and code not in findings] == []
    codes = {entry.code for symptom in symptoms for entry in symptom.codes}
    assert [entry.symbol for entry in ERRORS if entry.code not in codes] == []


def test_what_the_tests_of_symptoms_find_can_be_looked_up(guide: ModuleType) -> None:
    rows = (ROOT / "tests" / "e2e" / "symptom_rows.py").read_text(encoding="utf-8")
    tested = {word for word in re.findall(r'"([A-Z][A-Z0-9_]+)"', rows) if word in FINDINGS}
    assert len(tested) > 30
    told = {kind.code for chapter in guide.read() for symptom in chapter.symptoms for kind in symptom.findings}
    assert tested - told == set()


def test_symptoms_read_as_sentences_and_their_checks_are_commands_that_there_are(guide: ModuleType) -> None:
    for chapter in guide.read():
        for symptom in chapter.symptoms:
            assert symptom.cause.rstrip().endswith("."), symptom.seen
            assert symptom.remedy.rstrip().endswith("."), symptom.seen
            assert not symptom.seen.endswith("."), symptom.seen
            module = re.match(r"ansible \w+ -m hyperv\.avma\.(\w+)", symptom.check)
            assert module is None or module[1] in MODULES, symptom.check
            assert module or symptom.check.startswith(("ansible-playbook hyperv.avma.", "DISM ", "Get-", "slmgr ")), symptom.check


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("{seen: x, cause: c., remedy: r., check: k, findings: [NO_SUCH_FINDING]}", "x: NO_SUCH_FINDING is in no table"),
        ("{seen: x, cause: c., remedy: r., check: k, codes: [0xC0040000]}", "x: 0xC0040000 is in no table"),
        ("{seen: x, cause: c., remedy: r.}", "x: check is missing"),
        ("{seen: x, cause: c., remedy: r., check: k, finding: [KEY_NEEDED]}", "x: finding is missing or unknown"),
        ("{seen: x, cause: c., remedy: r., check: k}, {seen: X, cause: c., remedy: r., check: k}", "two symptoms have the heading x"),
    ],
)
def test_a_row_that_cannot_be_is_named(guide: ModuleType, tmp_path: Path, rows: str, message: str) -> None:
    source = tmp_path / "symptoms.yml"
    source.write_text(f"- {{title: t, symptoms: [{rows}]}}\n", encoding="utf-8")
    with pytest.raises(guide.WrongSymptom, match=message):
        guide.read(source)
