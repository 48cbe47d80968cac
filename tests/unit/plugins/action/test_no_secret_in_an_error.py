# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No mistake in any option of any action shows what stands in a secret one, nor a product key that was typed into the wrong one.

Options are read from the actions, so a new one is covered as soon as it is there.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

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


ROLES = Path(__file__).parents[4] / "roles"
ENTRIES = [
    pytest.param(entry["options"], id=f"{path.parent.parent.name}-{name}")
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    for name, entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].items()
]


@pytest.mark.parametrize("spec", ENTRIES)
def test_the_check_of_a_role_repeats_no_value(spec: dict[str, dict[str, Any]]) -> None:
    """That check is ansible-core's own, and prints what it refuses."""
    needed = {name: "x" for name, option in spec.items() if option.get("required")}
    for name in spec:
        for typed in ("it", ["it"], {"a": "it"}, {"it": "a"}, [{"a": "it"}], [["it"]], "a=it", "{it", "it it", None, "", 5, True):
            for held in (PASSWORD, KEY):
                given = {**needed, name: json.loads(json.dumps(typed).replace("it", held))}
                messages = ArgumentSpecValidator({one: dict(option) for one, option in spec.items()}).validate(given).error_messages
                assert [message for message in messages if held in message] == [], f"{name}: {typed!r}"


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        ("guest_key", {"fail_on": ["fialed"]}, "'fialed' is none of these (is 'failed' meant?)"),
        ("guest_key", {"fail_on": [PASSWORD]}, "what stands there is none of these"),
        ("guest_key", {"wait": "2m"}, "wait: a whole number is wanted; '2m' stands there"),
        ("guest_key", {"wait": PASSWORD}, "wait: a whole number is wanted; something else stands there"),
        ("guest_key", {"activate": PASSWORD}, "activate: true or false is wanted; something else stands there"),
        (
            "data_exchange",
            {"all": True, "state": PASSWORD},
            "state: one of enabled, disabled is wanted; what stands there is none of these",
        ),
    ],
)
def test_what_is_wrong_is_told_and_repeated_only_where_it_is_nearly_right(module: str, options: dict[str, Any], words: str) -> None:
    message = play(module, UnsupportedConnection("not asked"), **options).result["msg"]
    assert words in message
    assert PASSWORD not in message


def _named(name: str) -> Callable[..., Any]:
    filters = import_module(f"ansible_collections.hyperv.avma.plugins.filter.{name}").FilterModule().filters()
    (found,) = filters.values()
    return found


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROLES.parent / "plugins" / "filter").glob("*.py") if path.stem != "__init__")
)
def test_no_filter_repeats_a_key(name: str) -> None:
    called = _named(name)
    parameters = list(inspect.signature(called).parameters)
    told = 0
    for place in range(len(parameters)):
        for typed in (
            KEY,
            KEY.lower(),
            KEY[:-1],
            [KEY],
            {"a": KEY},
            {KEY: "a"},
            {"releases": [{"name": KEY}]},
            {"edition": KEY, "release": "2022"},
        ):
            given = ["2022", "Standard", {}, "x"][: len(parameters)]
            given[place] = typed
            try:
                found = repr(called(*given))
            except Exception as error:
                told += 1
                found = f"{error!r} {error}"
            assert [text for text in HIDDEN if text.lower() in found.lower()] == [], (place, typed)
    assert told > 0


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
