# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of PowerShell Direct in a real engine: right with an honest guest, and bounded with one that is not."""

from __future__ import annotations

import base64
import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
direct = importlib.import_module("powershell.direct")
engine = importlib.import_module("powershell.engine")
hostile = importlib.import_module("powershell.hostile")

pytestmark = pytest.mark.skipif(engine.find_engine() is None, reason=engine.MISSING)

ROW: dict[str, Any] = {
    "Number": 4294967295,
    "Null": None,
    "Many": ["a", "b"],
    "Started": datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
    "Span": timedelta(days=1, hours=2),
    "Text": "Größe \u2028 日本 🔑 <'&>",
    "True": True,
}
TEXTS = {
    "Number": ["4294967295"],
    "Null": [],
    "Many": ["a", "b"],
    "Started": ["2026-01-02T03:04:05.000600Z"],
    "Span": ["1.02:00:00"],
    "Text": ["Größe \u2028 日本 🔑 <'&>"],
    "True": ["true"],
}
REFUSED = {"message": "refused ", "message_id": "HRESULT 0xc004f050", "cim_status": 1, "error_code": 0xC004F050}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["kind"] == "call":
        return {"failure": REFUSED} if request["method"] == "Refuse" else {"rows": [{"ReturnValue": 0, "sNames": ["x", "y"]}]}
    if "Nothing" in request["query"]:
        return {"failure": {**REFUSED, "cim_status": 5}}
    return {"rows": [] if "None" in request["query"] else [ROW] * (500 if "Many" in request["query"] else 1)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made = direct.Site(direct.compile_stand_ins(tmp_path_factory.mktemp("types")), answer)
    yield made
    made.close()


@pytest.mark.parametrize("culture", ["", "de-DE"])
def test_values_and_methods(site: Any, culture: str) -> None:
    site.requests.clear()
    trip = site.trip(
        direct.query(),
        direct.query("SELECT * FROM None"),
        direct.query("SELECT * FROM Many"),
        direct.call("C", "M", {"Version": "10"}, number=5, flag=True, text="x"),
        direct.query("SELECT * FROM Nothing"),
        direct.call("C", "Refuse", stops=True),
        direct.query(),
        STAND_IN_CULTURE=culture,
    )
    rows, none, many, called, reported, refused = trip.results
    assert rows == {"rows": [TEXTS]}
    assert none == {"rows": []}
    assert many == {"rows": [TEXTS] * 500}
    assert called == {"rows": [{"ReturnValue": ["0"], "sNames": ["x", "y"], "PSComputerName": []}]}
    assert (reported["cim_status"], refused["message_id"], refused["error_code"]) == (5, "HRESULT 0xc004f050", 0xC004F050)
    assert refused["error_id"].startswith("HRESULT 0xc004f050,")
    kinds = {name: kind for name, kind, _text in site.requests[3]["arguments"]}
    assert kinds == {"number": "UInt32", "flag": "Boolean", "text": "String"}
    assert site.requests[3]["keys"] == {"Version": "10"}
    assert trip.ended.exit_code == 0
    assert direct.PASSWORD.encode() not in trip.ended.stdout + trip.ended.stderr


@pytest.mark.parametrize(
    ("given", "error_id"),
    [({"password": "wrong"}, "PSSessionOpenFailed"), ({"vm": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, "InvalidVMIdNotSingle")],
)
def test_no_session(site: Any, given: dict[str, str], error_id: str) -> None:
    answered = site.trip(direct.query(), **given).answer
    assert (answered.stage, answered.results, answered.error_id.partition(",")[0]) == ("session", None, error_id)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-42],
    "doubled": lambda data: data + data,
    "doubled request": lambda data: data + data.split(b"\r\n")[1],
    "no JSON": lambda data: data.split(b"\r\n")[0] + b"\r\nSECRET\r\n",
    "no request": lambda data: data.split(b"\r\n")[0],
    "another script": lambda data: base64.b64encode(b"'SECRET'") + b"\r\n" + data.split(b"\r\n")[1],
    "no Base64": lambda data: b"*" + data,
    "nothing": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_request_reaches_no_stream(site: Any, damage: str) -> None:
    ended = site.trip(direct.query(), stdin=DAMAGE[damage]).ended
    assert (ended.stdout, ended.stderr, ended.exit_code in (70, 71)) == (b"", b"", True)


TOO_LONG = "AnswerTooLong"
SAYS = {
    "endless objects": "AnswerUnreadable",
    "one object of 200 MB": TOO_LONG,
    "nothing": "AnswerMissing",
    "wrong types": "AnswerUnreadable",
    "error flood": TOO_LONG,
}


# A silent guest takes the script's whole time, and the engine sees only after a minute that a process at the other end has died.
SLOW = {"never", "dead in the middle"}


@pytest.mark.parametrize("behaviour", sorted(set(hostile.BEHAVIOURS) - SLOW))
def test_a_hostile_guest_takes_little_of_the_host(site: Any, behaviour: str) -> None:
    trip = site.trip(direct.query(), guest=hostile.BEHAVIOURS[behaviour], limit=60)
    assert trip.ended.exit_code == 0, trip.ended
    assert trip.answer is not None or trip.malformed
    assert b"CHATTER" not in trip.ended.stdout + trip.ended.stderr
    assert behaviour == "one object of 200 MB" or trip.ended.peak_mb < 600
    assert trip.ended.seconds < 30
    if behaviour in SAYS:
        assert trip.answer.error_id == SAYS[behaviour]


def test_the_first_of_two_answers_counts(site: Any) -> None:
    assert site.trip(direct.query(), guest=hostile.BEHAVIOURS["two answers"]).results == ({"rows": [{"A": ["first"]}]},)


def test_a_host_in_constrained_language_says_so(site: Any) -> None:
    ended = site.trip(direct.query(), STAND_IN_LANGUAGE="ConstrainedLanguage").ended
    assert (ended.stdout, ended.exit_code) == (b"", 1)
    assert b"MethodInvocationNotSupportedInConstrainedLanguage" in ended.stderr
