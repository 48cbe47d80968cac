# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source as a file of its own: what it says of itself, and the rulebooks that use it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.arguments import DEFAULTS, read_arguments

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "extensions/eda/plugins/event_source/avma_events.py"
RULEBOOKS = sorted((ROOT / "extensions/eda/rulebooks").glob("*.yml"))
GUIDE = ROOT / "docs/event-driven.md"


def text_in_source(name: str) -> Any:
    """A constant of the source. It is not imported: it is not a module of the collection."""
    for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{SOURCE.name} has no {name}")


def test_the_arguments_are_documented() -> None:
    options = text_in_source("DOCUMENTATION")["options"]

    assert {name: option.get("default") for name, option in options.items() if name != "hosts"} == DEFAULTS
    assert options["hosts"]["required"] is True
    assert all(option["description"] for option in options.values())


def test_the_guide_explains_each_argument() -> None:
    words = set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert {"hosts", *DEFAULTS} <= words


def test_the_examples_can_be_used() -> None:
    examples = text_in_source("EXAMPLES")

    assert len(examples) == 2
    for example in examples:
        assert read_arguments(example["hyperv.avma.avma_events"], {}).hosts


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_rulebooks_give_arguments_that_there_are_and_run_playbooks_that_there_are(path: Path) -> None:
    (rulebook,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    (source,) = rulebook["sources"]
    assert set(source["hyperv.avma.avma_events"]) <= {"hosts", *DEFAULTS}
    for rule in rulebook["rules"]:
        for name in re.findall(r"hyperv\.avma\.(\w+)", str(rule["action"])):
            assert (ROOT / "playbooks" / f"{name}.yml").exists()


def test_the_guide_names_each_rulebook_and_each_variable_of_them() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    variables = {name for path in RULEBOOKS for name in re.findall(r"\bavma_(?:watch|alert)_\w+", path.read_text(encoding="utf-8"))}

    assert {name for name in variables if f"`{name}`" not in guide} == set()
    assert {path.stem for path in RULEBOOKS if f"`hyperv.avma.{path.stem}`" not in guide} == set()
