# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which exchanges are hit: by rules, counts and seeds, and by nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_lab.chaos.interceptor import Chaos
from hyperv_lab.chaos.loading import parse
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse as parse_scenario
from hyperv_lab.world.fleet import Fleet
from hyperv_lab.wsman.answer import Answer
from hyperv_lab.wsman.faults import WsmanFault
from hyperv_lab.wsman.interceptor import Exchange
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings

from .live_lab import SCENARIO
from .requests_of_wmi import CIMV2, get, install_key, invoke, pull, query, whole_class


class _Site:
    """Of the lab only the fleet: nothing here restarts."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def restart(self, machine: str, seconds: float) -> None:
        raise AssertionError("no rule of these tests restarts a machine")

    def is_restarting(self, machine: str) -> bool:
        return False


class _NoMachine:
    name, language = "none", "en-US"


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


_SITE = _Site(build(parse_scenario(dict(SCENARIO)), None))
_READER = WsmanService(_NoMachine(), ServiceSettings())  # type: ignore[arg-type]  # only reads envelopes here
_QUERY = query("SELECT Name FROM Win32_ComputerSystem")


def _fault(fault: WsmanFault) -> Answer:
    return Answer(500, str(fault.code), fault_code=fault.code)


def _exchange(machine: str, message: str = _QUERY, **connection: Any) -> Exchange:
    body = message.encode()
    return Exchange(machine, "127.0.0.1", "Administrator", _READER.receive(body), body, _fault, **connection)


def _send(chaos: Chaos, exchange: Exchange, answer: str = "<answer/>") -> Answer:
    async def both() -> Answer:
        given = await chaos.before(exchange)
        return await chaos.after(exchange, given or Answer(200, answer))

    return asyncio.run(both())


def _chaos(*rules: dict[str, Any], seed: int = 7, clock: _Clock | None = None) -> Chaos:
    named = [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules)]
    return Chaos(_SITE, parse({"rules": named}), seed, clock=clock or _Clock())


_REFUSE = {"effect": {"do": "fault", "fault": "user_load"}}


def _hits(chaos: Chaos, exchanges: Iterable[Exchange]) -> list[bool]:
    return [_send(chaos, exchange).fault_code is not None for exchange in exchanges]


def _numbers(chaos: Chaos, machine: str) -> list[int]:
    return [injection.exchange for injection in chaos.journal.of(machine)]


@given(order=st.lists(st.sampled_from(["hv01", "hv02", "web01"]), max_size=60), seed=st.integers(0, 2**32))
def test_a_machine_is_hit_the_same_whatever_happens_on_others(order: list[str], seed: int) -> None:
    rules = ({"probability": 0.3, **_REFUSE}, {"probability": 0.2, "count": {"at_most": 2}, "effect": {"do": "drop"}})
    mixed = _chaos(*rules, seed=seed)
    for machine in order:
        _send(mixed, _exchange(machine))
    for machine in set(order):
        alone = _chaos(*rules, seed=seed)
        for _unused in range(order.count(machine)):
            _send(alone, _exchange(machine))
        assert [(hit.exchange, hit.effect) for hit in alone.journal.of(machine)] == [
            (hit.exchange, hit.effect) for hit in mixed.journal.of(machine)
        ]


def test_the_same_seed_repeats_and_another_one_does_not() -> None:
    rule = {"probability": 0.5, **_REFUSE}
    runs = [_hits(_chaos(rule, seed=seed), [_exchange("hv01") for _unused in range(64)]) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_machines_and_rules_are_drawn_apart() -> None:
    rule = {"probability": 0.5, **_REFUSE}
    chaos = _chaos(rule)
    assert _hits(chaos, [_exchange("hv01") for _unused in range(64)]) != _hits(chaos, [_exchange("hv02") for _unused in range(64)])
    renamed = _chaos({**rule, "name": "another"})
    assert _hits(renamed, [_exchange("hv03") for _unused in range(64)]) != _hits(chaos, [_exchange("hv03") for _unused in range(64)])


def test_beginning_again_counts_from_the_beginning() -> None:
    chaos = _chaos({"probability": 0.4, **_REFUSE})
    first = _hits(chaos, [_exchange("hv01") for _unused in range(40)])
    chaos.restart()
    assert len(chaos.journal.injections) == 0
    assert _hits(chaos, [_exchange("hv01") for _unused in range(40)]) == first


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.5, 1.0])
def test_probability_is_how_often_it_happens(probability: float) -> None:
    chaos = _chaos({"probability": probability, **_REFUSE})
    share = sum(_hits(chaos, [_exchange("hv01") for _unused in range(2000)])) / 2000
    assert share == pytest.approx(probability, abs=0.04)
    assert probability not in (0.0, 1.0) or share == probability


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ({"first": 2}, [1, 2]),
        ({"after": 7}, [8, 9, 10]),
        ({"every": 4}, [4, 8]),
        ({"after": 1, "first": 6, "every": 3}, [4, 7]),
        ({"at_most": 3}, [1, 2, 3]),
        ({}, list(range(1, 11))),
    ],
)
def test_counts(count: dict[str, int], expected: list[int]) -> None:
    chaos = _chaos({"count": count, **_REFUSE})
    _hits(chaos, [_exchange("hv01") for _unused in range(10)])
    assert _numbers(chaos, "hv01") == expected


def test_counts_are_each_machines_own_and_of_fitting_exchanges_only() -> None:
    chaos = _chaos({"when": {"action": "Get"}, "count": {"first": 1}, **_REFUSE})
    reads = [_QUERY, get(f"{CIMV2}Win32_OperatingSystem"), get(f"{CIMV2}Win32_OperatingSystem")]
    for machine in ("hv01", "hv02"):
        assert _hits(chaos, [_exchange(machine, message) for message in reads]) == [False, True, False]


def test_a_window_opens_and_closes() -> None:
    clock = _Clock()
    chaos = _chaos({"window": {"since": 10, "until": 20}, **_REFUSE}, clock=clock)
    seen = []
    for clock.now in (0.0, 9.9, 10.0, 19.9, 20.0):
        seen += _hits(chaos, [_exchange("hv01")])
    assert seen == [False, False, True, True, False]


_SERVICE = f"{CIMV2}SoftwareLicensingService"


@pytest.mark.parametrize(
    ("when", "message", "fits"),
    [
        ({"action": "Enumerate"}, _QUERY, True),
        ({"action": "enumerate"}, _QUERY, True),
        ({"action": ["Get", "Pull"]}, _QUERY, False),
        ({"class": "Win32_ComputerSystem"}, _QUERY, True),
        ({"class": "win32_*"}, _QUERY, True),
        ({"class": "Msvm_*"}, _QUERY, False),
        ({"class": "Win32_Service"}, whole_class(f"{CIMV2}Win32_Service"), True),
        ({"class": "Win32_Service"}, get(f"{CIMV2}Win32_Service", Name="WinRM"), True),
        ({"class": "Msvm_X"}, query("ASSOCIATORS OF {Msvm_X.Name='a'} WHERE ResultClass = Msvm_Y"), True),
        ({"action": "Invoke", "method": "InstallProductKey"}, install_key("X", "1"), True),
        ({"method": "Install*", "class": ["Msvm_*", "SoftwareLicensing*"]}, install_key("X", "1"), True),
        ({"method": "Refresh*"}, install_key("X", "1"), False),
        ({"method": "*"}, _QUERY, True),
        ({"machine": "HV0?"}, _QUERY, True),
        ({"machine": ["hv02", "web*"]}, _QUERY, False),
        ({"kind": "host"}, _QUERY, True),
        ({"kind": "guest"}, _QUERY, False),
        ({"connection_age": 30}, _QUERY, False),
        ({"connection_exchanges": 3}, _QUERY, True),
        ({"connection_exchanges": 4}, _QUERY, False),
        ({"action": "Invoke", "class": "SoftwareLicensingService"}, invoke(_SERVICE, "RefreshLicenseStatus"), True),
        ({"action": "Shell"}, whole_class("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"), True),
    ],
)
def test_what_fits(when: dict[str, Any], message: str, fits: bool) -> None:
    chaos = _chaos({"when": when, **_REFUSE})
    assert _hits(chaos, [_exchange("hv01", message, connection_age=29.0, connection_exchanges=3)]) == [fits]


def test_a_pull_is_about_the_class_of_its_enumeration() -> None:
    context = "uuid:11111111-2222-3333-4444-555555555555"
    chaos = _chaos({"when": {"action": "Pull", "class": "Win32_Service"}, **_REFUSE})
    _send(chaos, _exchange("hv01", query("SELECT * FROM Win32_Service")), f"<n:EnumerationContext>{context}</n:EnumerationContext>")
    assert _hits(chaos, [_exchange("hv02", pull(context)), _exchange("hv01", pull(context))]) == [False, True]


def test_only_the_first_of_two_deciding_effects_happens() -> None:
    chaos = _chaos({"effect": {"do": "reset"}}, _REFUSE, {"effect": {"do": "latency", "seconds": 0}})
    answer = _send(chaos, _exchange("hv01"))
    assert answer.injected == ("latency", "reset")
    assert answer.fault_code is None
    assert chaos.journal.effects == {"reset": 1, "latency": 1}


def test_a_rule_that_was_not_its_turn_keeps_its_count() -> None:
    chaos = _chaos({"count": {"first": 1}, "effect": {"do": "drop"}}, {"count": {"at_most": 1}, **_REFUSE})
    assert _hits(chaos, [_exchange("hv01") for _unused in range(3)]) == [False, True, False]


def test_calm_does_nothing_at_all() -> None:
    chaos = Chaos(_SITE)
    answer = Answer(200, "<answer/>")
    assert asyncio.run(chaos.before(_exchange("hv01"))) is None
    assert asyncio.run(chaos.after(_exchange("hv01"), answer)) is answer
    assert chaos.exchanges("hv01") == 0


def test_requests_that_cannot_be_read_are_hit_too() -> None:
    chaos = _chaos(_REFUSE)
    assert _hits(chaos, [_exchange("hv01", "<nonsense")]) == [True]
    assert chaos.journal.injections[0].subject == "Other"
