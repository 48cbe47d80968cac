# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of prose finds what it looks for, on the line where it stands, and leaves code and Windows' words alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "docs" / "tools" / "check_prose.py"
_spec = importlib.util.spec_from_file_location("check_prose", TOOL)
assert _spec
assert _spec.loader
check_prose = importlib.util.module_from_spec(_spec)
sys.modules["check_prose"] = check_prose
_spec.loader.exec_module(check_prose)


def found(name: str, content: str) -> list[tuple[int, str]]:
    return [(place.line, place.words) for place in check_prose.places_in(Path(name), content)]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("a.md", "# A\n\nThe value is no list.\n", [(3, "is no")], id="markdown"),
        pytest.param("a.md", "It\nis no\nlist.\n", [(2, "is no")], id="over the end of a line"),
        pytest.param("a.md", "```\nis no list\n```\n`is no list`\n<!-- it is no list -->\n", [], id="code and comments of Markdown"),
        pytest.param("a.md", "There is no list, and it is no longer needed.\n", [], id="good English"),
        pytest.param("a.md", "The cause could not be told.\n", [(1, "told"), (1, "could not be told")], id="two turns of phrase in one"),
        pytest.param("a.yml", "a: 1\nb: Whoever reads this\n", [(2, "Whoever")], id="YAML"),
        pytest.param("a.yml", "b: Use V(is no list)\n", [], id="values in module documentation"),
        pytest.param("a.py", "# is no list\nx = f'{y} is no list'\n", [(2, "is no")], id="strings of Python, not its comments"),
        pytest.param("a.py", "def told() -> None:\n    '''Says what it says.'''\n", [], id="names of Python"),
    ],
)
def test_what_is_found(name: str, content: str, expected: list[tuple[int, str]]) -> None:
    assert found(name, content) == expected


def test_each_place_says_what_to_write_instead() -> None:
    (place,) = check_prose.places_in(Path("docs/a.md"), "It is no list.")
    assert str(place) == "docs/a.md:1: 'is no': write 'is not a'"


def test_guides_modules_and_findings_are_read() -> None:
    read = {path.as_posix() for path in check_prose.files()}
    assert {"README.md", "docs/activate.md", "plugins/modules/guest_key.py", "plugins/plugin_utils/_avma/finding_types.py"} <= read
    assert "roles/activate/meta/argument_specs.yml" in read
