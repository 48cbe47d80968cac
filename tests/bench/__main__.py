# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m bench [NAME ...]``: runs the benchmarks and prints their tables."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from .activation import activation
from .controller import Controller
from .events import events
from .fleet import Fleet, counted_fleet
from .ledger import ledger
from .survey import survey
from .table import Table
from .tasks import tasks
from .throughput import throughput

NAMES = ("throughput", "survey", "tasks", "activation", "events", "ledger")
# What needs no fleet, or one of its own.
_ALONE = {"events", "ledger"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Benchmarks of the collection and of the lab that they run against.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which (default: all of {', '.join(NAMES)})")
    parser.add_argument("--hosts", type=int, default=64)
    parser.add_argument("--vms-per-host", type=int, default=125)
    parser.add_argument("--guests", type=int, default=100, help="guests that answer themselves (default: %(default)s)")
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--events", type=int, default=200_000, help="events that hosts have logged (default: %(default)s)")
    parser.add_argument("--ledger-events", type=int, default=1_000_000, help="events of the ledger of years (default: %(default)s)")
    parser.add_argument("--ledger", type=Path, help="where to keep that ledger; one that is there is taken as it is")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    print(
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start, Python {platform.python_version()}, "
        f"ansible-core {version('ansible-core')}, pywinrm {version('pywinrm')}, {options.forks} forks\n",
        flush=True,
    )
    names = set(options.names or NAMES)
    with tempfile.TemporaryDirectory() as folder:
        if names - _ALONE:
            _on_a_fleet(options, Path(folder))
        if "events" in names:
            of_host = max(1, options.events // options.hosts)
            with counted_fleet(options.hosts, options.vms_per_host, 0, options.seed, of_host) as fleet:
                controller = Controller(fleet.get("/inventory"), options.forks, Path(folder))
                _show(events(fleet, controller, Path(folder), options.hosts, of_host))
                _show([_lab(options, fleet, fleet.memory()[0])])
        if "ledger" in names:
            controller = Controller(b"localhost ansible_connection=local\n", options.forks, Path(folder))
            path = options.ledger or Path(folder) / "ledger.sqlite"
            _show(ledger(controller, path.absolute(), options.ledger_events))


def _show(tables: Iterable[Table]) -> None:
    for table in tables:
        print(table.render(), end="\n\n", flush=True)


def _on_a_fleet(options: argparse.Namespace, folder: Path) -> None:
    with counted_fleet(options.hosts, options.vms_per_host, options.guests, options.seed) as fleet:
        controller = Controller(fleet.get("/inventory"), options.forks, folder)
        ready, _peak = fleet.memory()
        _show(_tables(options, fleet, controller))
        _show([_lab(options, fleet, ready)])


def _lab(options: argparse.Namespace, fleet: Fleet, ready: int) -> Table:
    row = (options.hosts, options.hosts * options.vms_per_host, fleet.seconds_to_ready, ready, fleet.memory()[1])
    return Table("The lab itself", ("hosts", "virtual machines", "ready after s", "MiB when ready", "MiB at most"), [row])


def _tables(options: argparse.Namespace, fleet: Fleet, controller: Controller) -> Iterator[Table]:
    names = options.names or NAMES
    if "throughput" in names:
        yield throughput(fleet, options.hosts)
    if "survey" in names:
        yield survey(fleet, controller, options.hosts, options.hosts * options.vms_per_host, options.rounds)
    if "tasks" in names:
        yield from tasks(controller, options.hosts, options.guests, options.rounds)
    if "activation" in names:  # last, for it changes the fleet
        yield activation(fleet, controller, options.guests)


if __name__ == "__main__":
    main()
