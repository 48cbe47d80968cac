# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whether a Hyper-V host can activate guests.

``ready`` is False where something makes it impossible, None where something needed is unknown or documented by nobody, else True.
Source, unless a finding says otherwise: Microsoft, Automatic Virtual Machine Activation (system requirements).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .channels import is_known_key_channel
from .editions import UNLICENSED_SKU, Edition, Sku, sku_of
from .facts import Channel, ClusterFacts, ComputerFacts, HostFacts, LicenceFacts, LicenceStatus, VolumeActivation
from .findings import Finding, Severity, finding
from .matrix import guests_of
from .platform import is_hyperv_guest, is_in_azure
from .releases import OLDEST_BUILD, Release
from .tables import Tables
from .text import safe_text
from .windows_codes import OF_A_HOST, describe_code, error_of

_GRACES = (
    LicenceStatus.OUT_OF_BOX_GRACE,
    LicenceStatus.OUT_OF_TOLERANCE_GRACE,
    LicenceStatus.EXTENDED_GRACE,
)
# KMS and Active Directory activate for 180 days and renew every 7; with less than this left it has failed to renew for five months.
_DAY = 24 * 60
_VOLUME_MINUTES_LOW = 30 * _DAY
_THROUGH = {
    VolumeActivation.KMS: "KMS",
    VolumeActivation.ACTIVE_DIRECTORY: "Active Directory",
    VolumeActivation.TOKEN: "a token",
    None: "KMS or Active Directory",
}
_FOLLOW = "Guests follow at their next renewal, or with guest_key."
_VOLUME_REMEDIES = {
    VolumeActivation.KMS: "Check that the host finds its KMS host and reaches it (TCP 1688), then run 'slmgr /ato' on the host.",
    VolumeActivation.ACTIVE_DIRECTORY: (
        "Check that the host reaches a domain controller (LDAP) and that the forest still has the activation object, then run 'slmgr /ato' on the host."
    ),
    None: (
        "Check by what the host is activated. KMS: that it finds its KMS host and reaches it (TCP 1688). Active Directory: that it reaches a domain "
        "controller, and that the forest has an activation object. Then run 'slmgr /ato' on the host."
    ),
}
# Findings that leave it open whether the host can activate guests.
_OPEN = frozenset(
    {
        "HOST_EDITION_UNKNOWN",
        "HOST_LICENCE_UNKNOWN",
        "HOST_LICENCE_AT_RISK",
        "HOST_LICENCE_OF_UNKNOWN_KIND",
        "HOST_IS_EVALUATION",
        "HOST_BUILD_UNKNOWN",
        "HYPERV_UNKNOWN",
        "HOST_IS_AZURE_LOCAL",
        "HOST_IS_AZURE_EDITION",
        "HOST_IN_AZURE",
        "HOST_IS_VIRTUAL_MACHINE",
    }
)
_WORKSTATION = 1


