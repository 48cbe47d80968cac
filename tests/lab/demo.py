# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: the demo fleet of the lab, ``activate.yml`` against it, and once more to show that nothing changes.

It runs from a checkout and from an installed collection, and writes nothing into the latter. ``--keep`` starts the fleet and leaves it
running, ``--stop`` ends it.
Exit status: 0 as meant; 1 if the second run changed something, a library is missing or the lab did not start; else that of ansible-playbook.
"""

from __future__ import annotations

import argparse
import json
import locale
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

COLLECTION = Path(__file__).resolve().parents[2]
PLAYBOOK = "hyperv.avma.activate"
# Of requirements.txt and requirements-lab.txt: without these the playbook does not run.
LIBRARIES = ("ansible-core", "pywinrm", "defusedxml")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RECAP = re.compile(r"^(?P<machine>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s")

SETTINGS = """\
# Written by the demo. In this folder `ansible-playbook hyperv.avma.validate` needs no further option.
[defaults]
collections_path = collections
inventory = inventory.yml
forks = 20
"""

VARIABLES = """\
# Written by the demo: variables of its playbook.
# Some guests of the fleet are there to be refused. The table shows them, and the run does not fail for them.
avma_fail_on: [failed]
avma_report_dir: {report}
"""


class DemoFailed(Exception):
    """Something that the demo needs does not work. The text says what, and what to do."""


@dataclass(frozen=True)
class Command:
    """What is printed and what is run: both come from the same words."""

    words: tuple[str, ...]
    variables: dict[str, str]
    unset: tuple[str, ...] = ()

    def __str__(self) -> str:
        without = [word for name in self.unset for word in ("-u", name)]
        given = [f"{name}={shlex.quote(value)}" for name, value in self.variables.items()]
        return " ".join([*(["env", *without] if without else []), *given, shlex.join(self.words)])

    def environment(self) -> dict[str, str]:
        return {**{name: value for name, value in os.environ.items() if name not in self.unset}, **self.variables}


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


def shown(path: Path) -> str:
    """A path as short as it can be typed here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


# -- where it writes


def installed() -> bool:
    """Whether this is an installed collection, as opposed to a checkout."""
    return (COLLECTION / "MANIFEST.json").exists()


def output_folder() -> Path:
    """demo-output in the checkout; for an installed collection in the current folder, or else in the temporary one."""
    here = Path.cwd()
    if not installed() and here.is_relative_to(COLLECTION):
        here = COLLECTION
    if os.access(here, os.W_OK | os.X_OK) and not (installed() and here.is_relative_to(COLLECTION)):
        return here / "demo-output"
    return Path(tempfile.gettempdir()).resolve() / f"hyperv-avma-demo-{os.getuid()}"


def make_folder(output: Path) -> None:
    try:
        output.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DemoFailed(
            f"the folder {output} cannot be made: {error.strerror}. Start the demo in a folder that you may write to"
        ) from None
    found = output.lstat()
    # The temporary folder is everybody's: what lies there under this name may have been put there by somebody else.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise DemoFailed(f"{output} is not a folder of yours. Remove it, or start the demo in another folder")


# -- the lab


def lab(output: Path, *arguments: str) -> str:
    """What a command of the lab prints. Its state is kept with the demo's, apart from other labs of this user."""
    environment = {**os.environ, "PYTHONPATH": str(COLLECTION / "tests" / "lab"), "HYPERV_LAB_HOME": str(output / "lab")}
    if installed():
        environment["PYTHONPYCACHEPREFIX"] = str(output / "compiled")
    script = Path(sys.executable).with_name("hyperv-lab")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "hyperv_lab"]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed((done.stderr or done.stdout).strip().removeprefix("hyperv-lab: "))
    return done.stdout


def base_address(output: Path) -> str:
    """Loopback addresses that are this folder's own, so that two demos can run their labs at once."""
    number = zlib.crc32(str(output).encode())
    return f"127.{64 + number % 32}.{number // 32 % 250}.0"


