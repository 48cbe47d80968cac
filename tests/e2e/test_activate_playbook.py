# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``activate.yml`` on the demo fleet: what a newcomer sees, what a second run must not do, what check mode must foretell."""

from __future__ import annotations

import pytest

from .labs import BASIC, CONNECTIONS, NTLM, Connection, Lab
from .playing import Run

pytestmark = pytest.mark.e2e

# Each guest of the demo scenario, and what has to become of it.
OUTCOMES = {
    "web01": "activated",  # 2022 Standard, no key
    "web02": "activated",  # 2022 Datacenter with a KMS client key that is not licensed: switched
    "sql01": "kept",  # a licensed MAK
    "file01": "activated",  # 2012 R2
    "app01": "already_activated",
    "print01": "activated",  # 2016, German
    "small01": "activated",  # Essentials
    "trial01": "refused",  # evaluation
    "silent01": "activated",  # Data Exchange was off
    "azure01": "refused",  # Azure Edition on an ordinary host
    "spare01": "deferred",  # switched off
    "app02": "activated",  # 2025 Datacenter
    "app03": "activated",  # 2025 Standard
    "branch01": "refused",  # its host is Standard
}
ACTIVATED = sorted(name for name, outcome in OUTCOMES.items() if outcome == "activated")
REFUSED = sorted(name for name, outcome in OUTCOMES.items() if outcome == "refused")
DATACENTER_HOSTS = ("hv01", "hv02", "hv03")


def row_of(run: Run, name: str) -> str:
    """The line of the printed table for a guest or machine."""
    lines = [line for line in run.output.splitlines() if line.startswith(f"{name} ") and "  " in line and ": ok=" not in line]
    assert lines, f"no row for {name} in:\n{run.output}"
    return lines[0]


@pytest.mark.parametrize("connection", CONNECTIONS, ids=str)
def test_first_run_reaches_what_can_be_reached_and_the_second_changes_nothing(demo: Lab, connection: Connection) -> None:
    player = demo.player(connection)

    first = player.playbook("activate")
    assert first.outcomes() == OUTCOMES, first.output
    assert sorted(first.changes) == sorted([*ACTIVATED, "hv02"]), first.changes  # hv02: Data Exchange of silent01
    for name in ACTIVATED:
        licence = demo.machine(name)["licence"]
        assert (licence["status"], licence["channel"]) == (1, "VT:IA"), f"{name}: {licence}"
    assert demo.vm("silent01")["data_exchange"] is True
    assert first.code == 2, "refused guests fail, as avma_fail_on says by default"
    settled = demo.digest()

    second = player.playbook("activate")
    assert second.changes == {}, second.output
    assert demo.digest() == settled
    assert second.outcomes() == {**OUTCOMES, **dict.fromkeys(ACTIVATED, "already_activated")}


def shells(lab: Lab) -> list[str]:
    """The machines that were asked for a shell, refused or not."""
    return [name for name, actions in lab.actions().items() if any(action == "Shell" or action.startswith("WinRS.") for action in actions)]


def test_neither_shell_nor_powershell_is_asked_for(demo: Lab) -> None:
    for connection in CONNECTIONS:
        demo.player(connection).playbook("activate")
        assert demo.actions()["web01"], "the counters do not show what was asked"
        assert shells(demo) == []
    # What the counters show when a shell is asked for, so that the lines above can fail.
    demo.player().tasks("web01", [{"ansible.builtin.raw": "whoami"}])
    assert shells(demo) == ["web01"]


def test_printed_table_names_every_guest_with_its_reason(demo: Lab) -> None:
    run = demo.player().playbook("activate")
    for name, outcome in OUTCOMES.items():
        assert f" {outcome} " in row_of(run, name)
    assert "evaluation" in row_of(run, "trial01")
    assert "is off" in row_of(run, "spare01")
    assert "HOST_NOT_DATACENTER" in row_of(run, "branch01")
    assert "7P8Q9" in row_of(run, "sql01")
    assert "(not_eligible)" in row_of(run, "lin01"), "a Linux machine that is in no inventory is reported too"
    assert row_of(run, "hv04").split()[-1]
    assert " no " in row_of(run, "hv04")
    assert "DISM /Online /Set-Edition:ServerStandard" in run.output, "the remedy for an evaluation guest"


def test_check_mode_foretells_exactly_what_a_run_changes(demo: Lab) -> None:
    untouched = demo.digest()
    check = demo.player().playbook("activate", check=True)
    assert demo.digest() == untouched, "check mode changed the fleet"
    assert check.outcomes() == OUTCOMES
    real = demo.player().playbook("activate")
    assert check.changes == real.changes
    for name in ACTIVATED:
        foretold, done = check.one("guest_key", name), real.one("guest_key", name)
        assert [(step["kind"], step["after"]) for step in foretold["steps"]] == [(step["kind"], step["after"]) for step in done["steps"]]
        assert done["after"]["partial_product_key"] == foretold["steps"][0]["after"]["last_five"]
    switched = {row["name"]: row["changed"] for row in check.one("data_exchange", "hv02")["vms"]}
    assert switched == {row["name"]: row["changed"] for row in real.one("data_exchange", "hv02")["vms"]}