@dataclass(frozen=True)
class HostVerdict:
    """``can_activate`` names the long-term releases that the host serves if it is ready, newest first; () if that is unknown or none."""

    ready: bool | None
    release: Release | None
    edition: Edition | None
    can_activate: tuple[str, ...]
    findings: tuple[Finding, ...]
    name: str | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes of the findings for which the host is not ready, or is not known to be."""
        if self.ready is False:
            return tuple(found.code for found in self.findings if found.severity is Severity.ERROR)
        return tuple(found.code for found in self.findings if found.code in _OPEN) if self.ready is None else ()


def judge_host(facts: HostFacts, tables: Tables) -> HostVerdict:
    name = facts.os.name or facts.computer.name
    sku = None if facts.os.sku == UNLICENSED_SKU else sku_of(facts.os.sku)
    azure_local = sku is not None and sku.edition is Edition.AZURE_LOCAL
    # Azure Local shares builds with Windows Server and is not a release of it.
    release = None if azure_local else tables.release_of(facts.os.build)
    findings = (
        *_judge_os(facts, sku, name, tables),
        *_judge_hyperv(facts.hyperv, name),
        *_judge_platform(facts.computer, name),
        # What entitles Azure Local is not its own licence.
        *(() if azure_local else _judge_licence(facts.licence, sku, name)),
        *_judge_cluster(facts.cluster, facts.cluster_known, name),
    )
    ready: bool | None = True
    if any(found.severity is Severity.ERROR for found in findings):
        ready = False
    elif any(found.code in _OPEN for found in findings):
        ready = None
    can_activate = () if ready is False else guests_of(release, tables)
    return HostVerdict(ready, release, sku.edition if sku else None, can_activate, findings, name)


def _judge_os(facts: HostFacts, sku: Sku | None, name: str | None, tables: Tables) -> Iterator[Finding]:
    build = facts.os.build
    if facts.os.product_type == _WORKSTATION and (sku is None or sku.edition is not Edition.CLIENT):
        yield finding("HOST_NOT_DATACENTER", name, edition="a client edition of Windows", sku=facts.os.sku)
    elif sku is None:
        yield finding("HOST_EDITION_UNKNOWN", name, sku=facts.os.sku)
    elif sku.edition is Edition.AZURE_LOCAL:
        yield finding("HOST_IS_AZURE_LOCAL", name)
        return
    elif sku.edition is Edition.DATACENTER_AZURE:
        yield finding("HOST_IS_AZURE_EDITION", name)
    elif sku.edition is not Edition.DATACENTER:
        yield finding("HOST_NOT_DATACENTER", name, edition=sku.meaning, sku=sku.number)
    if build is not None and build < OLDEST_BUILD:
        yield finding("HOST_TOO_OLD", name, build=build)
    elif tables.release_of(build) is None:
        yield finding("HOST_BUILD_UNKNOWN", name, build=build)


def _judge_hyperv(hyperv: bool | None, name: str | None) -> Iterator[Finding]:
    if hyperv is None:
        yield finding("HYPERV_UNKNOWN", name)
    elif not hyperv:
        yield finding("HOST_WITHOUT_HYPERV", name)


def _judge_platform(computer: ComputerFacts, name: str | None) -> Iterator[Finding]:
    if is_in_azure(computer):
        yield finding("HOST_IN_AZURE", name)
    elif is_hyperv_guest(computer):
        yield finding("HOST_IS_VIRTUAL_MACHINE", name)


def _activation_remedy(licence: LicenceFacts) -> str | None:
    """What the reason asks for where it says more than that there is no activation; None where it does not."""
    entry = error_of(licence.reason) if licence.reason else None
    volume = licence.channel is Channel.KMS_CLIENT
    # Windows tries KMS after Active Directory, so what it complains of then is a KMS host that is not there.
    if entry is not None and entry in OF_A_HOST and not (volume and licence.through is VolumeActivation.ACTIVE_DIRECTORY):
        return f"{entry.remedy} {_FOLLOW}"
    if volume:
        return f"{_VOLUME_REMEDIES.get(licence.through, _VOLUME_REMEDIES[None])} {_FOLLOW}"
    return None


def _judge_licence(licence: LicenceFacts | None, sku: Sku | None, name: str | None) -> Iterator[Finding]:
    if licence is None:
        yield finding("HOST_WITHOUT_KEY", name)
        return
    # An evaluation is licensed (LicenseStatus 1) like any other, so it is told by its kind.
    if licence.channel is Channel.EVALUATION or (sku is not None and sku.evaluation):
        yield finding(
            "HOST_IS_EVALUATION", name, evaluation_end=None if licence.evaluation_end is None else licence.evaluation_end.isoformat()
        )
    reason = describe_code(licence.reason) if licence.reason else "no reason given"
    if licence.status in _GRACES:
        yield finding(
            "HOST_LICENCE_AT_RISK",
            name,
            status=licence.status.value,
            channel=licence.channel.value,
            minutes=licence.minutes_remaining,
            left=_left(licence.minutes_remaining),
            reason=reason,
            remedy=_activation_remedy(licence) or "Activate Windows on the host before the period ends.",
        )
    elif licence.status is LicenceStatus.UNKNOWN:
        yield finding("HOST_LICENCE_UNKNOWN", name, status_code=licence.status_code)
    elif not licence.licensed:
        yield finding(
            "HOST_NOT_ACTIVATED",
            name,
            status=licence.status.value,
            channel=licence.channel.value,
            reason=reason,
            remedy=_activation_remedy(licence) or "Activate Windows on the host, then look again.",
        )
    elif licence.channel is Channel.KMS_CLIENT:
        yield from _judge_volume_activation(licence, name)
    elif licence.channel is Channel.UNKNOWN or not is_known_key_channel(licence.channel_raw):
        said = licence.channel_raw or licence.description or "unknown"
        yield finding("HOST_LICENCE_OF_UNKNOWN_KIND", name, channel=safe_text(said, limit=80))
    elif licence.channel is Channel.RETAIL and sku is not None and sku.edition is Edition.DATACENTER:
        yield finding("HOST_LICENCE_IS_RETAIL", name)


def _judge_volume_activation(licence: LicenceFacts, name: str | None) -> Iterator[Finding]:
    directory = licence.through is VolumeActivation.ACTIVE_DIRECTORY
    minutes = licence.minutes_remaining
    data = {"minutes": minutes, "left": _left(minutes), "through": _THROUGH[licence.through]}
    yield finding("HOST_ON_ACTIVE_DIRECTORY" if directory else "HOST_ON_KMS", name, **data)
    # 0 is "not limited in time", which neither ever is: then nothing is known.
    if minutes and minutes < _VOLUME_MINUTES_LOW:
        remedy = _VOLUME_REMEDIES.get(licence.through, _VOLUME_REMEDIES[None])
        yield finding("HOST_KMS_NOT_RENEWED", name, remedy=remedy, **data)


def _left(minutes: int | None) -> str:
    """A length of time as one says it."""
    if not minutes:
        return "an unknown time"
    if minutes < _DAY:
        return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"
    return f"{minutes // _DAY} days" if minutes >= 2 * _DAY else "1 day"


def _judge_cluster(cluster: ClusterFacts | None, known: bool, name: str | None) -> Iterator[Finding]:
    if not known:
        yield finding("CLUSTER_UNKNOWN", name)
        return
    if cluster is None:
        return
    yield finding("HOST_IN_CLUSTER", name, cluster=cluster.name, nodes=tuple(node.name for node in cluster.nodes))
    for node in cluster.nodes:
        if node.state != "up":
            yield finding("CLUSTER_NODE_DOWN", node.name, node=node.name, cluster=cluster.name, state=node.state)
