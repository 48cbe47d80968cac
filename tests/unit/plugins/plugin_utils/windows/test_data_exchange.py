# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switching Data Exchange: the call by version, its job, and what is told when something goes wrong on the way."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.data_exchange import (
    NotSwitched,
    Switched,
    SwitchRunner,
    switch,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.kvp import KvpSetting
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.management_service import RETURN_VALUES, ServiceRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    ConnectionDropped,
    ConnectionFailed,
    DeadlineExceeded,
    EffectUnknown,
    InvalidParameter,
    JobFailed,
    MethodNotAvailable,
    NotFound,
    OperationTimedOut,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.job import JobOutcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import EmbeddedInstance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import job_output, output, projected, whole

V2 = "root/virtualization/v2"
SERVICE = "Msvm_VirtualSystemManagementService"
KEYS = {"CreationClassName": SERVICE}
KVP = "2A34B1C2-FD73-4043-8A5B-DD2159BC743F"
SETTING_QUERY = "SELECT EnabledState, InstanceID FROM Msvm_KvpExchangeComponentSettingData"
GUIDS = [f"{number}F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11" for number in range(1, 5)]
JOB = "C0FFEE00-0000-0000-0000-000000000001"
ENDPOINT = "http://hv01:5985/wsman"


def setting(identifier: str = GUIDS[0], enabled: bool = False) -> KvpSetting:
    return KvpSetting(identifier, f"Microsoft:{identifier}\\{KVP}", enabled, ())


def setting_row(identifier: str, state: int) -> Instance:
    return projected(EnabledState=state, InstanceID=f"Microsoft:{identifier}\\{KVP}")


def expect_call(
    session: ScriptedSession, answer: Instance | Exception, identifier: str = GUIDS[0], *, state: int = 2, legacy: bool = False
) -> None:
    method, parameter = ("ModifyResourceSettings", "ResourceSettings") if legacy else ("ModifyGuestServiceSettings", "GuestServiceSettings")
    changed = EmbeddedInstance(
        "Msvm_KvpExchangeComponentSettingData", {"InstanceID": f"Microsoft:{identifier}\\{KVP}", "EnabledState": state}
    )
    session.expect_invoke(V2, SERVICE, method, {parameter: [changed]}, KEYS, answer)


def returned(value: int | None) -> Instance:
    return output(V2, SERVICE, "ModifyGuestServiceSettings", **({} if value is None else {"ReturnValue": value}))


def started() -> Instance:
    return job_output("ModifyGuestServiceSettings", JOB)


def expect_job(session: ScriptedSession, answer: int | Exception) -> None:
    row = (
        answer
        if isinstance(answer, Exception)
        else whole(V2, "Msvm_ConcreteJob", JobState=answer, ErrorDescription="It broke.", ErrorCode=32768)
    )
    session.expect_get(V2, "Msvm_ConcreteJob", {"InstanceID": JOB}, row)


def run(session: ScriptedSession, *settings: KvpSetting, enabled: bool = True, build: int | None = 20348) -> Switched:
    return SwitchRunner(session, host_build=build, wait=60).apply(settings or [setting()], enabled=enabled)


@pytest.mark.parametrize(("build", "legacy"), [(9600, True), (10239, True), (10240, False), (14393, False), (26100, False), (None, False)])
def test_method_by_version_of_the_host(session: ScriptedSession, build: int | None, legacy: bool) -> None:
    expect_call(session, returned(0), legacy=legacy)
    assert switch(session, setting(), enabled=True, host_build=build, wait=60) is JobOutcome.COMPLETED


def test_disabling_is_state_three(session: ScriptedSession) -> None:
    expect_call(session, returned(0), state=3)
    assert switch(session, setting(), enabled=False, host_build=20348, wait=60) is JobOutcome.COMPLETED


def test_job_is_waited_for(session: ScriptedSession) -> None:
    expect_call(session, started())
    for state in (3, 4, 7):
        expect_job(session, state)
    assert switch(session, setting(), enabled=True, host_build=20348, wait=60) is JobOutcome.COMPLETED
    assert session.slept == [0.25, 0.25]


