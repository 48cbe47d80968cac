# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory updates and jobs as AWX runs them: the project of ``extensions/awx``, the objects of ``playbooks/vars/controller``, ansible-runner.

What AWX itself does is written from its public source, release 24.6.1: credential.py (inject_credential), mixins.py (survey defaults),
safe_yaml.py (answers are no templates), inventory.py (get_script_data, with slices) and tasks/jobs.py (arguments, files, environment).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import ansible_runner
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .labs import Lab
from .playing import COLLECTIONS, ROOT, TIMEOUT

PROJECT = ROOT / "extensions" / "awx" / "project"
OBJECTS = ROOT / "playbooks" / "vars" / "controller"
Described = dict[str, Any]


# Of job templates that have others than hosts and guests.
_CREDENTIALS = {
    "validate": ("AVMA Hyper-V hosts",),
    "unattend": (),
    "key": ("AVMA Hyper-V hosts", "AVMA guests", "AVMA product key"),
}
# Names resolve as the DNS of a site resolves them: a slice does not know the addresses of machines that are in another one.
_DNS = """\
import json, os, socket
known, asked = json.loads(os.environ["LAB_NAMES"]), socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: asked(known.get(host, host), *rest, **more)
"""


class _Vars(yaml.SafeLoader):
    """Ansible's ``!unsafe`` is text."""


_Vars.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


class _Answers(yaml.SafeDumper):
    """Each text is marked ``!unsafe``, as AWX marks what comes from a survey or from an earlier job."""


_Answers.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


@cache
def described(name: str) -> Described:
    """A file of the objects as it is written, no template rendered."""
    found: Described = yaml.load((OBJECTS / f"{name}.yml").read_text(encoding="utf-8"), _Vars)
    return found


def template(name: str) -> Described:
    """A job template: ``validate``, ``activate``, ``slices``, ``key``, ``report``, ``retire`` or ``unattend``."""
    found: Described = described("job_templates")[f"avma_{name}_template"]
    return found


def injected(kind: str, inputs: dict[str, str]) -> dict[str, str]:
    """The environment that a credential of this type gives to a job."""
    (found,) = (one for one in described("access")["controller_credential_types"] if one["name"] == kind)
    environment = ImmutableSandboxedEnvironment()
    return {name: environment.from_string(text).render(inputs) for name, text in found["injectors"]["env"].items()}


def survey_defaults(name: str) -> Described:
    """What a job gets that nobody answers questions for. AWX takes the default of a ``multiselect``, a text, for no list and drops it."""
    questions = template(name)["survey_spec"]["spec"]
    return {one["variable"]: one["default"] for one in questions if "default" in one and one["type"] != "multiselect"}


@dataclass(frozen=True)
class Job:
    """A finished job. ``artifacts`` is what set_stats handed on."""

    status: str
    stats: dict[str, dict[str, int]]
    events: tuple[Described, ...]
    artifacts: Described
    folder: Path  # what ansible-runner left behind

    def results(self, module: str) -> dict[str, Described]:
        """The last result of a module by machine."""
        return {
            event["event_data"]["host"]: event["event_data"]["res"]
            for event in self.events
            if event["event"].startswith("runner_on_") and event["event_data"].get("task_action") == f"hyperv.avma.{module}"
            if "res" in event["event_data"]
        }

    def outcomes(self) -> dict[str, str]:
        return {host.partition(".")[0]: result.get("outcome", "unreachable") for host, result in self.results("guest_key").items()}

    @property
    def output(self) -> str:
        return "\n".join(event.get("stdout", "") for event in self.events)

    def everything(self) -> str:
        """All text of what it left: events, output, custom statistics, facts.

        But for ``command``, in which ansible-runner itself writes the environment of each job, readable by its owner; AWX takes none of it over.
        """
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.name != "command"]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


