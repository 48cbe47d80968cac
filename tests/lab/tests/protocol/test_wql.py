# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from hyperv_lab.cim.types import Instance
from hyperv_lab.wql.like import like
from hyperv_lab.wql.parser import WqlSyntaxError, parse

from .messages import Desk, fault_code_in, subcode_in
from .office_machine import STANDING_DESK, OfficeMachine, desk

_ALL = ["d1", "d2", "s1"]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Height = 72", ["d1"]),
        ("Height = '72'", ["d1"]),
        ("72 < Height", ["d2", "s1"]),
        ("Height >= 80", ["d2", "s1"]),
        ("Height <> 80", ["d1", "s1"]),
        ("Height != 80", ["d1", "s1"]),
        ("Height = 0x48", ["d1"]),
        ("Tilt = -3", ["d1"]),
        ("Ratio > 1.4 and Ratio < 1.6", ["d1"]),
        ("Area = 18446744073709551615", ["d1"]),
        ("Adjustable = TRUE", ["d1"]),
        ("Adjustable = 'false'", ["d2"]),
        ("Adjustable <> FALSE", ["d1", "s1"]),
        ("name = 'D2'", ["d2"]),
        ('Name > "d1"', ["d2", "s1"]),
        ("Caption = 'first & <best>'", ["d1"]),
        ("Caption = ''", ["d2"]),
        ("Caption IS NULL", ["s1"]),
        ("Caption = NULL", ["s1"]),
        ("Caption <> NULL", ["d1", "d2"]),
        ("Caption is not null", ["d1", "d2"]),
        ("Drawers IS NULL", ["d2", "s1"]),
        ("Name LIKE 'd%'", ["d1", "d2"]),
        ("Name LIKE '_1'", ["d1", "s1"]),
        ("Name LIKE '[a-d]1'", ["d1"]),
        ("Name LIKE '[^d]1'", ["s1"]),
        ("NOT Name LIKE 'd%'", ["s1"]),
        ("Name NOT LIKE 'd%'", ["s1"]),
        ("Bought = '20130415162843.488170+000'", ["d1"]),
        ("Bought > '20130415182843.000000+120'", ["d1"]),
        ("Bought < '20130415182843.000000+060'", ["d1"]),
        ("Bought >= '2013-04-15'", ["d1"]),
        ("Bought >= '04/16/2013'", []),
        ("Warranty > '00000000004400.000000:000'", ["d1"]),
        ("Height = 72 OR Height = 80 AND Name = 'nobody'", ["d1"]),
        ("(Height = 72 OR Height = 80) AND Name = 'd2'", ["d2"]),
        ("NOT (Height = 72 OR Height = 80)", ["s1"]),
        ("NOT Height = 72 AND NOT Height = 80", ["s1"]),
        ("__CLASS = 'office_standingdesk'", ["s1"]),
        ("__this ISA 'Office_StandingDesk'", ["s1"]),
        ("__this ISA Office_Element", _ALL),
        ("__RELPATH = 'Office_Desk.Name=\"d1\"'", ["d1"]),
        ("Name != __SERVER", _ALL),
        ("Sticker.Weight = 2", ["d1"]),
        ("Sticker.Text LIKE '%quote%'", ["d1"]),
        ("Sticker ISA 'Office_Note'", ["d1"]),
    ],
)
def test_conditions(condition: str, names: list[str]) -> None:
    assert Desk(OfficeMachine()).names(f"SELECT * FROM Office_Desk WHERE {condition}") == names


def test_the_name_of_the_machine_is_a_constant() -> None:
    machine = OfficeMachine(name="D1")
    assert Desk(machine).names("select * from Office_Desk where Name != __SERVER") == ["d2", "s1"]
    assert Desk(machine).names("select * from Office_Desk where __SERVER = 'd1'") == _ALL


def test_escapes_in_strings() -> None:
    machine = OfficeMachine()
    machine.rows["office_desk"] = [desk("it's"), desk('a\\b"c')]
    assert Desk(machine).names(r"SELECT * FROM Office_Desk WHERE Name = 'it\'s'") == ["it's"]
    assert Desk(machine).names(r"""SELECT * FROM Office_Desk WHERE Name = "a\\b\"c" """) == ["a\\b&quot;c"]


def test_keywords_and_names_are_read_without_case_on_several_lines() -> None:
    assert Desk(OfficeMachine()).names("sElEcT\n  NAME,\n\tHEIGHT\nfRoM office_STANDINGdesk\n") == ["s1"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("ASSOCIATORS OF {Office_Room.Building='A\\\\B',Number='1'}", ["d1", "s1"]),
        ('associators of {office_room.NUMBER="2",Building="a\\\\b"}', ["d2"]),
        ("ASSOCIATORS OF {Office_Room.Building='A\\\\B',Number='1'} WHERE ResultClass = Office_StandingDesk", ["s1"]),
        ("ASSOCIATORS OF {Office_Room.Building='A\\\\B',Number='1'} WHERE AssocClass=Office_StandsIn Role=Antecedent", ["d1", "s1"]),
        ("ASSOCIATORS OF {Office_Room.Building='A\\\\B',Number='1'} WHERE Role = Dependent", []),
        ("ASSOCIATORS OF {Office_Room.Building='A\\\\B',Number='1'} WHERE ResultRole = Dependent", ["d1", "s1"]),
        ("ASSOCIATORS OF {\\\\HOST\\root\\office:Office_Room.Building='A\\\\B',Number='2'}", ["d2"]),
    ],
)
def test_associators(query: str, names: list[str]) -> None:
    assert Desk(OfficeMachine()).names(query) == names


