# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report's numbers for a monitoring system: OpenMetrics text, gauges only, which Prometheus' older text format reads as well.

Labels are names of hosts and tenants, never of virtual machines: their number is bounded by what the operator runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .._avma.evidence import Source
from .._avma.standings import Standing
from .._avma.times import parse_time
from .document import Document

_PREFIX = "hyperv_avma"
# Differs at each look.
PASSING = f"{_PREFIX}_report_generated_timestamp_seconds"

Sample = tuple[Mapping[str, str], int]


def to_openmetrics(document: Document, generated: int) -> str:
    """``generated``: seconds since 1970."""
    vms: Counter[tuple[str, str, str, str]] = Counter(
        (vm["host"] or "", vm["tenant"] or "", vm["standing"], vm["source"] or "none") for vm in document["vms"]
    )
    leases = Counter(vm["lease"]["state"] for vm in document["vms"])
    lines = [
        *_family(
            "vms",
            "Virtual machines by host, tenant, standing and source of that.",
            (
                ({"host": host, "tenant": tenant, "standing": standing, "source": source}, count)
                for (host, tenant, standing, source), count in sorted(vms.items())
            ),
        ),
        *_family(
            "activated_as_of_timestamp_seconds",
            "The oldest moment that a source's word on an activated machine is true of.",
            (({"source": source}, seconds) for source, seconds in sorted(_oldest(document).items())),
        ),
        *_family(
            "unmatched_guests", "Guests that match no virtual machine of a host, and are not counted.", [({}, len(document["unmatched"]))]
        ),
        *_family("leases", "Activations by state of their lease.", (({"state": state}, count) for state, count in sorted(leases.items()))),
        *_family(
            "host_ready",
            "Whether the host can activate guests: 1 yes, 0 no, -1 not known.",
            (({"host": host["name"]}, {True: 1, False: 0}.get(host["ready"], -1)) for host in document["hosts"]),
        ),
        *_family(
            "findings",
            "Machines that findings concern, by code and severity.",
            (
                ({"code": action["code"], "severity": action["severity"], "kind": action["kind"]}, action["affected"])
                for action in document["actions"]
            ),
        ),
        *_family("report_generated_timestamp_seconds", "When the report was made.", [({}, generated)]),
        "# EOF",
    ]
    return "\n".join(lines) + "\n"


def _oldest(document: Document) -> dict[str, int]:
    """Of hosts alone: what guests say is as old as the report."""
    times = [
        vm["as_of"] for vm in document["vms"] if vm["standing"] == Standing.ACTIVATED.value and vm["source"] == Source.HOST_EVENT.value
    ]
    return {Source.HOST_EVENT.value: int(parse_time(min(times)).timestamp())} if times else {}


def _family(name: str, text: str, samples: Iterable[Sample]) -> Iterable[str]:
    yield f"# HELP {_PREFIX}_{name} {text}"
    yield f"# TYPE {_PREFIX}_{name} gauge"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(one)}"' for label, one in labels.items())
        yield f"{_PREFIX}_{name}{{{shown}}} {value}" if shown else f"{_PREFIX}_{name} {value}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