def start_lab(output: Path) -> None:
    make_folder(output)
    try:
        lab(output, "up", "--scenario", "demo", "--base", base_address(output))
    except DemoFailed as failure:
        remedy = f". A fleet left running is ended by: {itself('stop')}" if "runs already" in str(failure) else ""
        raise DemoFailed(f"{failure}{remedy}") from None
    try:
        prepare(output)
    except BaseException:
        lab(output, "down")
        raise


def prepare(output: Path) -> None:
    """What Ansible needs in the folder. It finds a collection at ansible_collections/<namespace>/<name> only."""
    place = output / "collections" / "ansible_collections" / "hyperv"
    place.mkdir(parents=True, exist_ok=True)
    link = place / "avma"
    if not link.is_symlink() or link.readlink() != COLLECTION:
        link.unlink(missing_ok=True)
        link.symlink_to(COLLECTION)
    (output / "inventory.yml").write_text(lab(output, "inventory"), encoding="utf-8")
    (output / "ansible.cfg").write_text(SETTINGS, encoding="utf-8")
    (output / "variables.yml").write_text(VARIABLES.format(report=json.dumps(str(output / "report"))), encoding="utf-8")


@contextmanager
def running_lab(output: Path) -> Iterator[None]:
    """The lab is up inside, and is ended whatever happens, Ctrl-C and SIGTERM included."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    start_lab(output)
    try:
        yield
    finally:
        lab(output, "down")


# -- the playbook


def itself(option: str) -> str:
    """How this program was started, with another option."""
    if os.environ.get("HYPERV_AVMA_MAKE"):
        return {"keep": "make lab-up", "stop": "make lab-down"}[option]
    return shlex.join([shown(Path(sys.executable)), shown(Path(__file__).resolve()), f"--{option}"])


def executable(name: str) -> str:
    """Ansible's command of this very Python, as short as it can be typed here."""
    script = Path(sys.executable).with_name(name)
    return name if shutil.which(name) == str(script) else shown(script)


def playbook_command(output: Path) -> Command:
    words: tuple[str, ...] = (executable("ansible-playbook"),)
    if not Path(sys.executable).with_name("ansible-playbook").exists():
        words = (shown(Path(sys.executable)), "-m", "ansible", "playbook")
    variables = {"ANSIBLE_CONFIG": shown(output / "ansible.cfg")}
    try:
        locale.setlocale(locale.LC_ALL, "")
        encoding = locale.getlocale()[1]
    except (locale.Error, ValueError):
        encoding = None
    if (encoding or "").lower() not in ("utf-8", "utf8"):
        # Ansible refuses to start otherwise.
        variables["LC_ALL"] = "C.UTF-8"
    # Settings of the user's own have their way over those of the file.
    unset = tuple(sorted(name for name in os.environ if name.startswith("ANSIBLE_") and name not in variables))
    return Command((*words, PLAYBOOK, "-e", f"@{shown(output / 'variables.yml')}"), variables, unset)


def play(command: Command, log: Path, show: bool) -> Run:
    """Runs the command as a user does. All of its output goes to ``log``, and to the terminal if ``show``."""
    started = time.monotonic()
    changes: dict[str, int] = {}
    with log.open("w", encoding="utf-8") as file, output_of(command, terminal=show and sys.stdout.isatty()) as (process, lines):
        for line in lines:
            plain = _COLOUR.sub("", line)
            file.write(plain)
            if show:
                print(line, end="", flush=True)
            if recap := _RECAP.match(plain):
                changes[recap["machine"]] = int(recap["changed"])
    return Run(process.returncode, time.monotonic() - started, changes)


