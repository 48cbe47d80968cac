# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Effects on whole machines and on the jobs of Hyper-V."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from hyperv_lab.world.licence import LICENSED, NOTIFICATION
from hyperv_lab.world.vm import VmState

from .live_lab import LiveLab, installation
from .requests_of_wmi import V2, context_of, fault_code, first, get, pull, query, switch_data_exchange, whole_class

OS = query("SELECT * FROM Win32_OperatingSystem")
_LOST = (ConnectionError, http.client.RemoteDisconnected)


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within 10 seconds"
        time.sleep(0.05)


def _answers(live: LiveLab, machine: str) -> bool:
    try:
        connection = live.connect(machine)
    except OSError:
        return False
    try:
        return connection.send(OS)[0] == 200
    except _LOST:
        return False
    finally:
        connection.close()


def test_a_restarting_host_takes_connections_enumerations_and_guests_with_it(live: LiveLab) -> None:
    booted = live.fleet.host("hv01").booted
    bystander, connection = live.connect("hv01"), live.connect("hv01")
    context = context_of(connection.ask(whole_class("http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service")))
    bystander.ask(OS)
    live.begin("reboot", seconds=0.6, when={"machine": "hv01"}, count={"first": 1})
    with pytest.raises(_LOST):
        connection.send(OS)
    assert bystander.is_closed()
    with pytest.raises(OSError):  # noqa: PT011  (refused or reset, as the kernel is quick or not)
        live.connect("hv01").send(OS)
    assert live.fleet.vm("web01")[1].state is VmState.SAVED
    _until(lambda: _answers(live, "hv01"), "the host is back")
    assert fault_code(live.connect("hv01").ask(pull(context))) == 2150858779
    assert live.fleet.host("hv01").booted > booted
    _until(lambda: _answers(live, "web01"), "its guest is back")
    assert live.fleet.vm("web01")[1].state is VmState.RUNNING
    assert live.fleet.host("hv03").booted == booted


def test_a_restart_after_the_change_keeps_the_change(live: LiveLab) -> None:
    guest = live.fleet.guest("web01")
    install = installation(live)
    live.begin("reboot", seconds=0.3, moment="after", when={"machine": "web01"}, count={"first": 1})
    with pytest.raises(_LOST):
        live.connect("web01").send(install)
    assert guest.licence.partial_key == "78VHK"
    assert guest.licence.status == NOTIFICATION
    _until(lambda: _answers(live, "web01"), "the guest is back")
    assert guest.licence.status == LICENSED, "a guest with an AVMA key asks its host at every start"


def test_a_reset_of_the_lab_ends_restarts(live: LiveLab) -> None:
    live.begin("reboot", seconds=500, when={"machine": "hv01"}, count={"first": 1})
    with pytest.raises(_LOST):
        live.connect("hv01").send(OS)
    live.reset()
    assert _answers(live, "hv01")
    assert _answers(live, "web01")


def test_a_guest_moves_to_the_other_node_while_it_is_asked(live: LiveLab) -> None:
    live.begin("migrate", when={"machine": "web01"}, count={"first": 1})
    assert live.connect("web01").send(OS)[0] == 200
    assert live.fleet.vm("web01")[0].name == "hv02"
    assert [found.detail for found in live.injections] == ["VM web01 moves from hv01 to hv02"]


def test_a_host_loses_one_of_its_machines_while_it_is_asked(live: LiveLab) -> None:
    before = {vm.name for vm in live.fleet.host("hv01").vms.values()}
    live.begin("migrate", when={"machine": "hv01"}, count={"first": 1})
    live.connect("hv01").send(OS)
    after = {vm.name for vm in live.fleet.host("hv01").vms.values()}
    assert len(before - after) == 1
    assert {vm.name for vm in live.fleet.host("hv02").vms.values()} == before - after


def test_nothing_moves_without_a_cluster(live: LiveLab) -> None:
    live.begin("migrate")
    live.connect("lone01").send(OS)
    assert live.fleet.vm("lone01")[0].name == "hv03"
    assert live.injections == []


def test_a_wrong_clock_shows_in_what_the_machine_says(live: LiveLab) -> None:
    def says(machine: str) -> datetime:
        answer = live.connect(machine).ask(OS)
        return datetime.fromisoformat(first(r"<p:LocalDateTime><cim:Datetime>([^<]+)<", answer))

    live.begin("clock_skew", seconds=-3600, when={"machine": "hv01"})
    assert timedelta(minutes=59) < says("hv02") - says("hv01") < timedelta(minutes=61)
    says("hv01")
    assert len(live.injections) == 1, "the clock was set once"


def _switch(live: LiveLab) -> str:
    """Asks for Data Exchange of app01, and gives the job."""
    _host, vm = live.fleet.vm("app01")
    answer = live.connect("hv01").ask(switch_data_exchange(vm.id, True))
    assert "<p:ReturnValue>4096</p:ReturnValue>" in answer, answer
    return first(r'Name="InstanceID">([^<]+)<', answer)


def _job(live: LiveLab, job: str) -> str:
    return live.connect("hv01").ask(get(f"{V2}Msvm_ConcreteJob", InstanceID=job))


def test_a_slow_job_takes_as_many_reads_as_it_was_given(live: LiveLab) -> None:
    live.begin("job", reads=3, seconds=60)
    job = _switch(live)
    states = [first(r"<p:JobState>(\d+)<", _job(live, job)) for _unused in range(3)]
    assert states == ["4", "4", "7"]
    assert live.fleet.vm("app01")[1].data_exchange


def test_a_failed_job_changes_nothing(live: LiveLab) -> None:
    live.begin("job", fails=True)
    job = _switch(live)
    assert first(r"<p:JobState>(\d+)<", _job(live, job)) == "10"
    assert not live.fleet.vm("app01")[1].data_exchange


@pytest.mark.parametrize("fails", [False, True])
def test_a_vanished_job_is_not_found_whether_it_worked_or_not(live: LiveLab, fails: bool) -> None:
    live.begin("job", fails=fails, vanishes=True)
    job = _switch(live)
    assert fault_code(_job(live, job)) == 2150858752
    assert live.fleet.vm("app01")[1].data_exchange is not fails


def test_other_answers_have_no_job_to_spoil(live: LiveLab) -> None:
    live.begin("job", fails=True)
    live.connect("hv01").send(OS)
    assert live.injections == []