class Site:
    """An AWX with the project for this lab, an inventory and credentials. ``credentials`` are inputs by type."""

    def __init__(self, folder: Path, lab: Lab, credentials: dict[str, dict[str, str]]) -> None:
        self.project = folder / "project"
        self.data = folder / "data"
        self.credentials = credentials
        self.database: Described = {}
        self._folder = folder
        self._number = 0
        self.data.mkdir()
        shutil.copytree(PROJECT, self.project)
        (folder / "dns").mkdir()
        (folder / "dns" / "sitecustomize.py").write_text(_DNS, encoding="utf-8")
        self._for_lab(lab.player().inventory["all"])

    def _for_lab(self, everything: Described) -> None:
        """The shipped files with the hosts and the kind of connection of the lab. Accounts and all else stay as they are written."""
        hosts, guests = (everything["children"][name]["hosts"] for name in ("hyperv_hosts", "guests"))
        self._names = {
            known: variables["ansible_host"]
            for name, variables in {**hosts, **guests}.items()
            for known in (name, name.upper(), f"{name}.lab.example.com")
        }
        self._edit("fleet.avma.yml", hosts=dict.fromkeys(hosts))
        connection = {name: value for name, value in everything["vars"].items() if name not in ("ansible_user", "ansible_password")}
        self._edit("group_vars/hyperv_hosts.yml", **connection)
        self._edit("group_vars/guests.yml", **connection)

    def _edit(self, name: str, **values: Any) -> None:
        path = self.project / "inventory" / name
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")

    def _environment(self, *types: str) -> dict[str, str]:
        secrets = {name: value for kind in types for name, value in injected(kind, self.credentials[kind]).items()}
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "KRB5_CONFIG": os.devnull,
            "PYTHONPATH": str(self._folder / "dns"),
            "LAB_NAMES": json.dumps(self._names),
            **secrets,
        }

    def update_inventory(self) -> str:
        """Runs the source; what it tells is the inventory from now on. Returns all that was printed, with the inventory."""
        source = self.project / described("access")["controller_inventory_sources"][0]["source_path"]
        arguments = ["--list", "--export", "-i", str(source), "--playbook-dir", str(source), "-vvvvv"]
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "inventory", *arguments],
            env=self._environment("AVMA Hyper-V hosts"),
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        self.database = json.loads(done.stdout[done.stdout.index("\n{") :])
        return done.stdout + done.stderr

    def _script(self, number: int, count: int) -> Described:
        """What the inventory's script of a job says. A slice has each ``count``-th machine by name, whatever groups they are in."""
        hostvars = self.database["_meta"]["hostvars"]
        groups = {name: group for name, group in self.database.items() if name != "_meta"}
        names = {*hostvars, *(host for group in groups.values() for host in group.get("hosts", ()))}
        chosen = set(sorted(names)[number - 1 :: count])
        said = {name: {**group, "hosts": [host for host in group.get("hosts", ()) if host in chosen]} for name, group in groups.items()}
        return {**said, "_meta": {"hostvars": {name: variables for name, variables in hostvars.items() if name in chosen}}}

    def launch(
        self,
        name: str,
        *,
        answers: Described | None = None,
        artifacts: Described | None = None,
        limit: str = "",
        check: bool = False,
        verbosity: int = 0,
        slice_of: tuple[int, int] = (1, 1),
    ) -> Job:
        """A job of the template ``name``. ``artifacts`` are those of the jobs before it in a workflow."""
        self._number += 1
        folder = self._folder / f"job-{self._number}"
        inventory, env = folder / "inventory", folder / "env"
        for one in (inventory, env):
            one.mkdir(parents=True)
        shutil.copytree(self.project, folder / "project")
        script = inventory / "hosts"
        script.write_text(f"#!{sys.executable}\nprint({json.dumps(self._script(*slice_of))!r})\n", encoding="utf-8")
        script.chmod(0o700)
        own = {
            key: value.replace("{{ avma_data }}", str(self.data)) if isinstance(value, str) else value
            for key, value in template(name).get("extra_vars", {}).items()
        }
        given = {**survey_defaults(name), **(answers or {}), **(artifacts or {})}
        (env / "extravars").write_text(
            yaml.safe_dump(own) * bool(own) + yaml.dump(given, Dumper=_Answers, allow_unicode=True), encoding="utf-8"
        )
        arguments = ["-u", "root", *["--check"] * check, *["-l", limit] * bool(limit), *["-" + "v" * verbosity] * bool(verbosity)]
        types = _CREDENTIALS.get(name, ("AVMA Hyper-V hosts", "AVMA guests"))
        with mock.patch.dict(os.environ, self._environment(*types), clear=True):
            ran = ansible_runner.run(
                private_data_dir=str(folder),
                ident="1",
                playbook=template(name)["playbook"],
                cmdline=" ".join(arguments),
                settings={"suppress_ansible_output": True},
                suppress_env_files=True,
                quiet=True,
                timeout=TIMEOUT,
            )
        events = tuple(ran.events)
        ends = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
        stats = ran.stats or {}
        return Job(ran.status, stats, events, ends[-1].get("artifact_data", {}) if ends else {}, folder / "artifacts")