def test_job_that_does_not_end(session: ScriptedSession) -> None:
    expect_call(session, started())
    for _unused in range(5):
        expect_job(session, 4)
    with pytest.raises(DeadlineExceeded, match="still runs after 1 seconds"):
        switch(session, setting(), enabled=True, host_build=20348, wait=1)


def test_job_without_reference_is_vanished(session: ScriptedSession) -> None:
    expect_call(session, returned(4096))
    assert switch(session, setting(), enabled=True, host_build=20348, wait=60) is JobOutcome.VANISHED


@pytest.mark.parametrize("value", sorted(RETURN_VALUES))
def test_documented_refusals_are_named(session: ScriptedSession, value: int) -> None:
    expect_call(session, returned(value))
    if value in (32770, 32773):
        expect_call(session, InvalidParameter(), legacy=True)
    with pytest.raises(ServiceRefused, match=f"ReturnValue {value} \\({RETURN_VALUES[value]}\\)"):
        switch(session, setting(), enabled=True, host_build=20348, wait=60)


@pytest.mark.parametrize("value", [1, None])
def test_undocumented_answer_is_a_refusal(session: ScriptedSession, value: int | None) -> None:
    expect_call(session, returned(value))
    with pytest.raises(ServiceRefused, match="an undocumented value"):
        switch(session, setting(), enabled=True, host_build=20348, wait=60)


@pytest.mark.parametrize("refusal", [returned(32770), returned(32773), InvalidParameter(), MethodNotAvailable()])
@pytest.mark.parametrize("build", [9600, 20348])
def test_each_method_stands_in_for_the_other(session: ScriptedSession, refusal: Instance | Exception, build: int) -> None:
    expect_call(session, refusal, legacy=build == 9600)
    expect_call(session, returned(0), legacy=build != 9600)
    assert switch(session, setting(), enabled=True, host_build=build, wait=60) is JobOutcome.COMPLETED


def test_a_machine_in_the_wrong_state_is_not_asked_twice(session: ScriptedSession) -> None:
    expect_call(session, returned(32775))
    with pytest.raises(ServiceRefused):
        switch(session, setting(), enabled=True, host_build=20348, wait=60)
    session.assert_played()


# several machines


def test_failure_of_one_machine_does_not_stop_the_others(session: ScriptedSession) -> None:
    expect_call(session, returned(32775), GUIDS[0])
    expect_call(session, started(), GUIDS[1])
    expect_job(session, 10)
    expect_call(session, InvalidParameter(code=0x80041008), GUIDS[2])
    expect_call(session, MethodNotAvailable(), GUIDS[2], legacy=True)
    expect_call(session, returned(0), GUIDS[3])
    outcome = run(session, *map(setting, GUIDS))
    assert outcome.changed == [GUIDS[3]]
    assert {identifier: type(error) for identifier, error in outcome.errors.items()} == {
        GUIDS[0]: ServiceRefused,
        GUIDS[1]: JobFailed,
        GUIDS[2]: InvalidParameter,
    }
    assert "It broke." in str(outcome.errors[GUIDS[1]])


def lost_call() -> EffectUnknown:
    return EffectUnknown(f"{SERVICE}.ModifyGuestServiceSettings", ConnectionDropped(ENDPOINT, "closed"))


@pytest.mark.parametrize("error", [lost_call(), OperationTimedOut(code=0x80338029)], ids=["answer lost", "timed out"])
def test_doubtful_call_that_took_effect_is_not_repeated(session: ScriptedSession, error: Exception) -> None:
    expect_call(session, error)
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 2)])
    assert run(session) == Switched([GUIDS[0]])


@pytest.mark.parametrize("error", [lost_call(), OperationTimedOut(code=0x80338029)], ids=["answer lost", "timed out"])
def test_doubtful_call_without_effect_is_made_once_more_after_the_look(session: ScriptedSession, error: Exception) -> None:
    expect_call(session, error)
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 3)])
    expect_call(session, returned(0))
    assert run(session) == Switched([GUIDS[0]])


