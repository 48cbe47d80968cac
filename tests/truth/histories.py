# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories: what world, what happens in it, and when it is asked in which way. Drawn by hypothesis, which looks for the smallest that is false."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from .asking import Asked, Asking, Controller
from .judging import false_statements, told
from .world import Shape, World

Step = dict[str, Any]
_NUMBER = st.integers(0, 199)
_FEW = st.integers(0, 3)
_NAMES = st.sampled_from(["web", "vm00000", "vm00001", "db", "VM00002"])
_CLAIMS = st.sampled_from([("LicenseStatus", "1"), ("AVMA", "activated"), ("ActivationState", "0"), ("LicenseStatus", None)])
_LIES = st.sampled_from([("OSName", "Ubuntu"), ("FullyQualifiedDomainName", "vm00001.lab.example.com"), ("OSEditionId", "8")])
_CHANNELS = st.sampled_from(["VT:IA", "VT:IA", "Volume:MAK", "Volume:GVLK"])


def _step(do: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries({"do": st.just(do), **values})


STEPS = st.one_of(
    _step("wait", hours=st.sampled_from([1, 30, 100, 169, 240])),
    _step("wait", hours=st.sampled_from([1, 24, 170])),
    _step("move", vm=_NUMBER, host=_FEW),
    _step("power", vm=_NUMBER, state=st.sampled_from(["off", "running", "saved", "paused"])),
    _step("key", guest=_NUMBER, channel=_CHANNELS),
    _step("key", guest=_NUMBER, channel=_CHANNELS),
    _step("ask", guest=_NUMBER),
    _step("ask", guest=_NUMBER),
    _step("host_licence", host=_FEW, status=st.sampled_from(["notification", "licensed", "grace"])),
    _step("loses", guest=_NUMBER),
    _step("throttle", host=_FEW, requests=st.integers(0, 40)),
    _step("bound", vm=_NUMBER, bound=st.booleans()),
    _step("device", guest=_NUMBER, present=st.booleans()),
    _step("cleared", host=_FEW, renumber=st.booleans()),
    _step("full", host=_FEW, events=st.integers(3, 60)),
    _step("noise", host=_FEW, text=st.sampled_from(["", "?", "0x00000000", "0xC004FD02", "unreadable"])),
    _step("network", guest=_NUMBER, connected=st.booleans()),
    _step("exchange", vm=_NUMBER, enabled=st.booleans()),
    _step("service", guest=_NUMBER, state=st.sampled_from(["running", "stopped", "disabled"])),
    _step("fail", host=_FEW, back=st.booleans()),
    st.builds(lambda vm, claim: {"do": "claim", "vm": vm, "name": claim[0], "data": claim[1]}, _NUMBER, _CLAIMS),
    st.builds(lambda vm, lie: {"do": "lie", "vm": vm, "name": lie[0], "data": lie[1]}, _NUMBER, _LIES),
    _step("clone", guest=_NUMBER, of=_NUMBER),
    _step("rename", vm=_NUMBER, name=_NAMES),
    _step("checkpoint", guest=_NUMBER),
    _step("restore", guest=_NUMBER),
    _step("set_rule", section=st.just("licensing"), name=st.just("renew"), value=st.booleans()),
    _step("set_rule", section=st.just("licensing"), name=st.just("binding"), value=st.sampled_from(["full", "host_only", "none"])),
    _step("set_rule", section=st.just("licensing"), name=st.just("after_install"), value=st.sampled_from(["notification", "grace", "unlicensed"])),
)  # fmt: skip

ASKINGS = st.builds(
    Asking,
    guests=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
    away=st.one_of(st.just(()), st.just(()), st.tuples(_FEW)),
    rough=st.sampled_from([0.0, 0.0, 0.05]),
    limit=st.sampled_from([0, 0, 0, 5]),
    known_ids=st.booleans(),
)
CLOCKS = st.sampled_from([timedelta(), timedelta(), timedelta(days=10), timedelta(minutes=-5), timedelta(days=365), timedelta(hours=-3)])


@dataclass(frozen=True)
class History:
    """``moments``: what happens before each asking, and how it is asked then."""

    shape: Shape
    moments: tuple[tuple[tuple[Step, ...], Asking], ...]

    def __repr__(self) -> str:
        lines = [f"History({self.shape}"]
        for steps, asking in self.moments:
            lines += [f"    {step}" for step in steps]
            lines.append(f"  asked by {asking}")
        return "\n".join(lines) + ")"


def histories(machines: int, moments: int, steps: int) -> st.SearchStrategy[History]:
    shapes = st.builds(
        Shape,
        hosts=st.integers(1, 4),
        machines=st.just(machines),
        clusters=st.integers(0, 1),
        seed=st.integers(0, 10_000),
        # By code alone no event can be given to a machine, so it is drawn least.
        events=st.sampled_from(["comma_string", "separate", "comma_string", "separate", "message_only", "by_name", "code_only"]),
        past=st.sampled_from([0, 0, 40, 200]),
    )
    asked = st.tuples(st.lists(STEPS, min_size=1, max_size=steps).map(tuple), ASKINGS)

    def whole(shape: Shape, found: list[tuple[tuple[Step, ...], Asking]], ledger: bool, clock: timedelta) -> History:
        # One controller, one clock and one ledger for the whole history.
        return History(shape, tuple((done, _replaced(asking, ledger, clock)) for done, asking in found))

    return st.builds(whole, shapes, st.lists(asked, min_size=moments, max_size=moments), st.booleans(), CLOCKS)


def _replaced(asking: Asking, ledger: bool, clock: timedelta) -> Asking:
    return Asking(asking.guests, asking.away, asking.rough, ledger, asking.limit, clock, asking.known_ids)


@dataclass
class Tally:
    """What was asked and told, over all histories."""

    histories: int = 0
    machine_moments: int = 0
    told: Counter[str] = field(default_factory=Counter)  # by way of asking
    asked: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)  # by way of asking and reason

    def count(self, world: World, asked: Asked) -> None:
        way = {0.0: "hosts only", 1.0: "in full"}.get(asked.asking.guests, "in part")
        way += " with a ledger" if asked.asking.ledger else ""
        for known, reason in told(world, asked):
            self.asked[way] += 1
            self.told[way] += known
            if not known:
                self.unknown[way, reason] += 1
        reachable = [vm for vm in asked.document["vms"] if vm["id"] in asked.reachable] if asked.asking.guests == 1.0 else []
        for vm in reachable if not asked.asking.rough else ():
            self.asked["reachable guests, in full"] += 1
            self.told["reachable guests, in full"] += vm["standing"] != "unknown"
            if vm["standing"] == "unknown":
                self.unknown["reachable guests, in full", vm["reason"][:60]] += 1
        self.machine_moments += len(asked.document["vms"])

    def lines(self) -> list[str]:
        found = [f"{self.histories} histories, {self.machine_moments} machine-moments", ""]
        found += ["| Asked | Windows machines | told | unknown, by reason |", "|---|---|---|---|"]
        for way, count in sorted(self.asked.items()):
            reasons = ", ".join(f"{reason} {100 * times / count:.1f} %" for (of, reason), times in self.unknown.most_common() if of == way)
            found.append(f"| {way} | {count} | {100 * self.told[way] / count:.1f} % | {reasons} |")
        return found


def live(history: History, judge: Callable[[World, Asked], None]) -> None:
    """Lets a history happen, and has each asking judged."""
    world = World(history.shape)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        controller = Controller(world, Path(folder))
        for number, (steps, asking) in enumerate(history.moments):
            for step in steps:
                world.do(step)
            judge(world, controller.ask(asking, history.shape.seed + number))


def check(history: History, tally: Tally | None = None) -> None:
    """Fails with every statement that is false."""

    def judge(world: World, asked: Asked) -> None:
        if tally is not None:
            tally.count(world, asked)
        found = list(false_statements(world, asked))
        assert not found, "\n".join(["false statements:", *found[:20]])

    live(history, judge)
    if tally is not None:
        tally.histories += 1
