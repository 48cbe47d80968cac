# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A service provider's month: distinct activated guests by tenant, host and day.

Guests renew every few days, so a guest counts on the day on which it was seen activated and on those after it, until the activation would
have lapsed or the guest itself said that it is not activated. It counts once a day, for the host that activated it last: rows of hosts add
up to those of tenants, and those to all.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .._avma.lease import LeaseRule
from .model import Level, MonthRow
from .sightings import Sighting

Place = tuple["str | None", "str | None"]  # tenant, host


@dataclass(frozen=True)
class _Month:
    first: date
    days: int

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)


def months_until(now: datetime, count: int) -> list[_Month]:
    """The month of ``now`` and those before it, the oldest first."""
    found = []
    number = now.year * 12 + now.month - 1
    for one in range(max(number - count + 1, 12), number + 1):
        year, month = divmod(one, 12)
        found.append(_Month(date(year, month + 1, 1), monthrange(year, month + 1)[1]))
    return found


def month_rows(
    sightings: Iterable[Sighting],
    now: datetime,
    count: int,
    rule: LeaseRule,
    *,
    tenant_of: Callable[[str, str | None], str | None],
    host_of: Callable[[str | None], str | None],
) -> tuple[MonthRow, ...]:
    """``tenant_of``: of a machine by its key and the name it was seen with; ``host_of``: how to call the host that a source names."""
    months = months_until(now, count)
    if not months:
        return ()
    by_machine: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.time <= now:
            by_machine[sighting.machine].append(sighting)
    active: dict[tuple[Place, date], int] = defaultdict(int)
    seen: dict[tuple[Place, date], int] = defaultdict(int)
    first, last = months[0].first, now.date()
    for machine, of_machine in by_machine.items():
        of_machine.sort(key=lambda one: one.time)
        tenant = tenant_of(machine, next((one.name for one in reversed(of_machine) if one.name), None))
        for day, (host, was_seen) in _days(of_machine, first, last, rule).items():
            place = (tenant, host_of(host))
            active[place, day] += 1
            seen[place, day] += was_seen
    rows: list[MonthRow] = []
    for month in months:
        rows.extend(_rows(month, last, active, seen))
    return tuple(rows)


def _days(of_machine: list[Sighting], first: date, last: date, rule: LeaseRule) -> dict[date, tuple[str | None, bool]]:
    """Each day on which the machine was activated, with the host and whether it was seen on that day. Sightings by time."""
    found: dict[date, tuple[str | None, bool]] = {}
    host: str | None = None
    for number, sighting in enumerate(of_machine):
        if not sighting.activated:
            continue
        host = sighting.host or host
        day = sighting.time.date()
        if first <= day <= last:
            found[day] = (host, True)
        following = of_machine[number + 1] if number + 1 < len(of_machine) else None
        # Up to the day before the next sighting, which speaks for itself; on a whole number of days the last one is not begun.
        end = min(last, (sighting.time + rule.validity - timedelta(microseconds=1)).date())
        if following is not None:
            end = min(end, following.time.date() - timedelta(days=1))
        day = max(day + timedelta(days=1), first)
        while day <= end:
            found[day] = (host, False)
            day += timedelta(days=1)
    return found


def _rows(
    month: _Month, last: date, active: Mapping[tuple[Place, date], int], seen: Mapping[tuple[Place, date], int]
) -> Iterable[MonthRow]:
    places = sorted(
        {place for place, day in active if month.first <= day <= month.last},
        key=lambda place: tuple((name is None, name or "") for name in place),
    )
    days = [month.first + timedelta(days=number) for number in range(month.days)]

    def row(level: Level, tenant: str | None, host: str | None, members: list[Place]) -> MonthRow:
        def counts(of: Mapping[tuple[Place, date], int]) -> tuple[int | None, ...]:
            return tuple(None if day > last else sum(of.get((place, day), 0) for place in members) for day in days)

        return MonthRow(month.name, level, tenant, host, counts(active), counts(seen))

    yield row(Level.ALL, None, None, places)
    by_tenant: dict[str | None, list[Place]] = {}
    for place in places:
        by_tenant.setdefault(place[0], []).append(place)
    for tenant, members in by_tenant.items():
        yield row(Level.TENANT, tenant, None, members)
        for place in members:
            yield row(Level.HOST, tenant, place[1], [place])
