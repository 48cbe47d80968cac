# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The Python libraries of the controller: what they are called where they are installed from, and why one cannot be used."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from .errors import MissingLibrary


@dataclass(frozen=True)
class Library:
    """``pip``: its name on PyPI. ``debian`` (Ubuntu too), ``redhat`` (Fedora, and EPEL): of its package, None where there is none."""

    pip: str
    debian: str | None = None
    redhat: str | None = None
    oldest: tuple[int, ...] = ()  # the first version that serves


# By the name that Python code imports.
_LIBRARIES = {
    "winrm": Library("pywinrm", "python3-winrm", "python3-winrm", (0, 4, 3)),
    "pypsrp": Library("pypsrp", None, "python3-pypsrp", (0, 8, 1)),
    "requests": Library("requests", "python3-requests", "python3-requests"),
    "requests_ntlm": Library("requests-ntlm", "python3-requests-ntlm", "python3-requests_ntlm"),
    "requests_credssp": Library("requests-credssp", None, "python3-requests-credssp"),
    "spnego": Library("pyspnego", "python3-spnego", "python3-pyspnego"),
    "cryptography": Library("cryptography", "python3-cryptography", "python3-cryptography"),
    "kerberos": Library("pykerberos", "python3-kerberos", None),
    "gssapi": Library("gssapi", "python3-gssapi", "python3-gssapi"),
    "krb5": Library("krb5", None, "python3-krb5"),
    "socks": Library("PySocks", "python3-socks", "python3-pysocks"),
    "xmltodict": Library("xmltodict", "python3-xmltodict", "python3-xmltodict"),
    "defusedxml": Library("defusedxml", "python3-defusedxml", "python3-defusedxml"),
    "jmespath": Library("jmespath", "python3-jmespath", "python3-jmespath"),
}
_BY_PIP = {library.pip.lower().replace("_", "-"): name for name, library in _LIBRARIES.items()}


def library_of(name: str) -> Library:
    """By the name of its module or of its package."""
    top = name.partition(".")[0]
    module = top if top in _LIBRARIES else _BY_PIP.get(name.lower().replace("_", "-"), "")
    return _LIBRARIES.get(module) or Library(name)


def require(module: str) -> None:
    """Raises MissingLibrary where a module cannot be imported, naming the library that is missing beneath it, or is older than needed."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise missing(module, error) from error
    library = library_of(module)
    if not library.oldest:
        return
    try:
        there = version(library.pip)
    except PackageNotFoundError:  # a copy without metadata, whose version nobody knows
        return
    if (numbers := tuple(int(part) for part in re.findall(r"\d+", there)[:3])) and numbers < library.oldest:
        raise MissingLibrary(library.pip, f"version {there} is too old: {'.'.join(map(str, library.oldest))} or later is needed")


def missing(module: str, error: ImportError) -> MissingLibrary:
    """``module`` cannot be imported; ``error`` says which one beneath it is not there."""
    there = error.name if isinstance(error, ModuleNotFoundError) and error.name else module
    return MissingLibrary(library_of(there).pip, " ".join(str(error).split())[:200])


def missing_beneath(module: str) -> MissingLibrary:
    """Of a module that another library could not import, and says no more of."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        return missing(module, error)
    return MissingLibrary(library_of(module).pip)