def test_associators_of_an_object_by_its_only_key() -> None:
    body = Desk(OfficeMachine()).query("ASSOCIATORS OF {Office_Desk='d2'}").body
    assert "<p:Number>2</p:Number>" in body


def test_references_are_the_links_themselves() -> None:
    body = Desk(OfficeMachine(), first_page="all").query("REFERENCES OF {Office_Desk.Name='d1'}", max_elements=9).body
    assert body.count("<p:Office_StandsIn ") == 1


def test_a_brace_in_a_key_does_not_end_the_object() -> None:
    machine = OfficeMachine()
    machine.rows["office_desk"].append(desk("{1}"))
    assert Desk(machine).query("ASSOCIATORS OF {Office_Desk.Name='{1}'}").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM Office_Desk WHERE",
        "SELECT * FROM Office_Desk WHERE Height == 3",
        "SELECT * FROM Office_Desk WHERE Name = 'open",
        "SELECT * FROM Office_Desk; SELECT * FROM Office_Desk",
        "SELECT *, FROM Office_Desk",
        "SELECT * FROM Office_Desk WHERE Nothing = 1",
        "SELECT Nothing FROM Office_Desk",
        "SELECT * FROM Office_Desk WHERE Height = 'tall'",
        "SELECT * FROM Office_Desk WHERE Adjustable = 'perhaps'",
        "SELECT * FROM Office_Desk WHERE Bought = 'yesterday'",
        "SELECT * FROM Office_Desk WHERE Drawers = 'pens'",
        "SELECT * FROM Office_Desk WHERE Height LIKE '7%'",
        "SELECT * FROM Office_Desk WHERE Name = Caption",
        "SELECT * FROM Office_Desk WHERE 1 = 1",
        "SELECT * FROM Office_Desk WHERE Caption > NULL",
        "SELECT * FROM Office_Desk WHERE Height.Part = 1",
        "UPDATE Office_Desk SET Height = 1",
        "ASSOCIATORS OF Office_Desk.Name='d1'",
        "ASSOCIATORS OF {Office_Desk}",
        "ASSOCIATORS OF {Office_Room='1'}",
        "ASSOCIATORS OF {Office_Desk.Name='d1'} WHERE ClassDefsOnly",
        "ASSOCIATORS OF {Office_Desk.Name='d1'} WHERE Colour = red",
        "REFERENCES OF {Office_Desk.Name='d1'} WHERE AssocClass = Office_StandsIn",
    ],
)
def test_invalid_queries(query: str) -> None:
    answer = Desk(OfficeMachine()).query(query)
    assert answer.status == 500
    assert subcode_in(answer.body) == "n:CannotProcessFilter"
    assert fault_code_in(answer.body) == 2150858778
    assert "<f:Message>The query syntax is not valid. </f:Message>" in answer.body


@pytest.mark.parametrize("query", ["SELECT * FROM Office_Chair", "ASSOCIATORS OF {Office_Desk.Name='d1'} WHERE ResultClass = Office_Chair"])
def test_an_unknown_class(query: str) -> None:
    answer = Desk(OfficeMachine()).query(query)
    assert fault_code_in(answer.body) == 2150858778
    assert "<f:Message>The specified class does not exist in the given namespace. </f:Message>" in answer.body
    assert "<p:Operation>ExecQuery</p:Operation>" in answer.body


def test_associators_of_nothing() -> None:
    assert fault_code_in(Desk(OfficeMachine()).query("ASSOCIATORS OF {Office_Desk.Name='nobody'}").body) == 2150858752


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("abc", "ABC", True),
        ("abc", "%", True),
        ("", "%", True),
        ("", "_", False),
        ("a\nc", "a_c", True),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
        ("a-c", "a[-]c", True),
        ("b", "[a=c]", True),
        ("^", "[^]", True),
        ("]", "[]]", True),
        ("[", "[", True),
        ("5", "[^0-9]", False),
        ("aXbXc", "a%b%c", True),
    ],
)
def test_like(text: str, pattern: str, matches: bool) -> None:
    assert like(text, pattern) is matches


def test_queries_longer_than_wmi_takes() -> None:
    with pytest.raises(WqlSyntaxError, match="characters"):
        parse("SELECT * FROM A WHERE B = '" + "x" * 70000 + "'")


def test_a_derived_class_knows_more_than_its_base() -> None:
    machine = OfficeMachine()
    machine.rows["office_standingdesk"].append(Instance(STANDING_DESK, {"Name": "s2", "Motors": 1}))
    assert Desk(machine).names("SELECT * FROM Office_StandingDesk WHERE Motors = 1") == ["s2"]
    assert Desk(machine).query("SELECT * FROM Office_Desk WHERE Motors = 1").status == 500
