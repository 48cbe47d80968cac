# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm for a lab: MIT's KDC on loopback, with the lab's accounts and a key for each of its machines.

It needs root for nothing, and leaves nothing outside its folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..world.accounts import LabAccount

_PROGRAMS = ("kdb5_util", "kadmin.local", "krb5kdc")
# Debian keeps them where only root's PATH leads.
_PATH = os.pathsep.join(filter(None, [os.environ.get("PATH"), "/usr/sbin", "/sbin"]))
# The services of a name that clients ask a ticket for when they want WinRM. Windows' KDC does not tell capitals from others, MIT's does.
_SERVICES = ("HTTP", "http", "HOST", "host", "WSMAN")
_START_SECONDS = 10.0
_ADMIN_SECONDS = 60.0


class RealmFailure(ValueError):
    """The realm cannot be had; the text says why and what to do."""


def missing_programs() -> list[str]:
    return [program for program in _PROGRAMS if shutil.which(program, path=_PATH) is None]


class Realm:
    """RealmFailure when the KDC is not installed or does not start. ``domain`` is the DNS name; the realm is the same in capitals."""

    def __init__(self, folder: Path, domain: str, accounts: Iterable[LabAccount], machines: Mapping[str, str]) -> None:
        """``machines``: addresses by name. Each has keys for its name, with the domain and without, and for its address."""
        missing = missing_programs()
        if missing:
            raise RealmFailure(f"not installed: {', '.join(missing)}. On Debian: apt-get install krb5-kdc krb5-admin-server")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.domain = domain.lower()
        self.name = domain.upper()
        self.config = folder / "krb5.conf"  # for clients: KRB5_CONFIG
        self.keytab = folder / "machines.keytab"
        self._folder = folder
        self._log = folder / "kdc.log"
        self._process: subprocess.Popen[bytes] | None = None
        port = _free_port()
        self._write_configuration(port)
        self._run("kdb5_util", "create", "-s", "-r", self.name, "-P", secrets.token_hex(16))
        self._add_principals(accounts, machines)
        self._start(port)

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _write_configuration(self, port: int) -> None:
        # The lab's names are in no DNS, so nothing may be looked up there, and nothing of the machine's own settings holds.
        self.config.write_text(
            f"""\
[libdefaults]
    default_realm = {self.name}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    kdc_timesync = 0

[realms]
    {self.name} = {{
        kdc = 127.0.0.1:{port}
    }}

[domain_realm]
    .{self.domain} = {self.name}
    {self.domain} = {self.name}
""",
            encoding="utf-8",
        )
        (self._folder / "kdc.conf").write_text(
            f"""\
[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:{port}

[realms]
    {self.name} = {{
        database_name = {self._folder}/principals
        key_stash_file = {self._folder}/stash
        acl_file = {self._folder}/acl
        supported_enctypes = aes256-cts-hmac-sha1-96:normal
        default_principal_flags = +preauth
    }}

[logging]
    default = FILE:{self._log}
""",
            encoding="utf-8",
        )

    def _add_principals(self, accounts: Iterable[LabAccount], machines: Mapping[str, str]) -> None:
        """By standard input: passwords do not show among the machine's processes."""
        commands = []
        for account in accounts:
            if (account.domain or self.domain).lower().partition(".")[0] != self.domain.partition(".")[0]:
                continue  # of another domain, by its DNS or its NetBIOS name
            flags = "-allow_tix " if account.locked else ""
            commands.append(f"add_principal {flags}-pw {_quoted(account.password)} {_quoted(account.name)}")
        names = [name for machine, address in machines.items() for name in (machine, f"{machine}.{self.domain}", address)]
        services = [f"{service}/{name}" for name in names for service in _SERVICES]
        commands += [f"add_principal -randkey {service}" for service in services]
        commands += [f"ktadd -k {_quoted(str(self.keytab))} -norandkey {service}" for service in services]
        self._run("kadmin.local", "-r", self.name, text="\n".join(commands) + "\nquit\n")

    def _start(self, port: int) -> None:
        command = [self._program("krb5kdc"), "-n", "-r", self.name]
        # Should the lab be killed, so is its KDC.
        setpriv = shutil.which("setpriv", path=_PATH)
        if setpriv is not None:
            command = [setpriv, "--pdeathsig", "TERM", *command]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.close()
        raise RealmFailure(f"the KDC of {self.name} did not start: {self._log.read_text(errors='replace').strip()[-500:]}")

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [self._program(program), *arguments],
            env=self._environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=_ADMIN_SECONDS,
            check=False,
        )
        # kadmin.local tells what went wrong with one command on standard error only.
        complaints = [line for line in done.stderr.splitlines() if line and not line.startswith(("WARNING", "No policy specified"))]
        if done.returncode or (complaints and program == "kadmin.local"):
            raise RealmFailure(f"{program}: {'; '.join(complaints)[:500] or f'exit code {done.returncode}'}")

    def _program(self, name: str) -> str:
        found = shutil.which(name, path=_PATH)
        assert found is not None
        return found

    def _environment(self) -> dict[str, str]:
        settings = {"KRB5_CONFIG": str(self.config), "KRB5_KDC_PROFILE": str(self._folder / "kdc.conf"), "LC_ALL": "C"}
        # kadmin.local names its own credentials by the user, and looks for a cache.
        return {**os.environ, **settings, "KRB5CCNAME": f"FILE:{self._folder}/none", "KRB5RCACHENAME": "none:"}


def _quoted(text: str) -> str:
    """As kadmin reads an argument (libss): in double quotes, a quote inside doubled."""
    return '"' + text.replace('"', '""') + '"'


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
