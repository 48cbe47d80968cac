# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: the demo fleet of the lab, ``activate.yml`` against it, and once more to show that nothing changes.

``--keep`` starts the fleet and leaves it running with its inventory in demo-output/, ``--stop`` ends it.
Exit status: 0 as meant; 1 if the second run changed something or the lab did not start; else that of ansible-playbook.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CHECKOUT = Path(__file__).resolve().parents[2]
OUTPUT = CHECKOUT / "demo-output"
PLAYBOOK = "hyperv.avma.activate"
# Some guests of the fleet are there to be refused. That shall show in the table and not fail the run.
EXTRA_VARIABLES = json.dumps({"avma_fail_on": ["failed"], "avma_report_dir": str(OUTPUT / "report")})

SETTINGS = """\
# Written by the demo. In this folder `ansible-playbook hyperv.avma.validate` needs no further option.
[defaults]
collections_path = ../.dev
inventory = inventory.yml
forks = 20
"""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RECAP = re.compile(r"^(?P<machine>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s")


class DemoFailed(Exception):
    """Something that the demo needs does not work. The text says what, and what to do."""


@dataclass(frozen=True)
class Run:
    """One run of the playbook: its exit status, seconds, and how many changes each machine reported in the recap."""

    status: int
    seconds: float
    changes: dict[str, int]

    @property
    def changed(self) -> int:
        return sum(self.changes.values())


def heading(text: str) -> None:
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def lab(*arguments: str) -> str:
    """What a command of the lab prints. Its state is kept in this checkout, apart from other labs of this user."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests" / "lab"), "HYPERV_LAB_HOME": str(OUTPUT / "lab")}
    done = subprocess.run([sys.executable, "-m", "hyperv_lab", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed((done.stderr or done.stdout).strip())
    return done.stdout


def base_address() -> str:
    """Loopback addresses that are this checkout's own, so that two of them can run their labs at once."""
    number = zlib.crc32(str(CHECKOUT).encode())
    return f"127.{64 + number % 32}.{number // 32 % 250}.0"


def start_lab() -> None:
    OUTPUT.mkdir(exist_ok=True)
    try:
        lab("up", "--scenario", "demo", "--base", base_address())
    except DemoFailed as failure:
        raise DemoFailed(f"{failure}. A fleet left running by `make lab-up` is ended by `make lab-down`.") from None


def write_inventory() -> None:
    (OUTPUT / "inventory.yml").write_text(lab("inventory"), encoding="utf-8")
    (OUTPUT / "ansible.cfg").write_text(SETTINGS, encoding="utf-8")


@contextmanager
def running_lab() -> Iterator[None]:
    """The lab is up inside, and is ended whatever happens, Ctrl-C and SIGTERM included."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    start_lab()
    try:
        write_inventory()
        yield
    finally:
        lab("down")


def play(log: Path, show: bool) -> Run:
    """Runs the playbook as a user does. All of its output goes to ``log``, and to the terminal if ``show``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment["ANSIBLE_CONFIG"] = str(OUTPUT / "ansible.cfg")
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        environment["ANSIBLE_FORCE_COLOR"] = "1"
    command = [sys.executable, "-m", "ansible", "playbook", PLAYBOOK, "-e", EXTRA_VARIABLES]
    started = time.monotonic()
    changes: dict[str, int] = {}
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(command, env=environment, cwd=OUTPUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            plain = _COLOUR.sub("", line)
            file.write(plain)
            if show:
                print(line, end="", flush=True)
            if recap := _RECAP.match(plain):
                changes[recap["machine"]] = int(recap["changed"])
    return Run(process.returncode, time.monotonic() - started, changes)


def demo() -> int:
    heading("A simulated Hyper-V fleet starts on loopback addresses")
    started = time.monotonic()
    with running_lab():
        print(f"   up in {time.monotonic() - started:.1f} s; inventory: demo-output/inventory.yml")

        heading(f"ansible-playbook {PLAYBOOK} -i demo-output/inventory.yml")
        first = play(OUTPUT / "first-run.log", show=True)
        if first.status:
            raise DemoFailed(f"ansible-playbook ended with {first.status}, see above and demo-output/first-run.log")

        heading("The same once more: nothing is left to change")
        second = play(OUTPUT / "second-run.log", show=False)
        if second.status:
            raise DemoFailed(f"the second run ended with {second.status}, see demo-output/second-run.log")

    for number, run in (("first", first), ("second", second)):
        busy = sum(count > 0 for count in run.changes.values())
        print(f"   {number} run: {run.seconds:4.1f} s, {run.changed} changes on {busy} of {len(run.changes)} machines")
    if second.changed:
        changed = ", ".join(machine for machine, count in second.changes.items() if count)
        raise DemoFailed(f"the second run changed {changed}: it should have changed nothing. See demo-output/second-run.log")

    heading("What now")
    print("   the table of all guests, and what was done:   demo-output/first-run.log")
    print("   the report as a web page, CSV and JSON:       demo-output/report/avma-report.html")
    print("   the fleet to play with:                       make lab-up")
    print("   from here to your own hosts:                  docs/start-here.md")
    return 0


def keep() -> int:
    start_lab()
    write_inventory()
    print("The demo fleet is up. Try:\n")
    print("   . .venv/bin/activate && cd demo-output")
    print("   ansible-playbook hyperv.avma.validate")
    print("   ansible guests -m hyperv.avma.guest_info\n")
    print("End it by: make lab-down")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo.py", description="The demo fleet of the lab, and activate.yml against it.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--keep", action="store_true", help="start the fleet and leave it running")
    choice.add_argument("--stop", action="store_true", help="end a fleet that was left running")
    options = parser.parse_args()
    try:
        if options.keep:
            return keep()
        if options.stop:
            lab("down")
            return 0
        return demo()
    except DemoFailed as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped, and the lab with it", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
