# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a plan: what is called in which order, what is repeated, how long is waited, and what is told of it."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import Channel
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.activation import ApplyResult, PlanRunner, wanted_product
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.guest import read_licence_state
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import LicensingRefused, read_licences
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    ConnectionDropped,
    ConnectionFailed,
    EffectUnknown,
    OperationTimedOut,
    WsManError,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import MAK_DESCRIPTION, FakeGuest, LostAnswer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.licence_rows import AVMA_DESCRIPTION

ENDPOINT = "http://web01:5985/wsman"
THROTTLED = 0xC004FD00
HOST_NOT_ACTIVATED = 0xC004FD02
AVMA_2022_STANDARD = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
KEYED = {"Description": AVMA_DESCRIPTION, "ProductKeyChannel": "VT:IA", "PartialProductKey": "78VHK", "ID": "avma-id"}


@pytest.fixture
def guest() -> FakeGuest:
    return FakeGuest()


def lost(method: str, *, effect: bool) -> LostAnswer:
    return LostAnswer(EffectUnknown(method, ConnectionDropped(ENDPOINT, "closed")), effect=effect)


def timed_out(*, effect: bool) -> LostAnswer:
    return LostAnswer(OperationTimedOut(code=0x80338029), effect=effect)


class Run:
    """A plan applied to a guest; ``said`` are the lines for the screen."""

    def __init__(self, guest: FakeGuest, wish: KeyWish | None = None, *, wait: float = 120) -> None:
        facts = read_licence_state(guest)
        self.plan = plan_guest_key(facts, wish or KeyWish(), tables=PUBLISHED)
        guest.calls.clear()
        self.said: list[str] = []
        self.runner = PlanRunner(guest, wait=wait, say=self.said.append, jitter=lambda: 0.0)
        self.applied = ApplyResult()
        self._before = facts.licences

    def __call__(self) -> Run:
        key = self.plan.key.key if self.plan.key and self.plan.installs else None
        self.applied = self.runner.apply(self.plan, key, self._before)
        return self

    @property
    def done(self) -> list[str]:
        return [step.kind.value for step in self.runner.applied.done]


def run(guest: FakeGuest, wish: KeyWish | None = None, *, wait: float = 120) -> Run:
    return Run(guest, wish, wait=wait)()


def test_install_and_activate(guest: FakeGuest) -> None:
    finished = run(guest)
    assert guest.calls == [
        "SoftwareLicensingService",
        "InstallProductKey",
        "RefreshLicenseStatus",
        "SoftwareLicensingProduct",
        "Activate",
        "RefreshLicenseStatus",
        "SoftwareLicensingProduct",
    ]
    assert guest.keys_seen == [AVMA_2022_STANDARD]
    assert finished.done == ["install_key", "activate"]
    assert finished.applied.licences[0].licensed
    assert finished.applied.licences[0].channel is Channel.AVMA
    assert guest.slept == []
    assert finished.said == ["key ending in 78VHK is installed", "activated"]


def test_key_that_is_there_is_only_activated(guest: FakeGuest) -> None:
    guest.licences = [dict(KEYED)]
    assert run(guest).done == ["activate"]
    assert guest.methods == ["Activate", "RefreshLicenseStatus"]


def test_licence_that_changes_later_is_waited_for_with_growing_pauses(guest: FakeGuest) -> None:
    guest.licensed_after = 20
    finished = run(guest)
    assert finished.done == ["install_key", "activate"]
    assert guest.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert finished.said.count("waiting for the licence to change, now unlicensed") == 1


@pytest.mark.parametrize("wait", [0, 10])
def test_deadline_ends_the_wait(guest: FakeGuest, wait: int) -> None:
    guest.licensed_after = None
    started = guest.now
    finished = run(guest, wait=wait)
    assert finished.applied.timed_out
    assert finished.done == ["install_key"]
    assert guest.now - started <= wait
    assert guest.methods.count("Activate") == 1


def test_transient_refusal_is_retried_with_back_off(guest: FakeGuest) -> None:
    guest.on_activate = [THROTTLED, THROTTLED, THROTTLED]
    finished = run(guest)
    assert finished.done == ["install_key", "activate"]
    assert finished.applied.attempts == 4
    assert guest.slept == [3.0, 6.0, 12.0]
    assert len([line for line in finished.said if "put off" in line]) == 1


