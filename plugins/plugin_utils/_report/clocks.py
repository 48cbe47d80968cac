# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Events of hosts by one clock, the controller's, and since when their logs are whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from .._avma.computer_names import forms
from .._avma.times import iso
from .._avma.told import part
from .joining import host_forms
from .material import HostMaterial, Result
from .sightings import time_of


def by_the_controllers_clock(events: Iterable[Result], hosts: Iterable[HostMaterial]) -> Iterator[Result]:
    """Events with the times at which the controller's clock stood when they were written, as far as their host has reported its own."""
    behind: dict[str, timedelta] = {}
    for host in hosts:
        ahead = _ahead(host)
        if ahead:
            behind.update(dict.fromkeys(host_forms(host), ahead))
    if not behind:
        yield from events
        return
    for event in events:
        ahead = next((behind[form] for form in forms(str(event.get("computer") or "")) if form in behind), timedelta())
        time = time_of(event.get("time"))
        yield {**event, "time": iso(time - ahead)} if ahead and time is not None else event


def covered_since(hosts: Iterable[HostMaterial], earliest: datetime) -> datetime | None:
    """Since when, by the controller's clock, the logs of all hosts are whole up to now; None: of some that is not known."""
    found = [earliest]
    for host in hosts:
        whole = time_of(part(host.events, "bookmark").get("whole_since"))
        if whole is None or host.events.get("complete") is not True:
            return None
        found.append(whole - _ahead(host))
    return max(found) if len(found) > 1 else None


def _ahead(host: HostMaterial) -> timedelta:
    seconds = part(host.events, "log").get("ahead")
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or abs(seconds) > 3600 * 24 * 36600:
        return timedelta()
    return timedelta(seconds=seconds)
