# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line: up, down, status, inventory, trace, reset, arrange, chaos."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from .. import __version__
from ..chaos.journal import Injection
from ..chaos.loading import CALM, ProfileError
from ..chaos.loading import available as available_profiles
from ..chaos.loading import load as load_profile
from ..scenarios.building import ScenarioError
from ..scenarios.counted import counted
from ..scenarios.description import Scenario
from ..scenarios.loading import available, load
from .api import application
from .inventory import CONNECTIONS, SCHEMES, TRANSPORTS
from .lab import Lab

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


class LabFailure(Exception):
    """The command could not be carried out; the text says why and what to do."""


def home() -> Path:
    """Where running labs leave their state: ``HYPERV_LAB_HOME``, or a folder of the user's below the temporary one."""
    folder = Path(os.environ.get("HYPERV_LAB_HOME") or Path(tempfile.gettempdir()) / f"hyperv-lab-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (LabFailure, ScenarioError, ProfileError) as failure:
        print(f"hyperv-lab: {failure}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hyperv-lab", description="A simulated Hyper-V fleet that speaks WS-Management.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--name", default="lab", help="which lab, when several run side by side (default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start a lab")
    up.add_argument("--scenario", default="demo", help=f"name or file (there are: {', '.join(available())}; default: %(default)s)")
    up.add_argument("--hosts", type=int, help="instead of a scenario: so many hosts of a counted fleet")
    up.add_argument("--clusters", type=int, default=0, help="clusters that the counted hosts are spread over")
    up.add_argument("--vms-per-host", type=int, default=10)
    up.add_argument("--seed", type=int, default=1, help="what the counted fleet's variety and chaos are drawn from")
    profiles = ", ".join(available_profiles())
    up.add_argument("--chaos", default=CALM.name, metavar="PROFILE", help=f"name or file (there are: {profiles}; default: %(default)s)")
    up.add_argument("--guests-reachable", type=int, metavar="N", help="so many guests of the counted fleet have a network (default: all)")
    up.add_argument("--past-activations", type=int, default=0, metavar="N", help="events that each counted host has logged (default: none)")
    up.add_argument("--base", default="127.43.0.0", help="machines get the loopback addresses after this one (default: %(default)s)")
    up.add_argument("--control-port", type=int, default=0, help="port of the control API on 127.0.0.1 (default: any that is free)")
    up.add_argument("--http-port", type=int, default=5985)
    up.add_argument("--https-port", type=int, help="0: no HTTPS (default: 5986, none for fleets of more than 300 machines)")
    up.add_argument("--kerberos", action="store_true", help="with a KDC for the scenario's domain (Debian: krb5-kdc, krb5-admin-server)")
    up.add_argument("--ready-file", type=Path, help="written when the lab answers, removed when it ends")
    up.add_argument("--foreground", action="store_true", help="stay in the foreground until interrupted")
    up.set_defaults(run=_up)
    commands.add_parser("down", help="stop a lab").set_defaults(run=_down)
    commands.add_parser("status", help="show how a lab is").set_defaults(run=_status)
    listing = commands.add_parser("inventory", help="print an Ansible inventory of the lab")
    listing.add_argument("--connection", choices=CONNECTIONS, default="winrm")
    listing.add_argument("--transport", choices=TRANSPORTS, default="ntlm")
    listing.add_argument("--scheme", choices=SCHEMES, default="http")
    listing.set_defaults(run=_inventory)
    trace = commands.add_parser("trace", help="show the last requests")
    trace.add_argument("--last", type=int, default=20)
    trace.add_argument("--bodies", action="store_true", help="with the messages themselves, secrets masked")
    trace.set_defaults(run=_trace)
    commands.add_parser("reset", help="back to the scenario").set_defaults(run=_reset)
    arrange = commands.add_parser("arrange", help='change the world, such as \'{"do": "throttle", "host": "hv01", "requests": 2}\'')
    arrange.add_argument("change", help="one arrangement or a list, as JSON")
    arrange.set_defaults(run=_arrange)
    chaos = commands.add_parser("chaos", help="show what chaos has done, or begin with a profile")
    chaos.add_argument("profile", nargs="?", help=f"name or file, off to end it (there are: {profiles}; default: show)")
    chaos.add_argument("--seed", type=int, default=1, help="what chaos is drawn from (default: %(default)s)")
    chaos.add_argument("--last", type=int, default=20, help="how many injected faults to show")
    chaos.set_defaults(run=_chaos)
    return parser


# -- up and down


def _up(options: argparse.Namespace) -> int:
    running = _state(options.name)
    if running is not None:
        raise LabFailure(f"the lab {options.name!r} runs already (process {running['pid']}): take it down first, or give --name")
    # Mistakes in them show before anything starts.
    load_profile(options.chaos)
    scenario = load(options.scenario) if options.hosts is None else _counted(options)
    if options.foreground:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
        asyncio.run(_serve(options, scenario))
        return 0
    return _up_in_background(options)


def _counted(options: argparse.Namespace) -> Scenario:
    return counted(options.clusters, options.hosts, options.vms_per_host, options.seed, options.guests_reachable, options.past_activations)


async def _serve(options: argparse.Namespace, scenario: Scenario) -> None:
    folder = home() / options.name
    try:
        lab = Lab(
            scenario,
            options.base,
            folder,
            http_port=options.http_port,
            https_port=options.https_port,
            chaos=load_profile(options.chaos),
            chaos_seed=options.seed,
            kerberos=options.kerberos,
        )
    except ValueError as error:
        raise LabFailure(str(error)) from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await lab.start()
    except OSError as error:
        await lab.stop()
        raise LabFailure(f"cannot listen: {error.strerror or error}; is another lab at {options.base}? Give another --base") from None
    runner = web.AppRunner(application(lab), access_log=None)
    files = [home() / f"{options.name}.json", *([options.ready_file] if options.ready_file else [])]
    try:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", options.control_port)
        try:
            await site.start()
        except OSError as error:
            raise LabFailure(f"cannot open the control port {options.control_port}: {error.strerror or error}") from None
        state = {
            "pid": os.getpid(),
            "control": f"http://127.0.0.1:{runner.addresses[0][1]}",
            "control_port": runner.addresses[0][1],
            "scenario": scenario.name,
            "base": options.base,
            "ca_file": str(lab.tls.ca_file) if lab.tls else None,
            "krb5_config": str(lab.realm.config) if lab.realm else None,
            "machines": lab.addresses(),
        }
        for path in files:
            _write(path, state)
        await stop.wait()
    finally:
        for path in files:
            path.unlink(missing_ok=True)
        await runner.cleanup()
        await lab.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, state: dict[str, Any]) -> None:
    """At once: whoever waits for the file finds it whole."""
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _up_in_background(options: argparse.Namespace) -> int:
    log = home() / f"{options.name}.log"
    command = [
        sys.executable, "-m", "hyperv_lab", "--name", options.name, "up", "--foreground", "--scenario", options.scenario, "--base", options.base,
        "--control-port", str(options.control_port), "--http-port", str(options.http_port),
        "--chaos", options.chaos, "--seed", str(options.seed),
    ]  # fmt: skip
    if options.hosts is not None:
        command += ["--hosts", str(options.hosts), "--clusters", str(options.clusters)]
        command += ["--vms-per-host", str(options.vms_per_host)]
        if options.guests_reachable is not None:
            command += ["--guests-reachable", str(options.guests_reachable)]
        command += ["--past-activations", str(options.past_activations)]
    if options.https_port is not None:
        command += ["--https-port", str(options.https_port)]
    if options.kerberos:
        command.append("--kerberos")
    if options.ready_file:
        command += ["--ready-file", str(options.ready_file)]
    # The child must find this very package, wherever the command was started from.
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=environment)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LabFailure(f"the lab did not start: {log.read_text(encoding='utf-8').strip() or f'exit code {process.returncode}'}")
        state = _state(options.name)
        if state is not None:
            print(f"{state['scenario']}: {len(state['machines'])} machines after {state['base']}, control API {state['control']}")
            if state["krb5_config"]:
                print(f"For clients that use Kerberos: export KRB5_CONFIG={state['krb5_config']}")
            return 0
        time.sleep(0.05)
    process.terminate()
    raise LabFailure(f"the lab was not ready after {_START_SECONDS:.0f} s; see {log}")


