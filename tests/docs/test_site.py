# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How docs/site makes pages of the repository's Markdown. `make docs` builds the site itself."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from .blocks import ROOT


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"site_{name}", ROOT / "docs" / "site" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


PAGES = module("pages")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "README.md": "# Readme\n\n[guide](docs/guide.md#part) ![picture](docs/images/a.png) [licence](LICENSE)\n\n"
        "| module | does |\n|---|---|\n| `host_info` | reads |\n\n| word | is |\n|---|---|\n| `other` | that |\n",
        "CONTRIBUTING.md": "# Contributing\n",
        "LICENSE": "text",
        "docs/index.md": "# Docs\n\n[Readme](../README.md)\n\n## Begin\n\n| [Guide](guide.md) | x |\n\n"
        "## Reference\n\n[Lab](lab/lab.md) [C](../CONTRIBUTING.md)\n",
        "docs/guide.md": "# Guide\n\n## Part\n\n[back](../README.md) [play](../playbooks/a.yml) [out](https://x.example/) [here](#part)\n\n"
        "```text\n[code](../playbooks/a.yml)\n```\n",
        "docs/lab/lab.md": "# Lab\n\n[guide](../guide.md)\n\n```hcl\na = 1\n```\n",
        "docs/images/a.png": "",
        "docs/site/README.md": "# Not a page\n",
        "playbooks/a.yml": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_pages_and_what_they_show(repository: Path) -> None:
    site = PAGES.Site(repository, "collection")
    assert set(site.pages()) == {"index.md", "readme.md", "contributing.md", "guide.md", "lab/lab.md"}
    assert site.files() == {"images/a.png": repository / "docs/images/a.png"}


def test_links_lead_to_pages_of_the_site_or_to_the_repository(repository: Path) -> None:
    pages = PAGES.Site(repository, "collection").pages()
    assert "[guide](guide.md#part) ![picture](images/a.png)" in pages["readme.md"]
    assert f"[licence]({PAGES.REPOSITORY}/LICENSE)" in pages["readme.md"]
    assert f"[back](readme.md) [play]({PAGES.REPOSITORY}/playbooks/a.yml) [out](https://x.example/) [here](#part)" in pages["guide.md"]
    assert "[guide](../guide.md)" in pages["lab/lab.md"]


def test_code_stays_as_it_is(repository: Path) -> None:
    pages = PAGES.Site(repository, "collection").pages()
    assert "```text\n[code](../playbooks/a.yml)\n```" in pages["guide.md"]
    assert "```text\na = 1\n```" in pages["lab/lab.md"]


def test_names_of_plugins_become_links(repository: Path) -> None:
    text = PAGES.Site(repository, "collection").pages()["readme.md"]
    assert "| [`host_info`](collection/host_info_module.rst) | reads |" in text
    assert "| `other` | that |" in text


def listed(index: str) -> list[str]:
    """The pages of all tables of contents, without the titles that some are given."""
    lines = [line for block in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for line in block.splitlines()]
    return [re.sub(r".*<(.*)>", r"\1", line) for line in lines if line and not line.startswith(":")]


def test_the_order_is_that_of_the_index(repository: Path) -> None:
    index = PAGES.Site(repository, "collection").pages()["index.md"]
    assert listed(index) == ["readme.md", "guide.md", "collection/index", "lab/lab.md", "contributing.md", "reference/report-schema"]
    assert re.findall(r":caption: (.*)", index) == ["Begin", "Reference"]
    assert "\nThe collection <readme.md>\n" in index


def test_every_page_of_this_repository_is_in_its_index() -> None:
    pages = PAGES.Site(ROOT, "collection").pages()
    own = {"collection/index", "reference/report-schema", "index.md"}
    missing = sorted(set(pages) - set(listed(pages["index.md"])) - own)
    assert missing == [], f"docs/index.md does not link to {missing}"


def test_schema_of_the_report_is_shown_in_full() -> None:
    file = ROOT / "docs/report.schema.json"
    text = module("schema_page").page(file)
    schema = json.loads(file.read_text(encoding="utf-8"))
    for definition in schema["$defs"]:
        assert f"\n## {definition}\n" in text
    for definition in [schema, *schema["$defs"].values()]:
        for name in definition.get("properties", {}):
            assert f"| `{name}` |" in text
