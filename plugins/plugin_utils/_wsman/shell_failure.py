# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What an exception of pywinrm or pypsrp means while one of them runs a command."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from .errors import WsManError
from .faults import fault_of_code
from .http_failure import connection_error
from .transport import soap_or_error


@contextlib.contextmanager
def shell_errors(endpoint: str, subject: str, reset: Callable[[], None]) -> Iterator[None]:
    """Raises whatever the library raises as an error of this package. ``reset`` is called where the connection is of no use any more."""
    try:
        yield
    except WsManError:
        reset()
        raise
    except Exception as error:
        translated = _translated(endpoint, subject, error)
        if not hasattr(translated, "hresult"):
            reset()
        raise translated from error


def _translated(endpoint: str, subject: str, error: Exception) -> WsManError:
    # By name, as one of the two libraries may not be there, and both have classes of these names.
    names = {base.__name__ for base in type(error).__mro__}
    if "WSManFaultError" in names:
        return fault_of_code(_code(error), text=str(getattr(error, "reason", None) or ""), subject=subject)
    if "WinRMTransportError" in names:
        try:
            soap_or_error(endpoint, int(getattr(error, "code", 0)), b"")
        except WsManError as known:
            return known
    return connection_error(endpoint, error)


def _code(error: Exception) -> int | None:
    """pywinrm keeps the number of the service apart from HTTP's status, which it calls code; pypsrp has it as code."""
    for name in ("wsman_fault_code", "wmierror_code"):
        if isinstance(number := getattr(error, name, None), int):
            return number
    if hasattr(error, "wsman_fault_code"):
        return None
    number = getattr(error, "code", None)
    return number if isinstance(number, int) else None
