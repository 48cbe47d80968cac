# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that says how faithful the lab is comes from the tests themselves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[4]
MARKED = """
SOURCE = "somebody"

@pytest.mark.parametrize("x", [1])
@pytest.mark.fidelity({arguments})
def test_it(x): ...
"""


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_fidelity", ROOT / "docs" / "tools" / "generate_fidelity.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def read(generator: ModuleType, folder: Path, arguments: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, str]]:
    (folder / "test_x.py").write_text(MARKED.format(arguments=arguments), encoding="utf-8")
    monkeypatch.setattr(generator, "ROOT", folder)
    return [(entry.behaviour, entry.source, entry.confidence, entry.test) for entry in generator.entries(folder)]


def test_text_and_constants_are_read(generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(generator, tmp_path, '"it is so", source=SOURCE, confidence="L"', monkeypatch)
    assert found == [("it is so", "somebody", "L", "test_it")]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ('"it is so", source=SOURCE', "takes behaviour, source, confidence"),
        ('"it is so", source=SOURCE, confidence="X"', "confidence is 'X'"),
        ('"it is so", source=OTHER, confidence="H"', "source is neither text"),
        ('"", source=SOURCE, confidence="H"', "behaviour is neither text"),
        ('"it is so", source=SOURCE, confidence="H", more="1"', "takes behaviour, source, confidence"),
    ],
)
def test_a_marker_that_says_too_little(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, complaint: str
) -> None:
    with pytest.raises(generator.Unreadable, match=rf"test_x\.py:5: .*{complaint}"):
        read(generator, tmp_path, arguments, monkeypatch)


@pytest.mark.parametrize(
    ("ran", "confidence", "source", "kind"),
    [
        ("real", "H", "pywinrm", "real"),
        ("shapes", "H", "libvirt", "shapes"),
        ("shapes", "H", "txwinrm, recorded of 2012", "recorded"),
        ("", "M", "Microsoft", "documented"),
        ("real", "L", "pywinrm", "inferred"),
    ],
)
def test_how_a_statement_is_known(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: str, confidence: str, source: str, kind: str
) -> None:
    text = f'RAN = "{ran}"\n' + MARKED.format(arguments=f'"it is so", source="{source}", confidence="{confidence}"')
    (tmp_path / "test_x.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    assert [entry.kind for entry in generator.entries(tmp_path)] == [kind]
    assert "confirmed by a site's own Windows | 0 |" in generator.page(tmp_path)


def test_every_client_of_others_says_what_ran(generator: ModuleType) -> None:
    """Those files state what a client relies on; the others are about the lab itself."""
    about_the_lab = {"test_associations.py", "test_hostile_http.py", "test_object_paths.py", "test_switches.py"}
    of_clients = [entry for entry in generator.entries() if entry.path.parent.name == "clients"]
    assert {entry.path.name for entry in of_clients if not entry.ran} == about_the_lab


def test_the_page_is_what_the_tests_say(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0, "run docs/tools/generate_fidelity.py"