def test_transient_refusal_beyond_the_deadline_ends_it(guest: FakeGuest) -> None:
    guest.on_activate = [THROTTLED] * 100
    started = guest.now
    finished = run(guest, wait=60)
    assert finished.applied.error is not None
    assert finished.applied.error.code == THROTTLED
    assert finished.done == ["install_key"]
    assert guest.now - started <= 60
    assert guest.slept == [3.0, 6.0, 12.0, 24.0, 11.25]


@pytest.mark.parametrize("code", [0xC004F075, 0xC004E028])
def test_installation_waits_for_a_service_that_is_busy(guest: FakeGuest, code: int) -> None:
    guest.on_install = [LicensingRefused("SoftwareLicensingService.InstallProductKey", code)] * 2
    finished = run(guest)
    assert finished.done == ["install_key", "activate"]
    assert guest.slept == [3.0, 6.0]
    assert guest.keys_seen == [AVMA_2022_STANDARD]
    assert finished.said[0].startswith(f"installing the key is put off, 0x{code:08X}")


def test_installation_does_not_wait_beyond_the_deadline(guest: FakeGuest) -> None:
    guest.on_install = [LicensingRefused("SoftwareLicensingService.InstallProductKey", 0xC004F075)] * 100
    started = guest.now
    finished = run(guest, wait=20)
    assert finished.applied.error is not None
    assert finished.applied.error.code == 0xC004F075
    assert finished.done == []
    assert guest.now - started <= 20


def test_pauses_are_spread(guest: FakeGuest) -> None:
    guest.on_activate = [THROTTLED]
    prepared = Run(guest)
    prepared.runner = PlanRunner(guest, wait=120, say=prepared.said.append, jitter=lambda: 0.5)
    prepared()
    assert guest.slept == [4.5]


@pytest.mark.parametrize(("code", "slept"), [(THROTTLED, [3.0 + 5.0]), (0xC004E028, [4.5])])
def test_many_guests_spread_further_where_it_is_the_host_that_refuses(guest: FakeGuest, code: int, slept: list[float]) -> None:
    guest.on_activate = [code]
    prepared = Run(guest)
    prepared.runner = PlanRunner(guest, wait=120, say=prepared.said.append, concurrent_guests=41, jitter=lambda: 0.5)
    prepared()
    assert guest.slept == slept


def test_lasting_refusal_is_not_retried(guest: FakeGuest) -> None:
    guest.on_activate = [HOST_NOT_ACTIVATED]
    finished = run(guest)
    assert finished.applied.error is not None
    assert finished.applied.error.code == HOST_NOT_ACTIVATED
    assert (finished.applied.attempts, guest.slept) == (1, [])
    assert finished.done == ["install_key"]
    assert finished.applied.licences[0].partial_product_key == "78VHK"


def test_refused_key_is_not_activated(guest: FakeGuest) -> None:
    guest.on_install = [LicensingRefused("SoftwareLicensingService.InstallProductKey", 0xC004F069)]
    finished = run(guest)
    assert finished.done == []
    assert "Activate" not in guest.methods
    assert finished.applied.error is not None
    assert finished.applied.licences[0].partial_product_key == "VMK7H"


@pytest.mark.parametrize("loss", [lost("InstallProductKey", effect=True), timed_out(effect=True)], ids=["answer lost", "timed out"])
def test_lost_installation_that_took_effect_is_not_repeated(guest: FakeGuest, loss: LostAnswer) -> None:
    guest.on_install = [loss]
    finished = run(guest)
    assert guest.calls[:4] == ["SoftwareLicensingService", "InstallProductKey", "SoftwareLicensingProduct", "RefreshLicenseStatus"]
    assert guest.methods.count("InstallProductKey") == 1
    assert finished.done == ["install_key", "activate"]


def test_lost_installation_without_effect_is_repeated_after_a_look(guest: FakeGuest) -> None:
    guest.on_install = [lost("InstallProductKey", effect=False)]
    finished = run(guest)
    assert guest.calls[1:4] == ["InstallProductKey", "SoftwareLicensingProduct", "InstallProductKey"]
    assert finished.done == ["install_key", "activate"]


def test_installation_that_is_lost_again_and_again_is_given_up(guest: FakeGuest) -> None:
    guest.on_install = [lost("InstallProductKey", effect=False)] * 10
    prepared = Run(guest)
    with pytest.raises(EffectUnknown):
        prepared()
    assert guest.methods.count("InstallProductKey") == 3
    assert prepared.done == []