@contextmanager
def output_of(command: Command, terminal: bool) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """The command's lines. For a terminal it gets one as wide as ours, so that it prints what it would print there."""
    reading, writing = os.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(writing, termios.tcgetwinsize(sys.stdout.fileno()))
    process = subprocess.Popen(command.words, env=command.environment(), stdout=writing, stderr=writing)
    os.close(writing)

    def lines() -> Iterator[str]:
        with open(reading, encoding="utf-8", errors="replace", newline=None, closefd=False) as source:
            try:
                yield from source
            except OSError:
                return  # a terminal says so that nobody has its other end any more

    try:
        yield process, lines()
        process.wait()
    finally:
        os.close(reading)
        if process.poll() is None:
            process.terminate()
            process.wait()


# -- what it is started for


def demo(output: Path) -> int:
    heading("A simulated Hyper-V fleet starts on loopback addresses")
    started = time.monotonic()
    with running_lab(output):
        print(f"   up in {time.monotonic() - started:.1f} s; inventory: {shown(output / 'inventory.yml')}")
        command = playbook_command(output)

        heading(str(command))
        first = play(command, output / "first-run.log", show=True)
        if first.status:
            raise DemoFailed(f"ansible-playbook ended with {first.status}, see above and {shown(output / 'first-run.log')}")

        heading("The same once more: nothing is left to change")
        second = play(command, output / "second-run.log", show=False)
        if second.status:
            raise DemoFailed(f"the second run ended with {second.status}, see {shown(output / 'second-run.log')}")

    for number, run in (("first", first), ("second", second)):
        busy = sum(count > 0 for count in run.changes.values())
        print(f"   {number} run: {run.seconds:4.1f} s, {run.changed} changes on {busy} of {len(run.changes)} machines")
    if second.changed:
        changed = ", ".join(machine for machine, count in second.changes.items() if count)
        raise DemoFailed(f"the second run changed {changed}: it should have changed nothing. See {shown(output / 'second-run.log')}")

    heading("What now")
    print(f"   the table of all guests, and what was done:   {shown(output / 'first-run.log')}")
    print(f"   the report as a web page, CSV and JSON:       {shown(output / 'report' / 'avma-report.html')}")
    print(f"   the fleet to play with:                       {itself('keep')}")
    print(f"   from here to your own hosts:                  {shown(COLLECTION / 'docs' / 'start-here.md')}")
    return 0


def keep(output: Path) -> int:
    start_lab(output)
    command = playbook_command(output)
    print("The demo fleet is up. What the demo runs:\n")
    print(f"   {command}\n")
    print("More to try:\n")
    if executable("ansible-playbook") != "ansible-playbook":
        print(f"   export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    print(f"   export ANSIBLE_CONFIG={shlex.quote(str(output / 'ansible.cfg'))}")
    print("   ansible-playbook hyperv.avma.validate")
    print("   ansible guests -m hyperv.avma.guest_info\n")
    print(f"End it by: {itself('stop')}")
    return 0


def check_libraries() -> None:
    # The lab's folder is the first in which Python looks, since this file lies there.
    sys.dont_write_bytecode = installed()
    from hyperv_lab import libraries

    lines = [line for name in ("", "-lab") for line in (COLLECTION / f"requirements{name}.txt").read_text(encoding="utf-8").splitlines()]
    known = {library.name: library for library in libraries.libraries(lines)}
    try:
        libraries.check([known[name] for name in LIBRARIES] + libraries.needed())
    except libraries.LibraryUnusable as problem:
        raise DemoFailed(str(problem)) from None


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo.py", description="The demo fleet of the lab, and activate.yml against it.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--keep", action="store_true", help="start the fleet and leave it running")
    choice.add_argument("--stop", action="store_true", help="end a fleet that was left running")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where everything is written (default: demo-output)")
    options = parser.parse_args()
    output = options.output.absolute() if options.output else output_folder()
    try:
        check_libraries()
        if options.keep:
            return keep(output)
        if options.stop:
            if output.exists():
                lab(output, "down")
            return 0
        return demo(output)
    except DemoFailed as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped, and the lab with it", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
