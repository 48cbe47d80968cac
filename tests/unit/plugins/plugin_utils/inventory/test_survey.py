# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's answers become, from the cache too."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import parallel_sessions
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.machines import NAMES, machines_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.survey import (
    HostAnswer,
    Target,
    ask_hosts,
    cached_answer,
    read_answer,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import AccessDenied, InvalidClassOrQuery
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"


def answer(host: str = "hv01", *vms: FakeVm, items: bool = True) -> HostAnswer:
    info, found = read_answer(FakeHost(*vms), items=items, tables=PUBLISHED)
    return HostAnswer(host, info, found)


def test_host_and_machines_have_the_shapes_of_the_modules() -> None:
    found = answer("hv01", FakeVm(WEB, "web01"), FakeVm(SQL, "sql01", state=3))
    assert set(found.info) == {"host", "findings"}
    assert found.info["host"]["licence"]["licensed"] is True
    assert found.info["host"]["avma"]["ready"] is True
    assert found.cluster == "CL1"
    assert [(vm["name"], vm["state"], vm["avma"]["status"]) for vm in found.vms] == [
        ("web01", "running", "eligible"),
        ("sql01", "off", "unknown"),
    ]
    assert found.vms[0]["kvp"]["intrinsic"]["OSEditionId"] == "7"


def test_without_items_there_are_none() -> None:
    assert "kvp" not in answer("hv01", FakeVm(WEB, "web01"), items=False).vms[0]


def test_a_host_without_hyperv_has_no_machines() -> None:
    host = FakeHost(FakeVm(WEB, "web01"))
    host.failures["Msvm_VirtualSystemManagementService"] = InvalidClassOrQuery()
    info, vms = read_answer(host, items=True, tables=PUBLISHED)
    assert info["host"]["hyperv"] is False
    assert vms == ()
    assert "Msvm_ComputerSystem" not in host.calls


def test_cache_gives_back_what_it_was_given() -> None:
    before = answer("hv01", FakeVm(WEB, "web01"))
    stored = json.loads(json.dumps(before.as_cached()))
    assert cached_answer("hv01", stored) == before


@pytest.mark.parametrize("stored", [None, [], {}, {"info": {}}, {"info": {}, "vms": [{"id": WEB}]}, {"info": [], "vms": []}, "text"])
def test_a_cache_of_another_shape_is_no_answer(stored: object) -> None:
    assert cached_answer("hv01", stored) is None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inside, (*path, key))


@pytest.mark.parametrize("wrong", [5, "text", [], {}, None, [1], {"a": 1}])
def test_a_cache_with_a_wrong_type_anywhere_is_no_answer_or_is_borne(wrong: object) -> None:
    stored = json.loads(json.dumps(answer("hv01", FakeVm(WEB, "web01")).as_cached()))
    for path in places(stored):
        damaged: Any = copy.deepcopy(stored)
        inside = damaged
        for key in path[:-1]:
            inside = inside[key]
        if path:
            inside[path[-1]] = wrong
        found = cached_answer("hv01", damaged if path else wrong)
        if found is not None:
            for variables in machines_of([found], lambda note: None).values():
                assert all(isinstance(NAMES[word](variables), (str, type(None))) for word in NAMES)


def test_one_machine_on_two_hosts_is_the_one_that_runs() -> None:
    notes: list[str] = []
    replica, running = answer("hv01", FakeVm(WEB, "web01", state=3)), answer("hv02", FakeVm(WEB, "web01"))
    for answers in ([replica, running], [running, replica]):
        found = machines_of(answers, notes.append)
        assert list(found) == [WEB]
        assert found[WEB]["avma_vm_host"] == "hv02"
    assert len(notes) == 2
    assert WEB in notes[0]


def test_what_a_machine_may_be_called() -> None:
    vm = FakeVm(WEB, "WEB01")
    variables = machines_of([answer("hv01", vm)], lambda _note: None)[WEB]
    assert {word: name(variables) for word, name in NAMES.items()} == {
        "fqdn": "web01.corp.example",
        "claimed_fqdn": "web01.corp.example",
        "name": "WEB01",
        "id": WEB.lower(),
    }
    vm.name = "other"
    variables = machines_of([answer("hv01", vm)], lambda _note: None)[WEB]
    assert NAMES["fqdn"](variables) is None
    assert NAMES["claimed_fqdn"](variables) == "web01.corp.example"


# asking


class Connection:
    def __init__(self, session: FakeHost, user: str = "admin") -> None:
        self.session = session
        self.user = user

    def get_option(self, name: str) -> str:
        assert name == "remote_user"
        return self.user


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_sessions, "open_session", lambda connection: connection.session)


@pytest.mark.usefixtures("sessions")
def test_hosts_that_fail_are_answers_too_and_sessions_are_closed() -> None:
    good, bad = FakeHost(FakeVm(WEB, "web01")), FakeHost()
    bad.failures = {"Win32_OperatingSystem": AccessDenied(code=5)}

    def unknown() -> object:
        raise AnsibleError("no such transport.")

    answers = ask_hosts(
        [Target("hv01", lambda: Connection(good)), Target("hv02", lambda: Connection(bad, "other")), Target("hv03", unknown)],
        items=True,
        parallel=4,
        tables=PUBLISHED,
    )
    assert [vm["name"] for vm in answers["hv01"].vms] == ["web01"]
    assert answers["hv01"].failure is None
    denied, unasked = answers["hv02"].failure, answers["hv03"].failure
    assert denied is not None
    assert unasked is not None
    assert denied.kind == "access_denied"
    assert denied.msg.startswith("hv02: ")
    assert unasked.msg == "hv03: no such transport."
    assert good.closed
    assert bad.closed


def test_requests_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()
    host.statistics = SimpleNamespace(requests=9)  # type: ignore[assignment]
    monkeypatch.setattr(parallel_sessions, "open_session", lambda connection: connection.session)
    assert ask_hosts([Target("hv01", lambda: Connection(host))], items=False, parallel=1, tables=PUBLISHED)["hv01"].requests == 9