@pytest.mark.parametrize("loss", [lost("Activate", effect=True), timed_out(effect=True)], ids=["answer lost", "timed out"])
def test_lost_activation_is_looked_at_and_not_repeated(guest: FakeGuest, loss: LostAnswer) -> None:
    guest.on_activate = [loss]
    finished = run(guest)
    assert guest.methods.count("Activate") == 1
    assert finished.done == ["install_key", "activate"]


def test_lost_activation_without_effect_is_asked_for_again_after_a_while(guest: FakeGuest) -> None:
    """Asking an AVMA product twice costs nothing, and waiting for what was never asked is in vain."""
    guest.on_activate = [lost("Activate", effect=False)]
    started = guest.now
    finished = run(guest)
    assert guest.methods.count("Activate") == 2
    assert finished.done == ["install_key", "activate"]
    assert guest.now - started <= 20


def test_activation_that_is_lost_again_and_again_is_given_up(guest: FakeGuest) -> None:
    guest.on_activate = [lost("Activate", effect=False)] * 10
    started = guest.now
    finished = run(guest, wait=120)
    assert guest.methods.count("Activate") == 3
    assert finished.applied.timed_out
    assert guest.now - started <= 120


def test_lost_activation_without_effect_times_out(guest: FakeGuest) -> None:
    guest.on_activate = [lost("Activate", effect=False)]
    finished = run(guest, wait=5)
    assert guest.methods.count("Activate") == 1
    assert finished.applied.timed_out
    assert finished.done == ["install_key"]


@pytest.mark.parametrize(
    "trouble",
    [lost("RefreshLicenseStatus", effect=False), timed_out(effect=False), 0xC004F025, LicensingRefused("RefreshLicenseStatus", 0xC004D302)],
    ids=["answer lost", "timed out", "refused", "refused by a fault"],
)
def test_trouble_with_the_refresh_does_not_matter(guest: FakeGuest, trouble: object) -> None:
    guest.on_refresh = [trouble] * 3
    finished = run(guest)
    assert finished.done == ["install_key", "activate"]
    assert finished.applied.error is None


@pytest.mark.parametrize("call", ["RefreshLicenseStatus", "Activate"])
def test_connection_lost_after_the_installation_keeps_what_was_done(guest: FakeGuest, call: str) -> None:
    guest.break_before = {call: ConnectionFailed(ENDPOINT, "connection refused")}
    prepared = Run(guest)
    with pytest.raises(WsManError, match="connection refused"):
        prepared()
    assert prepared.done == ["install_key"]


def test_key_that_windows_takes_for_a_mak_is_never_activated(guest: FakeGuest) -> None:
    guest.installed_channel = {"Description": MAK_DESCRIPTION, "ProductKeyChannel": "Volume:MAK"}
    finished = run(guest, KeyWish(key="22222-33333-44444-55555-66666"))
    assert guest.methods == ["InstallProductKey", "RefreshLicenseStatus"]
    assert finished.done == ["install_key"]
    assert finished.applied.attempts == 0


def test_guest_without_the_key_afterwards_is_not_activated(guest: FakeGuest) -> None:
    guest.on_install = [LostAnswer(EffectUnknown("InstallProductKey", ConnectionDropped(ENDPOINT, "closed")), effect=True)]
    guest.on_refresh = []
    prepared = Run(guest)
    original = guest._carry_out

    def forget(method: str, arguments: dict) -> None:  # type: ignore[type-arg]
        original(method, arguments)
        if method == "RefreshLicenseStatus":
            guest.licences = [{}]

    guest._carry_out = forget  # type: ignore[method-assign]
    prepared()
    assert "Activate" not in guest.methods
    assert prepared.done == ["install_key"]


def test_wanted_product(guest: FakeGuest) -> None:
    guest.licences = [{"PartialProductKey": "AAAAA"}, {**KEYED, "PartialProductKey": "bbbbb"}, dict(KEYED)]
    licences = read_licences(guest)
    assert wanted_product(licences, "BBBBB") == licences[1]
    assert wanted_product(licences, "78vhk") == licences[2]
    assert wanted_product(licences, None) == licences[1]
    assert wanted_product(licences, "ZZZZZ") is None
    assert wanted_product((), None) is None
