# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each action does alike: options first, then the session, then a result that may leave the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.action import Task, WsManAction
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import UnsupportedConnection
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.options import OptionError
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import AccessDenied, ConnectTimedOut
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.avma.tests.unit.plugins.action import playing
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost

SECRET = "22222-33333-44444-55555-66666"


class Probe(WsManAction[Mapping[str, Any]]):
    """Shows what an action is given, and fails as a test wants."""

    OPTIONS: ClassVar[dict[str, Any]] = {
        "number": {"type": "int", "default": 3},
        "names": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    }
    seen: ClassVar[list[Task]] = []
    raises: ClassVar[Exception | None] = None

    def options(self, task: Task) -> Mapping[str, Any]:
        return task.given

    def converse(self, task: Task, options: Mapping[str, Any], session: Session) -> dict[str, Any]:
        type(self).seen.append(task)
        task.secrets.add(SECRET)
        if self.raises is not None:
            raise self.raises
        return {"changed": True, "text": f"x {SECRET} y", "names": options["names"], "warnings": ["w"]}


@pytest.fixture(autouse=True)
def _probe(monkeypatch: pytest.MonkeyPatch) -> None:
    Probe.seen = []
    Probe.raises = None
    original = playing.action_class
    monkeypatch.setattr(playing, "action_class", lambda name: Probe if name == "probe" else original(name))


@pytest.mark.parametrize(("check", "diff"), [(False, False), (True, False), (False, True), (True, True)])
def test_flags_options_and_machine(check: bool, diff: bool) -> None:
    played = playing.play("probe", FakeGuest(), check=check, diff=diff, machine="web01", number="5", names="a,b")
    (task,) = Probe.seen
    assert (task.check_mode, task.diff_mode, task.machine) == (check, diff, "web01")
    assert (task.given["number"], task.given["names"]) == (5, ["a", "b"])
    assert played.opened == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web01\nweb,02\n", ["web01", "web,02"]),
        ("  web01  \r\n\r\n web02", ["web01", "web02"]),
        ("web01\n", ["web01"]),
        ("web01,web02", ["web01", "web02"]),
        (["a\nb"], ["a\nb"]),
    ],
)
def test_list_as_the_text_of_a_survey(text: Any, names: list[str]) -> None:
    playing.play("probe", FakeGuest(), names=text, number="7")
    (task,) = Probe.seen
    assert (task.given["names"], task.given["number"]) == (names, 7)


def test_text_of_several_lines_stays_text_where_no_list_is_wanted() -> None:
    played = playing.play("probe", FakeGuest(), query="names\n")
    assert played.result["result"] is None


def test_error_of_a_delegated_task_names_the_machine_that_was_asked() -> None:
    Probe.raises = AccessDenied(code=5)
    assert playing.play("probe", FakeGuest(), machine="web01", delegate_to="hv01").result["msg"].startswith("hv01: ")


def test_secret_is_cut_out_of_result_and_failure() -> None:
    assert SECRET not in repr(playing.play("probe", FakeGuest(), names=[SECRET]).result)
    Probe.raises = AccessDenied(code=5, provider_text=f"no right for {SECRET}")
    assert SECRET not in repr(playing.play("probe", FakeGuest()).result)
    Probe.raises = OptionError(f"what is {SECRET}")
    assert SECRET not in repr(playing.play("probe", FakeGuest()).result)


def test_malformed_query_opens_no_session() -> None:
    played = playing.play("probe", FakeGuest(), query="a[?")
    assert played.opened == 0
    assert played.result["failed"] is True
    assert played.result["msg"].startswith("hyperv.avma.probe: ")


def test_query_that_does_not_fit_after_a_change_keeps_the_result() -> None:
    result = playing.play("probe", FakeGuest(), query="length(changed)", names=["a"]).result
    assert (result["changed"], result["names"]) == (True, ["a"])
    assert "failed" not in result
    assert result["warnings"][0] == "w"
    assert len(result["warnings"]) == 2


