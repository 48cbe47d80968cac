# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The methods of ``Msvm_VirtualSystemManagementService``: called once, waited for, and refused in words."""

from __future__ import annotations

from collections.abc import Mapping

from .._wsman.errors import DeadlineExceeded, EffectUnknown, MethodFailed, OperationTimedOut
from .._wsman.job import JobOutcome
from .._wsman.session import Session
from .._wsman.values import Argument
from .namespaces import VIRTUALIZATION

_SERVICE = "Msvm_VirtualSystemManagementService"
# One key of the service singleton is enough (libvirt's hyperv driver sends just this one).
_SERVICE_KEYS = {"CreationClassName": _SERVICE}
_COMPLETED = 0
_JOB_STARTED = 4096

# After these the change may have been made all the same.
DOUBTFUL = (DeadlineExceeded, EffectUnknown, OperationTimedOut)

# Microsoft, return values of Msvm_VirtualSystemManagementService's methods
RETURN_VALUES = {
    32768: "failed",
    32769: "access denied",
    32770: "not supported",
    32771: "status unknown",
    32772: "timeout",
    32773: "invalid parameter",
    32774: "system is in use",
    32775: "invalid state for this operation",
    32776: "incorrect data type",
    32777: "system is not available",
    32778: "out of memory",
}


class ServiceRefused(MethodFailed):
    """The management service refused, with a number that Microsoft documents."""

    def __init__(self, method: str, return_value: int | None) -> None:
        super().__init__(_SERVICE, method, return_value)
        self.meaning = RETURN_VALUES.get(return_value or 0, "an undocumented value")

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.meaning})"


def call(session: Session, method: str, arguments: Mapping[str, Argument], *, wait: float) -> JobOutcome:
    """Call a method and wait for its job, ``wait`` seconds at most.

    Raises ServiceRefused, JobFailed, DeadlineExceeded, EffectUnknown: after the last two, and after a job that vanished, the state must be
    read before anything is repeated.
    """
    output = session.invoke(VIRTUALIZATION, _SERVICE, method, arguments, _SERVICE_KEYS)
    if output.return_value == _JOB_STARTED:
        job = output.outputs.reference("Job")
        if job is None:
            return JobOutcome.VANISHED
        return session.wait_for_job(job, deadline=session.clock() + wait)
    if output.return_value != _COMPLETED:
        raise ServiceRefused(method, output.return_value)
    return JobOutcome.COMPLETED
