# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes in, a fault or a status goes out."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .messages import ENUMERATION, OFFICE, TRANSFER, Desk, enumerate_body, message, wql
from .office_machine import OfficeMachine

_VALID = [
    message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", enumerate_body(wql("SELECT * FROM Office_Desk WHERE Height > 3"))),
    message(f"{TRANSFER}Get", f"{OFFICE}Office_Desk", selectors={"Name": "d1"}),
    message(f"{OFFICE}Office_Desk/Move", f"{OFFICE}Office_Desk", "<p:Move_INPUT/>", selectors={"Name": "d1"}),
]
_BOMB = (
    '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&b;</s:Body></s:Envelope>'
)
_EXTERNAL = (
    '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">&x;</s:Envelope>'
)


def _answered(data: bytes) -> str:
    answer = Desk(OfficeMachine()).send(data)
    assert answer.status in (200, 500)
    fromstring(answer.body)
    assert 'Code="1359"' not in answer.body, "an internal error stands for an exception nobody foresaw"
    return answer.body


@given(st.binary(max_size=400))
@example(b"")
@example(b"\xff\xfe<")
@example(b'<?xml version="1.0" encoding="utf-7"?><a/>')
@example(b'<?xml version="1.0" encoding="nonsense"?><a/>')
def test_any_bytes(data: bytes) -> None:
    _answered(data)


@given(st.sampled_from(_VALID), st.data())
@settings(max_examples=300)
def test_valid_messages_with_something_else_in_their_midst(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    inserted = data.draw(
        st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["<a/>", "</s:Body>", "&#0;", "]]>", "-1"])
    )
    _answered((text[:start] + inserted + text[end:]).encode())


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
    | st.from_regex(r"SELECT [\w*, ]{1,9} FROM \w{1,9} WHERE [\w =<>'\"%()]{0,30}")
)
def test_any_query(query: str) -> None:
    allowed = "".join(character for character in query if character >= " ")
    _answered(
        message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", enumerate_body(wql(allowed))).replace("\ufffe", "").replace("\uffff", "").encode()
    )


@pytest.mark.parametrize("document", [_BOMB, _EXTERNAL])
def test_entities_and_doctypes_are_not_read(document: str) -> None:
    body = _answered(document.encode())
    assert 'Code="2150858819"' in body
    assert "root:" not in body


def test_bottomless_nesting() -> None:
    _answered(message(f"{TRANSFER}Get", OFFICE, "<a>" * 20000 + "</a>" * 20000).encode())


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 5000 + "Height=1" + ")" * 5000,
        "NOT " * 5000 + "Height=1",
        " AND ".join(["Height=1"] * 3000),
        "Name LIKE '" + "%a" * 200 + "'",
        "Name = '" + "x" * 60000 + "'",
        "Height = " + "9" * 300,
        "Height = '" + "9" * 300 + "'",
        "Height = 1e999",
        "Bought > '99999999999999.999999+999'",
        "Warranty > '99999999235959.999999:000'",
    ],
)
def test_queries_made_to_exhaust(condition: str) -> None:
    _answered(
        message(f"{ENUMERATION}Enumerate", f"{OFFICE}*", enumerate_body(wql(f"SELECT * FROM Office_Desk WHERE {condition}"))).encode()
    )