def test_diff_shows_what_changes_and_nothing_else(demo: Lab) -> None:
    run = demo.player().playbook("activate", diff=True)
    for name in OUTCOMES:
        result = run.one("guest_key", name)
        assert ("diff" in result) == result["changed"], name
    diff = run.one("guest_key", "web02")["diff"]
    assert "channel: kms_client" in diff["before"]
    assert "channel: avma" in diff["after"]
    assert "licensed: False" in diff["before"]
    assert "licensed: True" in diff["after"]
    exchange = run.one("data_exchange", "hv02")["diff"]
    assert "silent01" in exchange["before"]
    assert "web01" not in exchange["before"]


def test_a_host_that_cannot_activate_is_left_as_it_is(demo: Lab) -> None:
    before = demo.vm("branch01")
    run = demo.player().playbook("activate")
    assert run.of("data_exchange", "hv04")[0].kind == "skipped"
    assert demo.vm("branch01") == before
    assert run.one("guest_key", "branch01")["findings"][0]["code"] == "HOST_NOT_READY"


def test_outcomes_that_fail_a_guest_can_be_chosen(demo: Lab) -> None:
    lenient = demo.player().playbook("activate", avma_fail_on=["failed"])
    assert lenient.code == 0, lenient.output
    strict = demo.player().playbook("activate", avma_fail_on=["failed", "refused", "deferred", "kept"])
    failed = {task.host for task in strict.of("guest_key") if task.kind == "failed"}
    assert failed == {*REFUSED, "spare01", "sql01"}


def test_one_guest_by_limit_without_its_hosts(demo: Lab) -> None:
    run = demo.player().playbook("activate", limit="web01")
    assert run.outcomes() == {"web01": "activated"}
    assert run.code == 0, run.output
    assert " activated " in row_of(run, "web01")


def test_guests_of_a_host_whose_password_is_wrong_are_still_activated_unless_its_readiness_is_asked_for(demo: Lab) -> None:
    player = demo.player()
    player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]["hv01"]["ansible_password"] = "not-the-password"
    some = "hyperv_hosts,web01,sql01,print01"
    strict = player.playbook("activate", avma_require_ready=True, limit=some)
    assert [task.kind for task in strict.of("host_info", "hv01")] == ["unreachable"]
    assert strict.outcomes() == {"web01": "deferred", "sql01": "kept", "print01": "activated"}
    assert "hv01" in row_of(strict, "web01")
    assert " deferred " in row_of(strict, "web01")
    # A licence is not given up for a host of which nothing is known.
    replacing = player.playbook("activate", avma_replace_licensed=True, limit=some)
    assert replacing.outcomes() == {"web01": "activated", "sql01": "deferred", "print01": "already_activated"}
    (found,) = replacing.one("guest_key", "web01")["findings"]
    assert (found["code"], "hv01: " in found["cause"]) == ("HOST_NOT_JUDGED", True)
    assert demo.machine("sql01")["licence"]["channel"] == "Volume:MAK"


def test_guests_are_activated_though_no_host_can_be_asked(demo: Lab) -> None:
    player = demo.player()
    for host in player.inventory["all"]["children"]["hyperv_hosts"]["hosts"].values():
        host["ansible_password"] = "not-the-password"
    run = player.playbook("activate")
    assert run.outcomes()["web01"] == "activated", run.output
    assert " activated " in row_of(run, "web01")
    assert run.code == 2, "hosts that could not be asked must not look like success"
    assert {task.host for task in run.of("fail") if task.kind == "failed"} == {"hv01", "hv02", "hv03", "hv04"}


def test_host_that_fails_on_the_way_fails_at_the_end(demo: Lab) -> None:
    demo.arrange("rule", section="jobs", name="fails", value=True)
    run = demo.player().playbook("activate", avma_fail_on=["failed"])
    assert [task.kind for task in run.of("data_exchange", "hv02")] == ["failed"]
    assert run.outcomes()["print01"] == "activated", "guests of the host are served all the same"
    assert [task.host for task in run.of("fail") if task.kind == "failed"] == ["hv02"]
    assert run.code == 2


def test_validate_prints_its_table_though_no_host_can_be_asked(demo: Lab) -> None:
    player = demo.player()
    player.inventory["all"]["vars"]["ansible_password"] = "not-the-password"
    run = player.playbook("validate")
    assert run.code != 0
    assert " unknown " in row_of(run, "hv01")


def test_validate_changes_nothing_and_says_who_is_ready(demo: Lab) -> None:
    untouched = demo.digest()
    run = demo.player().playbook("validate")
    assert run.code == 0, run.output
    assert demo.digest() == untouched
    for host in DATACENTER_HOSTS:
        assert " yes " in row_of(run, host)
    assert " no " in row_of(run, "hv04")
    strict = demo.player(BASIC).playbook("validate", avma_require_ready=True)
    assert [task.host for task in strict.of("host_info") if task.kind == "failed"] == ["hv04"]


def test_waiting_says_when_the_state_changes_and_not_at_each_poll(demo: Lab) -> None:
    demo.arrange("throttle", host="hv01", requests=1)
    run = demo.player(NTLM).playbook("activate", limit="web01,hyperv_hosts")
    assert run.outcomes() == {"web01": "activated"}
    said = [line for line in run.output.splitlines() if line.startswith("web01: ")]
    assert len(said) == len(set(said)), f"a line was repeated: {said}"
    assert any("0xC004FD00" in line for line in said), said
    assert said[-1] == "web01: activated", said
