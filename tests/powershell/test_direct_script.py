# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of PowerShell Direct in a real engine: right with an honest guest, and bounded with one that is not."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
        if request["method"] == "Slow":
            time.sleep(float(request["arguments"][0][2]))
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


TOO_LONG = "AnswerTooLong"
SILENT = "GuestSilent"
SAYS = {
    "dead in the middle": SILENT,
    "never": SILENT,
    "endless objects": "AnswerUnreadable",
    "one object of 200 MB": TOO_LONG,
    "nothing": "AnswerMissing",
    "wrong types": "AnswerUnreadable",
    "error flood": TOO_LONG,
}


# What mostly waits runs beside the rest. With a pace the script's own limits pass as many times faster: the text is as it is.
WAITING: dict[str, dict[str, str]] = {
    "dead in the middle": {"guest": hostile.BEHAVIOURS["dead in the middle"]},
    "never": {"guest": hostile.BEHAVIOURS["never"]},
    "alive for ever": {"guest": hostile.BEHAVIOURS["alive for ever"], "STAND_IN_PACE": "24"},
    "no session": {"STAND_IN_SESSION_HANGS": "100", "STAND_IN_PACE": "24"},
    "slow and honest": {},
}


@pytest.fixture(scope="module")
def waiting(site: Any) -> Iterator[dict[str, Future[Any]]]:
    with ThreadPoolExecutor(len(WAITING)) as pool:
        slow = direct.call("C", "Slow", seconds=20)
        yield {
            name: pool.submit(site.trip, slow if name == "slow and honest" else direct.query(), **given) for name, given in WAITING.items()
        }


@pytest.mark.parametrize("behaviour", sorted(set(hostile.BEHAVIOURS) - set(WAITING)))
def test_a_hostile_guest_takes_little_of_the_host(waiting: Any, site: Any, behaviour: str) -> None:
    bounded(behaviour, site.trip(direct.query(), guest=hostile.BEHAVIOURS[behaviour], limit=60))


def bounded(behaviour: str, trip: Any) -> None:
    assert trip.ended.exit_code == 0, trip.ended
    assert trip.answer is not None or trip.malformed
    assert b"CHATTER" not in trip.ended.stdout + trip.ended.stderr
    assert trip.ended.peak_mb < 600
    assert trip.ended.seconds < (25 if behaviour == "dead in the middle" else 30)
    if behaviour in SAYS:
        assert trip.answer.error_id == SAYS[behaviour]


@pytest.mark.parametrize("behaviour", ["dead in the middle", "never"])
def test_a_guest_that_is_dead_or_silent_is_told_from_one_that_is_slow(waiting: Any, behaviour: str) -> None:
    bounded(behaviour, waiting[behaviour].result())


def test_a_guest_that_is_slow_is_waited_for(waiting: Any) -> None:
    trip = waiting["slow and honest"].result()
    assert trip.results == ({"rows": [{"ReturnValue": ["0"], "sNames": ["x", "y"], "PSComputerName": []}]},)
    assert trip.ended.seconds > 20, "longer than a silent one is waited for"


def test_a_guest_that_only_shows_life_is_not_waited_for_without_an_end(waiting: Any) -> None:
    trip = waiting["alive for ever"].result()
    assert (trip.answer.error_id, trip.ended.seconds < 30) == ("AnswerOverdue", True)


def test_the_script_ends_by_itself_where_the_session_never_opens(waiting: Any) -> None:
    ended = waiting["no session"].result().ended
    assert (ended.exit_code, ended.stdout, ended.stderr) == (72, b"", b"")


def test_the_first_of_two_answers_counts(site: Any) -> None:
    assert site.trip(direct.query(), guest=hostile.BEHAVIOURS["two answers"]).results == ({"rows": [{"A": ["first"]}]},)


def test_a_host_in_constrained_language_says_so(site: Any) -> None:
    ended = site.trip(direct.query(), STAND_IN_LANGUAGE="ConstrainedLanguage").ended
    assert (ended.stdout, ended.exit_code) == (b"", 1)
    assert b"MethodInvocationNotSupportedInConstrainedLanguage" in ended.stderr


def test_an_honest_answer_that_is_too_long_says_so(site: Any) -> None:
    answered = site.trip(*[direct.query("SELECT * FROM Many")] * 60).answer
    assert (answered.stage, answered.results, answered.error_id) == ("guest", None, TOO_LONG)


def test_a_guest_in_constrained_language_says_so(site: Any) -> None:
    answered = site.trip(direct.query(), guest="$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'").answer
    assert (answered.stage, answered.results) == ("guest", None)
    assert "ConstrainedLanguage" in answered.error_id


@pytest.mark.parametrize("behaviour", ["", "two answers", "endless text"])
def test_no_session_is_left(site: Any, tmp_path: Path, behaviour: str) -> None:
    noted = tmp_path / "process"
    note = f"[System.IO.File]::WriteAllText('{noted}', [string] $PID);"
    assert site.trip(direct.query(), guest=note + hostile.BEHAVIOURS.get(behaviour, "")).ended.exit_code == 0
    process = Path("/proc") / noted.read_text()
    deadline = time.monotonic() + 10
    while process.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not process.exists()