def test_call_that_is_doubtful_again_and_again_is_given_up(session: ScriptedSession) -> None:
    errors = [lost_call(), lost_call()]
    for error in errors:
        expect_call(session, error)
        session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 3)])
    outcome = run(session)
    assert outcome.changed == []
    assert outcome.errors == {GUIDS[0]: errors[1]}


def test_call_whose_job_may_still_run_is_not_repeated(session: ScriptedSession) -> None:
    expect_call(session, DeadlineExceeded("the job still runs"))
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 3)])
    outcome = run(session)
    assert [type(error) for error in outcome.errors.values()] == [DeadlineExceeded]


def test_vanished_job_that_took_effect(session: ScriptedSession) -> None:
    expect_call(session, started())
    expect_job(session, NotFound())
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 2)])
    assert run(session) == Switched([GUIDS[0]])


def test_vanished_job_without_effect_is_started_once_more(session: ScriptedSession) -> None:
    for _unused in range(2):
        expect_call(session, started())
        expect_job(session, NotFound())
        session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 3)])
    outcome = run(session)
    assert outcome.changed == []
    assert [type(error) for error in outcome.errors.values()] == [NotSwitched]


def test_refusal_of_the_second_call_is_what_is_told(session: ScriptedSession) -> None:
    expect_call(session, lost_call())
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 3)])
    expect_call(session, returned(32775))
    outcome = run(session)
    assert [type(error) for error in outcome.errors.values()] == [ServiceRefused]


def test_machine_that_is_gone_afterwards_is_not_changed(session: ScriptedSession) -> None:
    expect_call(session, lost_call())
    session.expect_query(V2, SETTING_QUERY, [])
    outcome = run(session)
    assert outcome.changed == []
    assert isinstance(outcome.errors[GUIDS[0]], EffectUnknown)


def test_all_doubtful_machines_take_one_look(session: ScriptedSession) -> None:
    for identifier in GUIDS[:3]:
        expect_call(session, lost_call(), identifier)
    session.expect_query(V2, SETTING_QUERY, [setting_row(GUIDS[0], 2), setting_row(GUIDS[1], 3), setting_row(GUIDS[2], 2)])
    expect_call(session, returned(0), GUIDS[1])
    assert run(session, *map(setting, GUIDS[:3])) == Switched([GUIDS[0], GUIDS[2], GUIDS[1]])


def test_host_that_is_lost_ends_it_and_what_was_changed_is_told(session: ScriptedSession) -> None:
    gone = ConnectionFailed(ENDPOINT, "connection refused")
    expect_call(session, returned(0), GUIDS[0])
    expect_call(session, gone, GUIDS[1])
    outcome = run(session, *map(setting, GUIDS[:3]))
    assert outcome.changed == [GUIDS[0]]
    assert outcome.errors == {GUIDS[1]: gone, GUIDS[2]: gone}


def test_machine_whose_job_vanished_before_the_host_was_lost_is_no_success(session: ScriptedSession) -> None:
    gone = ConnectionFailed(ENDPOINT, "connection refused")
    expect_call(session, started(), GUIDS[0])
    expect_job(session, NotFound())
    expect_call(session, gone, GUIDS[1])
    outcome = run(session, *map(setting, GUIDS[:2]))
    assert outcome.changed == []
    assert set(outcome.errors) == {GUIDS[0], GUIDS[1]}


def test_look_that_fails_keeps_what_was_changed(session: ScriptedSession) -> None:
    gone = ConnectionFailed(ENDPOINT, "connection refused")
    expect_call(session, returned(0), GUIDS[0])
    expect_call(session, lost_call(), GUIDS[1])
    expect_call(session, started(), GUIDS[2])
    expect_job(session, NotFound())
    session.expect_query(V2, SETTING_QUERY, gone)
    outcome = run(session, *map(setting, GUIDS[:3]))
    assert outcome.changed == [GUIDS[0]]
    assert isinstance(outcome.errors[GUIDS[1]], EffectUnknown)
    assert outcome.errors[GUIDS[2]] is gone