def test_query_does_not_narrow_a_failure() -> None:
    Probe.raises = AccessDenied(code=5)
    result = playing.play("probe", FakeGuest(), query="names").result
    assert result["error"]["kind"] == "access_denied"
    assert result["result"] is None


@pytest.mark.parametrize("options", [{"number": "five"}, {"nubmer": 5}])
def test_wrong_option_opens_no_session(options: dict[str, Any]) -> None:
    session = FakeGuest()
    result = playing.play("probe", session, **options).result
    assert result["failed"] is True
    assert result["msg"].startswith("hyperv.avma.probe: ")
    assert (Probe.seen, session.closed) == ([], False)


def test_machine_that_does_not_answer_is_unreachable_and_not_failed() -> None:
    session = FakeGuest()
    Probe.raises = ConnectTimedOut("http://web01:5985/wsman", "no answer")
    result = playing.play("probe", session, machine="web01").result
    assert result["unreachable"] is True
    assert "failed" not in result
    assert result["changed"] is False
    assert result["msg"].startswith("web01: http://web01:5985/wsman: no answer. ")
    assert session.closed


@pytest.mark.parametrize("error", [AccessDenied(code=5), OptionError("no"), RuntimeError("a bug")])
def test_session_is_closed_whatever_happens(error: Exception) -> None:
    session = FakeGuest()
    Probe.raises = error
    if isinstance(error, RuntimeError):
        with pytest.raises(RuntimeError):
            playing.play("probe", session)
    else:
        assert playing.play("probe", session).result["failed"] is True
    assert session.closed


def test_connection_that_will_not_do_fails_with_the_machine_s_name() -> None:
    result = playing.play("probe", UnsupportedConnection("the connection 'ssh' cannot carry it"), machine="web01").result
    assert (result["failed"], result["msg"]) == (True, "web01: the connection 'ssh' cannot carry it.")
    assert result["error"]["kind"] == "connection_not_made"


def test_async_is_refused() -> None:
    action = playing.action_class("host_info")
    assert action._supports_async is False
    assert action._supports_check_mode is True


# the actions that only read


@pytest.mark.parametrize("check", [False, True])
def test_host_info(check: bool) -> None:
    session = FakeHost()
    result = playing.play("host_info", session, check=check).result
    assert result["changed"] is False
    assert result["host"]["avma"] == {"ready": True, "can_activate": ["2022", "2019", "2016", "2012 R2"]}
    assert result["host"]["cluster"] == {
        "member": True,
        "name": "CL1",
        "nodes": [{"name": "HV01", "state": "up", "release": "2022"}],
        "verdict": {"asked": False, "ready": None, "effective_release": "2022", "nodes": []},
    }
    assert result["host"]["fqdn"] == "hv01.corp.example"
    assert len(session.calls) <= 8


def test_host_info_with_a_cluster_that_cannot_be_asked() -> None:
    session = FakeHost()
    session.failures["MSCluster_Cluster"] = AccessDenied(code=5)
    result = playing.play("host_info", session).result
    assert result["host"]["cluster"] == {"member": None, "name": None, "nodes": [], "verdict": None}
    assert "CLUSTER_UNKNOWN" in [found["code"] for found in result["findings"]]


def test_readiness_is_what_guest_key_takes() -> None:
    readiness = playing.play("host_info", FakeHost()).result["readiness"]
    assert set(readiness) == {"host", "findings"}
    result = playing.play("guest_key", FakeGuest(), host=readiness).result
    assert result["outcome"] == "activated"


def test_query_on_host_info() -> None:
    result = playing.play("host_info", FakeHost(), query="host.licence.channel").result
    assert result == {"changed": False, "result": "oem"}


def test_guest_info() -> None:
    result = playing.play("guest_info", FakeGuest()).result
    assert (result["changed"], result["activated"], result["activated_by_avma"]) == (False, False, False)
    assert result["guest"]["placement"]["host_fqdn"] == "hv01.corp.example"
    assert result["identity"]["trust"] == "guest"
