# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds every statement about a machine against the world at the moment that the statement names."""

from __future__ import annotations

import csv
import io
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.openmetrics import to_openmetrics
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.spreadsheet import vms_csv
from hyperv_lab.world import keys
from hyperv_lab.world.guest import Guest

from .asking import Asked
from .world import Moment, World

LEASE = timedelta(days=7)
_MINUTES = timedelta(minutes=2)
_CHANNELS = {
    keys.AVMA: "avma",
    keys.KMS_CLIENT: "kms_client",
    keys.KMS_HOST: "kms_host",
    keys.MAK: "mak",
    keys.RETAIL: "retail",
    keys.EVALUATION: "evaluation",
}


def false_statements(world: World, asked: Asked) -> Iterator[str]:
    for vm in asked.document["vms"]:
        if vm["id"] is None:
            continue
        for said in _of_machine(world, asked, vm):
            yield f"{vm['name']} ({vm['id']}): {said} [{vm['standing']}, {vm['source']}, as of {vm.get('as_of')}: {vm['reason']}]"
    yield from _numbers(asked)
    yield from _months(world, asked)
    yield from _elsewhere(world, asked)


def _time(asked: Asked, text: str | None) -> datetime | None:
    """By the world's clock."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC) - asked.asking.controller


def _of_machine(world: World, asked: Asked, vm: dict[str, Any]) -> Iterator[str]:
    identifier = vm["id"]
    as_of = _time(asked, vm.get("as_of", asked.document["observed"]))
    then = world.at(identifier, as_of) if as_of is not None else None
    if vm["standing"] != "unknown" and as_of is None:
        yield "a standing without its moment"
    if then is not None:
        yield from _standing(world, vm, then)
    yield from _lease(world, asked, vm, then)
    successes = world.successes[identifier]
    for name in ("first_success", "last_success"):
        time = _time(asked, vm[name])
        if time is not None and not _happened(time, asked, successes):
            yield f"{name} {time}: there was none"
    now = world.at(identifier, asked.now)
    if now is None:
        return
    if vm["state"] is not None and vm["state"] != now.state:
        yield f"state {vm['state']}: it is {now.state}"
    if vm["state"] is not None and vm["host"] != now.host:
        yield f"host {vm['host']}: it is {now.host}"
    if vm["channel"] in _CHANNELS.values() and vm["channel"] != _CHANNELS.get(now.channel or "", vm["channel"]):
        yield f"channel {vm['channel']}: it is {now.channel}"


def _standing(world: World, vm: dict[str, Any], then: Moment) -> Iterator[str]:
    standing = vm["standing"]
    true = {
        "activated": then.activated,
        "lapsed": then.channel == keys.AVMA and not then.licensed and bool(world.successes[vm["id"]]),
        "licensed_otherwise": then.licensed and not then.activated,
        "not_activated": not then.licensed,
        "contradicted": not then.licensed,
        "not_applicable": world.kind(vm["id"]) is not Guest or vm["id"] in world.lied,
        "unknown": True,
    }[standing]
    if not true:
        yield f"{standing}: it was {then}"


def _lease(world: World, asked: Asked, vm: dict[str, Any], then: Moment | None) -> Iterator[str]:
    lease = vm["lease"]
    last, lapses = _time(asked, lease["last"]), _time(asked, lease["lapses"])
    if last is not None and not _happened(last, asked, world.successes[vm["id"]]):
        yield f"lease since {last}: there was no success"
    if lease["state"] == "lapsed" and (then is None or then.activated):
        yield f"lease lapsed: it was {then}"
    before = vm.get("as_of") is not None and then is None  # the world had not begun
    if lease["state"] in ("current", "will_lapse") and lapses is not None and not before:
        if then is None or not then.activated:
            yield f"lease {lease['state']}: it was {then}"
        elif lease["basis"] == "guest" and (then.expires is None or abs(then.expires - lapses) > _MINUTES):
            yield f"lease until {lapses}: it was until {then.expires}"


def _happened(time: datetime, asked: Asked, successes: set[datetime]) -> bool:
    """By the controller's clock, or by the guest's own: what a guest tells of its last activation is shown as it tells it."""
    return any(abs(one - shown) <= timedelta(seconds=1) for one in successes for shown in (time, time + asked.asking.controller))


def _numbers(asked: Asked) -> Iterator[str]:
    """Totals, CSV and metrics say the same of each machine."""
    document = asked.document
    counted = Counter(vm["standing"] for vm in document["vms"])
    totals = document["totals"]
    for standing, count in counted.items():
        if totals[standing] != count:
            yield f"totals: {totals[standing]} {standing}, and there are {count}"
    if "activated_proven" in totals:
        proven = sum(vm["standing"] == "activated" and vm["source"] == "guest" for vm in document["vms"])
        if (totals["activated_proven"], totals["activated_logged"]) != (proven, counted["activated"] - proven):
            yield f"totals: {totals['activated_proven']} proven, and there are {proven}"
    rows = list(csv.DictReader(io.StringIO(vms_csv(document))))
    for row, vm in zip(rows, document["vms"], strict=True):
        if row["standing"] != vm["standing"] or row.get("as_of", "") != (vm.get("as_of") or ""):
            yield f"CSV: {row['name']} is {row['standing']} as of {row.get('as_of')}, and not {vm['standing']}"
    metrics: Counter[str] = Counter()
    for labels, value in re.findall(r"^hyperv_avma_vms\{(.*)\} (\d+)$", to_openmetrics(document, 0), re.MULTILINE):
        metrics[re.findall(r'standing="(\w+)"', labels)[0]] += int(value)
    if metrics != counted:
        yield f"metrics: {dict(metrics)}, and there are {dict(counted)}"


def _months(world: World, asked: Asked) -> Iterator[str]:
    """No more machines are counted on a day than were activated on it, or could still be by a lease that began before."""
    for row in asked.document["months"]:
        if row["level"] != "all":
            continue
        year, month = map(int, row["month"].split("-"))
        for day in range(1, monthrange(year, month)[1] + 1):
            begin = datetime(year, month, day, tzinfo=UTC) - asked.asking.controller
            end = begin + timedelta(days=1)
            if begin < world_begin(world) or row["days"][day - 1] is None:
                continue
            on_day = sum(_activated(world, one, begin, end) for one in world.ids())
            held = sum(_activated(world, one, begin - LEASE, end) for one in world.ids())
            if (row["seen"][day - 1] or 0) > on_day:
                yield f"months: {row['seen'][day - 1]} seen on {row['month']}-{day:02d}, and {on_day} were activated"
            if row["days"][day - 1] > held:
                yield f"months: {row['days'][day - 1]} on {row['month']}-{day:02d}, and {held} had a lease"


def world_begin(world: World) -> datetime:
    return min(times[0] for times, _moments in world._moments.values()) + LEASE


def _activated(world: World, identifier: str, begin: datetime, end: datetime) -> bool:
    return any(moment.activated for moment in world.during(identifier, begin, end))


def _elsewhere(world: World, asked: Asked) -> Iterator[str]:
    """The inventory's variables, and the table of a run."""
    for identifier, vm in asked.inventory.items():
        now = world.at(identifier, asked.now)
        if now is None or (vm["state"], vm["name"]) != (now.state, now.name):
            yield f"inventory: {vm['name']} is {vm['state']}, and in the world {now}"
    for row in asked.summary.rows:
        if row.managed and row.host is not None:
            guest = world.fleet.guest(row.guest)
            host, _vm = world.fleet.placement(guest)
            if row.host.lower() != host.name.lower() and asked.asking.away == ():
                yield f"table: {row.guest} is on {host.name}, and not on {row.host}"


def told(world: World, asked: Asked) -> Iterator[tuple[bool, str]]:
    """Of each Windows machine, whether its state is told, and if not, why."""
    for vm in asked.document["vms"]:
        if vm["id"] is None or world.kind(vm["id"]) is not Guest:
            continue
        if vm["standing"] != "unknown":
            yield True, vm["standing"]
            continue
        reason = vm["reason"]
        known = (
            ("no renewal since", "no renewal since the last lease"),
            ("whether an earlier activation still holds", "refused, and a log is not whole"),
            ("only Data Exchange", "only Data Exchange says so"),
            ("no source reports", "no source reports it"),
        )
        yield False, next((shown for words, shown in known if words in reason), reason)
