# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No mistake in any option of any action shows what stands in a secret one, nor a product key that was typed into the wrong one.

Options are read from the actions, so a new one is covered as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import UnsupportedConnection

from .playing import action_class, play

ACTIONS = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins" / "action").glob("*.py") if path.stem != "__init__")
PASSWORD = "Geheim-Wort-4711!"
KEY = "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"
HIDDEN = (PASSWORD, KEY, KEY[:-1], KEY.replace("-", ""), KEY[:17])


def valid(option: dict[str, Any]) -> Any:
    if option.get("choices"):
        return option["choices"][0]
    return {"int": 1, "bool": True, "list": ["x"], "dict": {"x": "y"}}.get(option["type"], "x")


def mistakes(spec: dict[str, Any], constraints: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and options. Whatever is required is there, and each secret option holds a secret, unless the mistake is in it."""
    secret = [name for name, option in spec.items() if option.get("no_log")]
    beside: dict[str, Any] = {name: valid(option) for name, option in spec.items() if option.get("required")}
    for held in (PASSWORD, KEY):
        beside |= dict.fromkeys(secret, held)
        for name, option in spec.items():
            yield f"{name} misspelled", {**beside, name + "x": held}
            yield f"{name} of another type", {**beside, name: "2m" if option["type"] in ("int", "bool", "dict") else {"x": held}}
            yield f"{name} null", {**beside, name: None}
            yield f"{name} empty", {**beside, name: ""}
            if option.get("choices"):
                yield f"{name} no choice", {**beside, name: "wrong"}
            for typed in (KEY, KEY[:-1], KEY.lower(), KEY.replace("-", "")):
                yield f"{name} is a key", {**beside, name: typed}
            yield f"{name} is a list of keys", {**beside, name: [KEY, KEY[:-1]]}
            yield (
                f"{name} with a key inside",
                {**beside, name: {"releases": [{"name": KEY}], "avma_keys": [{"release": KEY, "edition": KEY}]}},
            )
        for group in constraints.get("mutually_exclusive", ()):
            yield f"{group} together", {**beside, **{name: valid(spec[name]) for name in group}}
        for name, value, _needed in constraints.get("required_if", ()):
            yield f"{name} without what it needs", {**beside, name: value}
        yield "key that is an option", {**beside, KEY: "x"}


@pytest.mark.parametrize("module", ACTIONS)
def test_no_mistake_shows_a_secret(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    action = action_class(module)
    tried = refused = 0
    for kind, options in mistakes(action.OPTIONS, action.CONSTRAINTS):
        tried += 1
        given = dict(options)
        played = play(module, UnsupportedConnection("not asked in this test"), check=True, **options)
        assert options == given, f"{kind}: the arguments of the task were changed"
        if not played.result.get("failed"):
            continue
        refused += 1
        shown = (repr(played.result) + "".join(played.printed)).lower()
        assert [text for text in HIDDEN if text.lower() in shown] == [], f"{kind}: {played.result}"
    assert refused > len(action.OPTIONS) * 4
    assert tried >= refused


def test_arguments_stay_the_objects_that_ansible_made() -> None:
    """ansible-core marks them, and shows what is not marked."""
    arguments = {"name": "a\nb", "state": "wrong"}
    seen = dict(arguments)
    play("data_exchange", UnsupportedConnection("-"), **arguments)
    assert arguments == seen


@pytest.mark.parametrize(
    ("given", "read"),
    [("failed, refused", True), ("failed,refused", True), ("failed\nrefused\n", True), ("", True), (None, True), ("fialed", False)],
)
def test_a_list_may_be_text_with_blanks_and_empty_is_left_out(given: Any, read: bool) -> None:
    message = play("guest_key", UnsupportedConnection("not asked"), fail_on=given, wait="", key="", host=None).result["msg"]
    assert ("not asked" in message) is read, message
