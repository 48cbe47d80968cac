# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down about the collection agrees with what is in it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import failure

ROOT = Path(__file__).resolve().parents[2]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
ROLES = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
FILTERS = {path.stem for path in (ROOT / "plugins" / "filter").glob("*.py")}
INVENTORY = {path.stem for path in (ROOT / "plugins/inventory").glob("*.py")}
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def words_in_first_column(text: str) -> set[str]:
    """The words in backquotes that stand in the first column of a page's tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


def test_module_defaults_of_the_group_reach_every_module() -> None:
    group = yaml.safe_load(read("meta/runtime.yml"))["action_groups"]["avma"]

    assert set(group) == MODULES
    assert len(group) == len(MODULES)


def test_readme_lists_what_the_collection_holds() -> None:
    listed = words_in_first_column(read("README.md"))

    assert listed == MODULES | ROLES | FILTERS | INVENTORY | {f"hyperv.avma.{name}" for name in PLAYBOOKS}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_entry_points_of_a_role_say_since_when_there_are_such(role: str) -> None:
    """By it antsibull-changelog finds what is new."""
    entry_points = yaml.safe_load(read(f"roles/{role}/meta/argument_specs.yml"))["argument_specs"]
    assert [name for name, spec in entry_points.items() if not spec.get("version_added")] == []


def test_guide_explains_every_variable_of_the_roles_that_activate_runs() -> None:
    listed = words_in_first_column(read("docs/activate.md"))

    for role in ("host", "data_exchange", "activate"):
        options = yaml.safe_load(read(f"roles/{role}/meta/argument_specs.yml"))["argument_specs"]["main"]["options"]
        # where a guest runs is said in the inventory, and Data Exchange is only ever enabled by this playbook
        wanted = set(options) - {"avma_host", "avma_data_exchange_state"}
        assert wanted <= listed, f"docs/activate.md does not explain {sorted(wanted - listed)} of role {role}"


def test_guide_explains_every_kind_of_error() -> None:
    listed = words_in_first_column(read("docs/start-here.md"))
    kinds = {kind for _error, kind, _unreachable, _remedy in failure._REMEDIES}

    assert kinds <= listed, f"docs/start-here.md does not explain {sorted(kinds - listed)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]

    for target in targets:
        name, _hash, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        assert aim.exists(), f"{page.name}: {target} leads nowhere"
        if anchor:
            assert anchor in anchors(aim), f"{page.name}: {target}: {aim.name} has no such heading"


# Folders of the repository whose files pages name, and what the names end with.
FOLDERS = ("plugins", "roles", "playbooks", "tests", "docs", "extensions", "changelogs", "meta", r"\.ci")
NAMED_PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/(?:[\w./-]*/|[\w./-]+\.(?:py|yml|md|css|j2|ps1|svg|json)))`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_pages_name_are_there(page: Path) -> None:
    named = NAMED_PATH.findall(page.read_text(encoding="utf-8"))
    # a part in capitals stands for a name that is the reader's
    named = [path for path in named if not any(part.isupper() for part in Path(path).with_suffix("").parts if part != "README")]

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_architecture_tells_where_the_layers_are() -> None:
    text = read("docs/architecture.md")
    packages = {path.name for path in (ROOT / "plugins/plugin_utils").iterdir() if path.name.startswith("_") and (path.is_dir())} - {
        "__pycache__"
    }

    assert {name for name in packages if f"`plugins/plugin_utils/{name}/`" not in text} == set()
    drawing = ET.fromstring(read("docs/images/architecture.svg"))
    drawn = " ".join("".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text"))
    for name in ("_ansible", "_windows", "_report", "_wsman", "_avma", "hyperv_lab"):
        assert name in drawn


def test_every_page_is_in_the_index() -> None:
    linked = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read("docs/index.md"))}
    pages = {page for page in PAGES if not page.is_relative_to(ROOT / "docs/examples")} - {ROOT / "docs/index.md"}

    assert {str(page.relative_to(ROOT)) for page in pages - linked} == set()


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