def _down(options: argparse.Namespace) -> int:
    state = _state(options.name)
    if state is None:
        print(f"the lab {options.name!r} does not run")
        return 0
    os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _alive(state["pid"]):
        if time.monotonic() > deadline:
            raise LabFailure(f"process {state['pid']} of the lab {options.name!r} does not end; see {home() / options.name}.log")
        time.sleep(0.05)
    return 0


def _state(name: str) -> dict[str, Any] | None:
    """The state file of a lab that runs. One whose process is gone is removed."""
    path = home() / f"{name}.json"
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if _alive(state["pid"]):
        return state
    path.unlink(missing_ok=True)
    return None


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that has ended would look alive until it is waited for
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# -- asking


def _status(options: argparse.Namespace) -> int:
    status = json.loads(_call(options, "/status"))
    for name, value in status.items():
        print(f"{name}: {value}")
    return 0


def _inventory(options: argparse.Namespace) -> int:
    query = urllib.parse.urlencode({name: getattr(options, name) for name in ("connection", "transport", "scheme")})
    print(_call(options, f"/inventory?{query}"), end="")
    return 0


def _trace(options: argparse.Namespace) -> int:
    print(_call(options, f"/trace?last={options.last}&bodies={int(options.bodies)}"), end="")
    return 0


def _reset(options: argparse.Namespace) -> int:
    _call(options, "/reset", b"{}")
    return 0


def _arrange(options: argparse.Namespace) -> int:
    _call(options, "/arrange", options.change.encode())
    return 0


def _chaos(options: argparse.Namespace) -> int:
    if options.profile is not None:
        profile = load_profile(options.profile).model_dump(mode="json", by_alias=True)
        _call(options, "/chaos", json.dumps({"profile": profile, "seed": options.seed}).encode())
        return 0
    view = json.loads(_call(options, "/chaos"))
    print(f"profile {view['profile']}, seed {view['seed']}, for {view['seconds']:.0f} s, {sum(view['exchanges'].values())} exchanges")
    for effect, number in sorted(view["effects"].items()):
        print(f"  {effect}: {number}")
    for entry in json.loads(_call(options, f"/chaos/injections?last={max(0, options.last)}")):
        print(Injection(**entry).describe())
    return 0


def _call(options: argparse.Namespace, path: str, body: bytes | None = None) -> str:
    state = _state(options.name)
    if state is None:
        raise LabFailure(f"the lab {options.name!r} does not run: start it with 'up'")
    request = urllib.request.Request(state["control"] + path, data=body, headers={"Content-Type": "application/json"})
    # No proxy of the environment may come between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        with contextlib.suppress(ValueError, KeyError):
            text = json.loads(text)["error"]
        raise LabFailure(text) from None
    except OSError as error:
        raise LabFailure(f"the lab {options.name!r} does not answer: {error}") from None
