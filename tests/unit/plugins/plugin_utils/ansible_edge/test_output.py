# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a module: plain types, no secret, nothing that is ever rendered, narrowed by a query."""

from __future__ import annotations

import sys
from typing import Any

import ansible.template
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.action import narrowed
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.output import InvalidQuery, Query, as_it_was, plain, publish
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MissingLibrary

SECRET = "22222-33333-44444-55555-66666"


class Tagged(str):
    """Like the strings that Ansible hands to an action."""


class Number(int):
    pass


def exact(value: Any) -> bool:
    if isinstance(value, dict):
        return value.__class__ is dict and all(exact(key) and exact(item) for key, item in value.items())
    if isinstance(value, list):
        return value.__class__ is list and all(exact(item) for item in value)
    return value.__class__ in (str, int, float, bool, type(None))


def test_plain_types_all_the_way_down() -> None:
    given = {Tagged("a"): [Tagged("b"), (Number(3), 1.5, True, None)], "c": {Tagged("d"): Tagged("e")}}
    found = plain(given)
    assert found == {"a": ["b", [3, 1.5, True, None]], "c": {"d": "e"}}
    assert exact(found)
    assert plain(True) is True


def test_secret_is_cut_out_wherever_it_is() -> None:
    result = {"msg": f"the key {SECRET} was refused", "list": [SECRET, {"a": SECRET}], "diff": {"before": SECRET}, "n": 5}
    shown = publish(result, {SECRET, ""})
    assert SECRET not in repr(shown)
    assert shown["n"] == 5
    assert "was refused" in shown["msg"]


def test_result_without_secrets_stays_as_it_is() -> None:
    assert publish({"a": [1, "x", None, {"b": True}]}, set()) == {"a": [1, "x", None, {"b": True}]}


def test_text_of_a_tenant_is_never_a_template() -> None:
    shown = publish({"vm": "{{ 7 * 7 }}"}, set())
    templar = Templar(loader=DataLoader(), variables={"found": shown})
    # from 2.19 on only what is marked as trusted is a template, before it was everything that is not marked as unsafe
    expression = getattr(ansible.template, "trust_as_template", str)
    assert str(templar.template(expression("{{ 6 * 7 }}"))) == "42"
    raw = "{{ 7 * 7 }}" if hasattr(ansible.template, "trust_as_template") else "{ { 7 * 7 }}"
    assert templar.template(expression("{{ found.vm }}")) == raw
    assert templar.template(shown["vm"]) == raw
    # Put together again, as a play does: what was marked as unsafe is not any more before 2.19.
    again = templar.template(expression("{{ found.vm ~ 'x' }}"))
    assert templar.template(again) == f"{raw}x"


@pytest.mark.skipif(hasattr(ansible.template, "trust_as_template"), reason="this ansible-core renders only what is tagged as trusted")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ x }}", "{ { x }}"),
        ("{% x %}", "{ % x %}"),
        ("{# x #}", "{ # x #}"),
        ("{ {", "{  {"),
        ("{  %", "{   %"),
        ("{{{", "{ { {"),
        ("{x}", "{x}"),
    ],
)
def test_before_2_19_nothing_in_a_result_begins_a_template(text: str, shown: str) -> None:
    assert publish({text: [text, {"a": text}]}, set()) == {shown: [shown, {"a": shown}]}


@pytest.mark.skipif(hasattr(ansible.template, "trust_as_template"), reason="this ansible-core renders only what is tagged as trusted")
def test_before_2_19_raw_text_is_as_it_is() -> None:
    assert publish({"{{ a }}": ["{{ x }}"]}, set(), raw_text=True) == {"{{ a }}": ["{{ x }}"]}


@settings(max_examples=200)
@given(st.text(alphabet="{}%# ax", max_size=12))
def test_what_is_let_out_is_read_back_as_it_was(text: str) -> None:
    given_out = {text: [text, {"a": text}, 5, None]}
    assert as_it_was(publish(given_out, set())) == given_out


# query


def test_query_narrows_and_keeps_what_ansible_needs() -> None:
    result = {"changed": True, "outcome": "activated", "diff": {"before": "a"}, "guest": {"name": "WEB01"}, "msg": "m", "steps": [1, 2]}
    assert narrowed(result, Query("guest.name")) == {
        "changed": True,
        "outcome": "activated",
        "diff": {"before": "a"},
        "msg": "m",
        "result": "WEB01",
    }


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("hosts.avma", "the result has no 'hosts'. It has changed, host."),
        ("host.avam.ready", "host has no 'avam'. It has avma, name."),
        ("host.vms[?x].name", "host has no 'vms'. It has avma, name."),
        ("host.avma", None),
        ("host.avma.ready", None),
        ("[hosts, host]", None),
    ],
)
def test_query_that_finds_nothing_gives_null_and_says_what_there_is(expression: str, words: str | None) -> None:
    found = narrowed({"changed": False, "host": {"avma": None, "name": "hv01"}}, Query(expression))
    if words is None:
        assert "warnings" not in found
    else:
        assert found["result"] is None
        assert found["warnings"][0].endswith(words)


@pytest.mark.parametrize("expression", ["vms[?", "a.b.", "[*", "&&"])
def test_malformed_query_is_refused_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(InvalidQuery, match="is not a JMESPath expression"):
        Query(expression)


@pytest.mark.parametrize("expression", ["length(changed)", "no_such_function(changed)", "sort_by(vms, &name)"])
def test_query_that_does_not_fit_keeps_the_whole_result_with_a_warning(expression: str) -> None:
    result = {"changed": True, "vms": [{"name": 1}, {"name": "a"}], "warnings": ["earlier"]}
    found = narrowed(result, Query(expression))
    assert {key: found[key] for key in ("changed", "vms")} == {"changed": True, "vms": [{"name": 1}, {"name": "a"}]}
    assert found["warnings"][0] == "earlier"
    assert "does not fit the result" in found["warnings"][1]
    assert "The whole result is returned." in found["warnings"][1]


def test_missing_jmespath_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(MissingLibrary, match="jmespath cannot be used by"):
        Query("a")
