# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of chaos: those that come with the lab, and what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_lab.chaos.loading import ProfileError, available, load, named, parse
from hyperv_lab.chaos.rules import Profile

_DROP = {"do": "drop"}


def test_profiles_of_the_lab_load_under_their_own_names() -> None:
    assert available() == ["calm", "hostile", "rough"]
    for name in available():
        profile = load(name)
        assert profile.name == name
        assert profile.description
    assert load("calm").rules == ()
    assert load("off") == load("calm")


def _share(profile: Profile, effect: str) -> float:
    return sum(rule.probability for rule in profile.rules if rule.effect.do == effect)


def test_rough_and_hostile_have_every_effect_and_hostile_is_worse() -> None:
    rough, hostile = named("rough"), named("hostile")
    effects = {rule.effect.do for rule in rough.rules}
    assert effects == {
        "latency", "unauthorized", "close", "drop", "reset", "truncate", "malformed", "wrong_relates_to", "unavailable", "fault", "timeout",
        "job", "migrate", "reboot", "clock_skew",
    }  # fmt: skip
    for effect in effects:
        assert _share(hostile, effect) > _share(rough, effect), effect


def test_a_request_under_rough_is_mostly_answered() -> None:
    """A client that asks five times has to get through: what decides an exchange must stay well below one half."""
    assert sum(rule.probability for rule in named("rough").rules if rule.effect.decides) < 0.25


def test_a_profile_is_the_same_as_json_and_after_a_round_trip(tmp_path: Path) -> None:
    rough = named("rough")
    path = tmp_path / "week.json"
    path.write_text(json.dumps(rough.model_dump(mode="json", by_alias=True)), encoding="utf-8")
    assert load(str(path)) == rough


def test_a_file_without_a_name_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "storm.yml"
    path.write_text("rules: [{name: cut, effect: {do: drop}}]", encoding="utf-8")
    assert load(str(path)).name == "storm"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"name": "a", "effect": {"do": "explode"}}, "rules[0].effect: Input tag 'explode' found"),
        ({"name": "a", "effect": {"do": "drop", "seconds": 3}}, "rules[0].effect.drop.seconds: unknown setting"),
        ({"name": "a", "effect": {"do": "latency"}}, "rules[0].effect.latency.seconds: missing"),
        ({"name": "a", "effect": {"do": "latency", "seconds": -1}}, "rules[0].effect.latency.seconds: Input should be greater"),
        ({"name": "a", "effect": {"do": "fault", "fault": "tired"}}, "rules[0].effect.fault.fault: Input should be 'too_many_operations'"),
        ({"name": "a", "effect": _DROP, "probability": 1.5}, "rules[0].probability: Input should be less"),
        ({"name": "a", "effect": _DROP, "when": {"action": "Ask"}}, "'Ask' is no action; choose from Enumerate, Pull"),
        ({"name": "a", "effect": _DROP, "when": {"klass": "X"}}, "rules[0].when.klass: unknown setting"),
        ({"name": "a", "effect": _DROP, "when": {"kind": "cluster"}}, "rules[0].when.kind: Input should be 'host' or 'guest'"),
        ({"name": "a", "effect": _DROP, "count": {"every": 0}}, "rules[0].count.every: Input should be greater"),
        ({"name": "a", "effect": _DROP, "window": {"since": 5, "until": 5}}, "the window ends at 5 s, before it begins at 5 s"),
        ({"effect": _DROP}, "rules[0].name: missing"),
        ({"name": "a"}, "rules[0].effect: missing"),
    ],
)
def test_mistakes_are_named_with_their_place(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse({"rules": [rule]}, "storm.yml")
    assert str(caught.value).startswith("storm.yml: ")
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ProfileError, match=r"rules\[0\]\.effect: missing; rules\[1\]\.name: missing"):
        parse({"rules": [{"name": "a"}, {"effect": _DROP}]})


def test_rules_need_names_of_their_own() -> None:
    with pytest.raises(ProfileError, match="two rules are named 'a'"):
        parse({"rules": [{"name": "a", "effect": _DROP}, {"name": "a", "effect": _DROP}]})


@pytest.mark.parametrize(("text", "said"), [("rules: [", "not YAML"), ("- a", "a profile is a mapping"), ("name: x", "rules: missing")])
def test_files_that_are_no_profile(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=said):
        load(str(path))


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ProfileError, match="give a file or one of calm, hostile, rough"):
        load("breezy")
    with pytest.raises(ProfileError, match="there are calm, hostile, rough"):
        named("../rough")
