# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys by which machines accept Kerberos tickets. Each machine gets only its own, as each computer account has its own password."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import krb5

# Keytabs in memory have names that belong to the whole process.
_numbers = itertools.count()


def kerberos_available() -> bool:
    """Whether the libraries are there. They are compiled at installation, so a lab has to do without them on many machines."""
    return importlib.util.find_spec("gssapi") is not None and importlib.util.find_spec("krb5") is not None


class ServiceKeys:
    """ValueError when the keytab cannot be read or the libraries are missing."""

    def __init__(self, keytab: Path) -> None:
        if not kerberos_available():
            raise ValueError(f"keytab {keytab}: Kerberos needs the Python packages gssapi and krb5 (requirements-kerberos.txt)")
        import krb5

        self._context = krb5.init_context()
        try:
            self._entries = list(krb5.kt_resolve(self._context, f"FILE:{keytab}".encode()))
        except krb5.Krb5Error as error:
            raise ValueError(f"keytab {keytab}: {error}") from None
        self._number = next(_numbers)
        self._keytabs: dict[str, krb5.KeyTab] = {}  # an open handle keeps a keytab in memory

    def environment(self, machine: str, address: str) -> dict[str, str]:
        """What lets GSSAPI accept tickets for ``machine``: for services on its name, with a domain or without, and on its address."""
        name = machine.lower()
        if name not in self._keytabs:
            self._keytabs[name] = self._own_keytab(name, address)
        # The lab is no place to look for replayed tickets, and a cache would outlive it as a file.
        return {"KRB5_KTNAME": self._name(name), "KRB5RCACHENAME": "none:"}

    def _name(self, machine: str) -> str:
        return f"MEMORY:hyperv-lab-{self._number}-{machine}"

    def _own_keytab(self, machine: str, address: str) -> krb5.KeyTab:
        import krb5

        keytab = krb5.kt_resolve(self._context, self._name(machine).encode())
        for entry in self._entries:
            _service, _unused, host = (entry.principal.name or b"").decode("utf-8", "replace").partition("@")[0].partition("/")
            if host == address or host.partition(".")[0].lower() == machine:
                krb5.kt_add_entry(self._context, keytab, entry.principal, entry.kvno, entry.timestamp, entry.key)
        return keytab
