# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of names: shell-style for the whole name, regular expressions after a tilde."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.name_patterns import DEFAULT_PATTERNS, InvalidPattern, NamePatterns


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("avma*", "AvmaHost", True),
        ("avma*", "MyAvma", False),
        ("avma", "avmaHost", False),
        ("*activat*", "LastActivation", True),
        ("v?", "V1", True),
        ("[ab]x", "bx", True),
        ("a.b", "axb", False),
        ("*", "anything\nat all", True),
        ("~activat|avma", "LastActivation", True),
        ("~^avma", "MyAvma", False),
        ("~^avma$", "AVMA", True),
    ],
)
def test_match(pattern: str, name: str, matches: bool) -> None:
    assert NamePatterns([pattern]).match(name) is matches


def test_any_pattern_will_do_and_none_matches_nothing() -> None:
    assert NamePatterns(["a*", "b*"]).chosen(["a1", "c1", "b1"]) == ("a1", "b1")
    assert NamePatterns([]).chosen(["a1"]) == ()
    assert not NamePatterns([])


@pytest.mark.parametrize(
    ("name", "candidate"),
    [("ActivationState", True), ("AVMAHost", True), ("LicenseStatus", True), ("Licence", True), ("IAID", True), ("DeployedBy", False)],
)
def test_candidates_by_default(name: str, candidate: bool) -> None:
    assert NamePatterns(DEFAULT_PATTERNS).match(name) is candidate


@pytest.mark.parametrize(
    ("pattern", "message"), [("", "is empty"), (" ", "is empty"), ("~", "is empty"), ("~(", "not a regular expression")]
)
def test_pattern_that_is_none(pattern: str, message: str) -> None:
    with pytest.raises(InvalidPattern, match=message):
        NamePatterns([pattern])
