# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The CIM classes of one computer, whatever way leads to it: what a reader or changer of Windows needs of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .instance import Instance
from .invocation import MethodOutput
from .values import Argument


@dataclass(frozen=True)
class Query:
    namespace: str
    wql: str


@dataclass(frozen=True)
class Call:
    """A method of the instance with these ``keys``, None for a static one."""

    namespace: str
    class_name: str
    method: str
    arguments: Mapping[str, Argument] = field(default_factory=dict, hash=False)
    keys: Mapping[str, str] | None = field(default=None, hash=False)


Asked = Query | Call


class Cim(Protocol):
    """Queries and methods, with the errors of ``errors`` and the promises that ``session.Session`` makes for them."""

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds from any point on."""

    @property
    def expensive_round_trips(self) -> bool:
        """Whether each question takes seconds, so that it pays to announce what will be asked (``prefetch``)."""

    @property
    def sleep(self) -> Callable[[float], None]:
        """How to wait so many seconds between two questions."""

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        """The instances that a query in WQL chooses."""

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        keys: Mapping[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> MethodOutput:
        """A method that changes is never called again where its answer was lost: that raises EffectUnknown."""

    def prefetch(self, *asked: Asked) -> None:
        """What will be asked together with the next question or after it, for a way on which each trip is dear. Only a hint, but an announced
        call may be carried out at once: it must do no harm if nobody asks for it in the end."""
