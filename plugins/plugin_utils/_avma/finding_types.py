# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Every kind of finding: its stable code, its severity, and how cause and remedy read.

Cause and remedy are str.format templates over the finding's data; ``object`` is always there. A finding is an error if it makes
activation impossible or refuses what was asked, a warning if it may do so or rests on something that nobody documents, else information.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(str, Enum):
    """How sure the statement about Windows is."""

    HIGH = "high"  # Microsoft's documents or headers, or several independent sources
    MEDIUM = "medium"  # one good other source, or derived
    LOW = "low"  # one weak source; the code bears its being wrong
    OWN = "own"  # a rule of this collection, no statement about Windows


@dataclass(frozen=True)
class FindingType:
    """One kind of finding. ``cause`` and ``remedy`` are templates."""

    code: str
    severity: Severity
    title: str
    cause: str
    remedy: str
    source: str
    confidence: Confidence


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_HIGH, _MEDIUM, _LOW, _OWN = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.OWN

_AVMA = "Microsoft, Automatic Virtual Machine Activation"
_AZL = "Microsoft, Azure Local: activate Windows Server VMs"
_SLP = "Microsoft, SoftwareLicensingProduct"
_SLERR = "slerror.h"
_IS = "Microsoft, Manage Hyper-V integration services"
_KVP = "Microsoft, Msvm_KvpExchangeComponent"
_AZURE_VM = "Microsoft, Windows VM activation errors 0xC004FD01 and 0xC004FD02; canonical/cloud-init issue 2911"
_DEVICE = "wvmic.inf; reports from the field"
_UPG = "Microsoft, upgrade and conversion options for Windows Server"
_COLLECTION = "rule of this collection"

_HOST = (
    FindingType(
        "HOST_NOT_DATACENTER",
        _E,
        "The host's edition does not entitle to AVMA",
        "the host runs {edition}; only Windows Server Datacenter activates guests",
        "Move the guests to a Datacenter host, or activate them by KMS or MAK.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HOST_EDITION_UNKNOWN",
        _W,
        "The host's edition could not be told",
        "the host reports the SKU {sku}, which names no known edition",
        "Check with 'Get-ComputerInfo OsName, OsOperatingSystemSKU' on the host that it is Windows Server Datacenter.",
        "winnt.h",
        _HIGH,
    ),
    FindingType(
        "HOST_NOT_ACTIVATED",
        _E,
        "The host itself is not activated",
        "the host's licence is {status} (channel {channel}, {reason})",
        "Activate Windows on the host, then look again.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HOST_WITHOUT_KEY",
        _E,
        "The host has no product key",
        "no Windows product on the host has a product key, so the host is not activated",
        "Install the host's product key and activate it.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HOST_LICENCE_UNKNOWN",
        _W,
        "The host's licence status could not be read",
        "the host reports the licence status {status_code}, which Microsoft does not document",
        "Check the host with 'slmgr /dlv'.",
        _SLP,
        _HIGH,
    ),
    FindingType(
        "HOST_LICENCE_AT_RISK",
        _W,
        "The host runs in a grace period",
        "the host's licence is {status}, with {minutes} minutes left (channel {channel}, {reason}); guests may be refused now, and are when it ends",
        "Activate Windows on the host before the period ends.",
        _SLP,
        _MEDIUM,
    ),
    FindingType(
        "HOST_ON_KMS",
        _I,
        "The host is activated by KMS",
        "the host's own activation comes from KMS and has {minutes} minutes left",
        "Nothing to do while it renews. If it lapses, guests are refused with 0xC004FD02.",
        "slmgr.vbs; slerror.h",
        _MEDIUM,
    ),
    FindingType(
        "HOST_KMS_NOT_RENEWED",
        _W,
        "The host's KMS activation has not been renewed for long",
        "the host's KMS activation has only {minutes} minutes left of 180 days; it is normally renewed every week",
        "Check that the host reaches its KMS host, then run 'slmgr /ato' on it.",
        "Microsoft, Key Management Services; slerror.h",
        _MEDIUM,
    ),
    FindingType(
        "HOST_IS_EVALUATION",
        _W,
        "The host runs an evaluation edition",
        "the host is an evaluation installation; no source says that it activates guests, so it counts as not supported",
        "Convert the host to a licensed Datacenter edition.",
        "no published statement",
        _LOW,
    ),
    FindingType(
        "HOST_TOO_OLD",
        _E,
        "The host is older than AVMA",
        "the host has build {build}; AVMA came with build 9600 (Windows Server 2012 R2)",
        "Upgrade the host, or activate its guests by KMS or MAK.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HOST_BUILD_UNKNOWN",
        _W,
        "The host's release could not be told",
        "the host's build is {build}, which belongs to no known release of Windows Server, so the guests it activates are not known",
        "If the release is newer than this collection, update the collection.",
        "microsoft/hcsshim, osversion",
        _HIGH,
    ),
    FindingType(
        "HOST_WITHOUT_HYPERV",
        _E,
        "Hyper-V is not there",
        "the Hyper-V management service does not answer on the host",
        "Install the Hyper-V role, or start the service 'vmms'.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HYPERV_UNKNOWN",
        _W,
        "Hyper-V could not be asked",
        "it could not be learnt whether the host runs Hyper-V",
        "Give the account membership of the group 'Hyper-V Administrators' on the host.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "HOST_IS_AZURE_LOCAL",
        _W,
        "The host is Azure Local",
        "the host runs Azure Local; guests are entitled by a Windows Server subscription or by a Datacenter key of each node, which Windows shows in no class",
        "Check with 'Get-AzureStackHCISubscriptionStatus' or 'Get-VMAutomaticActivation' on each node.",
        _AZL,
        _HIGH,
    ),
    FindingType(
        "HOST_IS_AZURE_EDITION",
        _W,
        "The host runs Datacenter: Azure Edition",
        "the host runs Datacenter: Azure Edition; nobody states whether it activates guests",
        "Try one guest, or use a Windows Server Datacenter host.",
        "no published statement",
        _LOW,
    ),
    FindingType(
        "HOST_IN_AZURE",
        _W,
        "The host is a virtual machine in Azure",
        "the host is itself a virtual machine in Azure (or Azure Stack Hub); guests nested in one have been refused with 0xC004FD02",
        "Activate its guests by KMS, in Azure with azkms.core.windows.net:1688, or move them to a physical host.",
        "one report from the field; canonical/cloud-init issue 2911",
        _MEDIUM,
    ),
    FindingType(
        "HOST_IS_VIRTUAL_MACHINE",
        _W,
        "The host is itself a virtual machine",
        "the host is itself a virtual machine of Hyper-V; nobody states whether AVMA works for guests that are nested in it",
        "Try one guest, or move the guests to a physical host. If they are refused, activate them by KMS or MAK.",
        "no published statement",
        _LOW,
    ),
    FindingType(
        "HOST_IN_CLUSTER",
        _I,
        "The host is a node of a cluster",
        "the host is a node of the cluster {cluster} with {nodes}; guests stay activated only where every node is activated and Datacenter",
        "Check each of the nodes; the option cluster_nodes of hyperv.avma.host_info does.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "CLUSTER_UNKNOWN",
        _W,
        "The cluster could not be asked",
        "it could not be learnt whether the host is a node of a cluster",
        "Give the account the right to read the namespace root/MSCluster, or check each node by hand.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "CLUSTER_NODE_DOWN",
        _W,
        "A node of the cluster is not up",
        "the node {node} of the cluster {cluster} is {state}, so its licence cannot be checked",
        "Bring {node} up and check it before guests move there.",
        _AVMA,
        _HIGH,
    ),
)

_GUEST = (
    FindingType(
        "GUEST_OFF",
        _I,
        "The machine is not running",
        "the virtual machine is {state}, so what runs in it is unknown",
        "Start it to learn more. AVMA activates when the guest starts.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_UNREACHABLE",
        _W,
        "The guest could not be reached",
        "the guest could not be asked: {reason}",
        "Check its network, name and WinRM, or leave it out of the run.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "DATA_EXCHANGE_DISABLED",
        _W,
        "Data Exchange is switched off",
        "the Data Exchange integration service of the virtual machine is disabled; Microsoft requires it for AVMA, and nothing is reported without it",
        "Enable it, for instance with the module hyperv.avma.data_exchange.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_NO_CONTACT",
        _I,
        "Data Exchange has no answer yet",
        "Data Exchange is enabled, but the guest's service has not answered: it starts, has no such service, or has it disabled",
        "Wait for the guest to start. If that does not help, start the service 'vmickvpexchange' in the guest.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_LOST",
        _W,
        "Data Exchange has stopped answering",
        "the guest's Data Exchange service answered once and has stopped",
        "Start the service 'vmickvpexchange' in the guest.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_OUTDATED",
        _I,
        "Data Exchange works by an older protocol",
        "the guest's integration services speak an older version of Data Exchange than the host; it works",
        "{remedy}",
        _KVP,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_PROTOCOL_MISMATCH",
        _W,
        "Guest and host share no version of Data Exchange",
        "the guest's integration services and the host have no version of Data Exchange in common, so nothing is exchanged",
        "{remedy}",
        _KVP,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_SERVICE_DISABLED",
        _W,
        "The guest's Data Exchange service is disabled",
        "the service 'vmickvpexchange' is disabled in the guest, so its host cannot start it and learns nothing of the guest",
        "In the guest run 'Set-Service vmickvpexchange -StartupType Manual', then 'Start-Service vmickvpexchange'.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_SERVICE_STOPPED",
        _I,
        "The guest's Data Exchange service is not running",
        "the service 'vmickvpexchange' is not running in the guest; Hyper-V starts it by itself where Data Exchange is enabled on the host",
        "Enable Data Exchange for the virtual machine, for instance with the module hyperv.avma.data_exchange.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "DATA_EXCHANGE_SERVICE_MISSING",
        _W,
        "The guest has no Data Exchange service",
        "the guest has no service 'vmickvpexchange', which its integration services bring",
        "{remedy}",
        _IS,
        _HIGH,
    ),
    FindingType(
        "ACTIVATION_DEVICE_MISSING",
        _W,
        "The guest has no activation device",
        "the guest has no device VMBUS\\{device}, by which it would ask its host for activation",
        "{remedy}",
        _DEVICE,
        _MEDIUM,
    ),
    FindingType(
        "ACTIVATION_DEVICE_FAILED",
        _W,
        "The guest's activation device does not work",
        "the guest's device VMBUS\\{device}, by which it asks its host for activation, does not work (Device Manager's code {problem})",
        "{remedy}",
        _DEVICE,
        _MEDIUM,
    ),
    FindingType(
        "DATA_EXCHANGE_UNKNOWN",
        _I,
        "The state of Data Exchange is not known",
        "it could not be learnt whether Data Exchange works",
        "Look at the virtual machine's integration services on the host.",
        _IS,
        _HIGH,
    ),
    FindingType(
        "GUEST_UNKNOWN",
        _I,
        "The guest's operating system is not known",
        "what the guest says of itself names no operating system (SKU {sku}, build {build})",
        "Ask the guest itself, with the module hyperv.avma.guest_info.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "GUEST_IS_LINUX", _I, "The guest runs Linux", "the guest runs Linux, which needs no Windows licence", "Nothing to do.", _AVMA, _HIGH
    ),
    FindingType(
        "GUEST_IS_OTHER",
        _I,
        "The guest does not run Windows",
        "the guest runs an operating system other than Windows",
        "Nothing to do.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_IS_CLIENT",
        _I,
        "The guest runs a client edition",
        "the guest runs a client edition of Windows; AVMA activates Windows Server only",
        "License it by its own key, KMS or a subscription.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_IS_EVALUATION",
        _W,
        "The guest runs an evaluation edition",
        "the guest is an evaluation installation, which takes no AVMA key",
        "{remedy}",
        _UPG,
        _HIGH,
    ),
    FindingType(
        "GUEST_IS_AZURE_EDITION",
        _W,
        "The guest runs Datacenter: Azure Edition",
        "the guest runs Datacenter: Azure Edition, which is licensed only on Azure and on an entitled Azure Local; other hosts are expected to refuse it",
        "Run it on an entitled Azure Local, use another edition, or state 'key' to try it here.",
        _AZL,
        _MEDIUM,
    ),
    FindingType(
        "GUEST_AZURE_EDITION_TRIED",
        _W,
        "Datacenter: Azure Edition is tried",
        "the guest runs Datacenter: Azure Edition; {reason}, but the host may refuse it for want of an entitlement",
        "If it is refused, check the host's Windows Server subscription or Software Assurance.",
        _AZL,
        _MEDIUM,
    ),
    FindingType(
        "GUEST_EDITION_NOT_SUPPORTED",
        _E,
        "AVMA does not serve the guest's edition",
        "the guest runs {edition}; AVMA activates Datacenter, Standard and Essentials",
        "Activate it by its own key, KMS or MAK.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_TOO_OLD",
        _E,
        "The guest is older than AVMA",
        "the guest has build {build}; AVMA came with build 9600 (Windows Server 2012 R2)",
        "Activate it by KMS or MAK, or upgrade it.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_BUILD_UNKNOWN",
        _W,
        "The guest's release could not be told",
        "the guest's build is {build}, which belongs to no known release of Windows Server",
        "State the AVMA key of its release in 'key', or update the collection.",
        "microsoft/hcsshim, osversion",
        _HIGH,
    ),
    FindingType(
        "GUEST_NEWER_THAN_HOST",
        _E,
        "The guest is newer than the host",
        "the guest runs {guest_release}, the host {host} runs {host_release} and activates its own release and older ones only",
        "Move the guest to a host of its own release or a newer one, or activate it by KMS or MAK.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_KEPT_OTHER_CHANNEL",
        _I,
        "The guest is licensed in another way",
        "the guest is licensed by {channel} with the key ending in {last_five}, which is not replaced unasked",
        "Nothing to do. To change over to AVMA, set 'replace_licensed: true'.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "GUEST_IS_KMS_HOST",
        _W,
        "The guest has a KMS host key",
        "the guest has a KMS host key ending in {last_five} ({status}); replacing it would end its service to its clients",
        "Leave it out of the run, or set 'replace_licensed: true'.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "GUEST_LICENCE_UNKNOWN",
        _W,
        "The guest's licence status is not known",
        "the guest reports the licence status {status_code} for its {channel} key ending in {last_five}, which Microsoft does not document, so the key is kept",
        "Check the guest with 'slmgr /dlv', or set 'replace_licensed: true'.",
        _SLP,
        _HIGH,
    ),
    FindingType(
        "GUEST_AVMA_KEY_DIFFERS",
        _I,
        "The guest is activated with another AVMA key",
        "the guest is activated by AVMA with the key ending in {last_five}, where {expected} was expected",
        "Nothing to do.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "NOT_ON_HYPERV",
        _E,
        "The machine is no guest of Hyper-V",
        "the machine is {manufacturer} {model}, which is no guest of Hyper-V; AVMA does not work elsewhere",
        "Activate it by KMS or MAK.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "GUEST_IN_AZURE",
        _W,
        "The machine runs in Azure",
        "the machine's chassis says that it runs in Azure, where AVMA does not work",
        "Give it the KMS client key of its release and edition and activate it by azkms.core.windows.net:1688. Azure Stack Hub looks the same and "
        "does use AVMA: if that is where it runs, state 'key'.",
        _AZURE_VM,
        _HIGH,
    ),
    FindingType(
        "HOST_NOT_READY",
        _E,
        "The host cannot activate guests",
        "the host {host} cannot activate guests: {reasons}",
        "Put the host right first; the module hyperv.avma.host_info says how.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "HOST_READINESS_UNKNOWN",
        _W,
        "Whether the host can activate guests is not known",
        "it is not known whether the host {host} can activate guests: {reasons}",
        "See the findings of hyperv.avma.host_info for the host.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "RENEWAL_AT_RISK",
        _W,
        "The guest's activation may not be renewed",
        "the guest is activated, but the host {host} cannot renew that: {reasons}",
        "Put the host right before the guest's activation runs out.",
        _AVMA,
        _MEDIUM,
    ),
)

_KEY = (
    FindingType(
        "KEY_MALFORMED",
        _E,
        "The given key is no product key",
        "{reason}",
        "Correct 'key', or leave it out to use the published AVMA key.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "KEY_IS_KMS_CLIENT_KEY",
        _E,
        "The given key is a KMS client key",
        "the key {key} is the published KMS client key (GVLK) of Windows Server {release} {edition}; Windows would accept it and then look for a KMS host",
        "Leave 'key' out to use the AVMA key, or state an AVMA key.",
        "Microsoft, KMS client activation and product keys",
        _HIGH,
    ),
    FindingType(
        "KEY_FOR_OTHER_RELEASE",
        _E,
        "The given key is for another release",
        "the key {key} is the AVMA key of Windows Server {releases}, the guest runs {guest_release}",
        "Leave 'key' out to use the AVMA key of the guest's release.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "KEY_FOR_OTHER_EDITION",
        _E,
        "The given key is for another edition",
        "the key {key} is the AVMA key of {key_edition}, the guest runs {guest_edition}",
        "Leave 'key' out to use the AVMA key of the guest's edition.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "KEY_NOT_CONFIRMED",
        _W,
        "The given key cannot be checked",
        "the key {key} is not published as an AVMA key for {guest}; Windows itself will accept or refuse it",
        "Make sure that it is an AVMA key. What Windows makes of it is checked after it is installed.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "KEY_NEEDED",
        _E,
        "No AVMA key is published for the guest",
        "Microsoft publishes no AVMA key for {guest}, and none is guessed",
        "State the key in 'key'.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "KEY_REPLACED",
        _W,
        "A key of another channel is replaced",
        "the {channel} key ending in {last_five} ({status}) is replaced by the AVMA key",
        "Keep that key if it is to be used again: Windows cannot show it whole.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "KEY_IS_OTHER_CHANNEL",
        _E,
        "The installed key is no AVMA key",
        "Windows took the key ending in {last_five} for a {channel} key, so it was not activated by AVMA",
        "State an AVMA key in 'key', or leave it out.",
        _SLP,
        _HIGH,
    ),
    FindingType(
        "KEY_INSTALL_FAILED",
        _E,
        "The key was not installed",
        "{error}",
        "{remedy}",
        _SLERR,
        _HIGH,
    ),
)

_ACTIVATION = (
    FindingType("ACTIVATION_FAILED", _E, "Activation was refused", "{error}", "{remedy}", _SLERR, _HIGH),
    FindingType(
        "ACTIVATION_DEFERRED",
        _W,
        "Activation is put off",
        "the AVMA key is installed, but {error}",
        "{remedy}",
        _SLERR,
        _HIGH,
    ),
    FindingType(
        "ACTIVATION_TIMED_OUT",
        _E,
        "Activation did not come in time",
        "the AVMA key is installed and activation was asked for, but the licence is still {status} ({reason})",
        "Look at event 12309 in the guest and 12310 on the host, then run again.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "AZURE_LOCAL_NOT_ENTITLED",
        _W,
        "The Azure Local node seems to have no entitlement",
        "the host {host} runs Azure Local and refused the guest, as a node does that has neither a Windows Server subscription nor a key for the guest's "
        "release",
        "Check 'Get-AzureStackHCISubscriptionStatus' (a subscription ends without a sync with Azure for 30 days: run 'Sync-AzureStackHCI') or "
        "'Get-VMAutomaticActivation' on each node: the keys of all nodes must be of one version, not older than the guest.",
        _AZL,
        _HIGH,
    ),
    FindingType(
        "LICENCE_LOST",
        _E,
        "No product has a key afterwards",
        "after the steps no Windows product in the guest has a product key",
        "Check the guest with 'slmgr /dlv', then run again.",
        _SLP,
        _HIGH,
    ),
)

_EVIDENCE = (
    FindingType(
        "EVENT_LOG_CLEARED",
        _W,
        "The event log was cleared",
        "record {record} of {time} is not in the log any more and the numbering of records has begun again, so the log was cleared, made anew or set "
        "back with a checkpoint; events after {time} may be lost",
        "Find out who cleared the log. Read it more often, or forward events, so that less is lost the next time.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "EVENTS_LOST",
        _W,
        "The event log no longer reaches back to what was read",
        "record {record} of {time}, the last that was read, is not in the log any more: the log has wrapped or was cleared; events after it may be lost",
        "Read the log more often, or make the Application log larger (wevtutil sl Application /ms:BYTES).",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "EVENT_LOG_IS_ANOTHER",
        _W,
        "The bookmark was made on another machine",
        "the bookmark was made on {bookmark_log}, and this is {log}; events were read from {time} on",
        "If the machine was not replaced or renamed, hand each machine its own bookmark.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "EVENT_FOR_UNKNOWN_VM",
        _I,
        "An event fits no known virtual machine",
        "the host {host} logged event {event_id} (record {record}, {time}) for a machine that is none of those known here",
        "If the machine was not removed or moved since, collect kvp_info from each node of its cluster and compare again.",
        "no published statement on the text of the event",
        _LOW,
    ),
    FindingType(
        "KVP_OTHER_OS",
        _W,
        "Data Exchange names another operating system than the guest",
        "Data Exchange says {kvp}, the guest itself says {guest}",
        "Trust the guest. If it was not just upgraded, find out who writes its key-value pairs, and whether it is a clone with old data.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "KVP_OF_OTHER_VM",
        _W,
        "Data Exchange holds another machine's data",
        "the item {item} names the virtual machine {other}",
        "The machine is probably a clone. Remove the stale values in the guest (guest_kvp).",
        _AVMA,
        _MEDIUM,
    ),
    FindingType(
        "SAME_ACTIVATION_ID",
        _W,
        "Guests share one activation ID",
        "the activation ID of the guest is also that of {others}",
        "One of them is probably a clone that was not generalised with Sysprep. Activate it anew.",
        _SLP,
        _LOW,
    ),
    FindingType(
        "ACTIVATED_BY_OTHER_HOST",
        _I,
        "Activated by a host that does not own it any more",
        "the guest was last activated by {activated_by} and now runs on {owner}",
        "Check that {owner} can activate guests, so that the next renewal succeeds.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "ACTIVATION_CONTRADICTED",
        _W,
        "Guest and host say different things",
        "{first}, but {second}",
        "Look at the guest with guest_info and at its events with event_info, and run guest_key again if it is not activated.",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "LEASE_WILL_LAPSE",
        _W,
        "The activation will lapse",
        "the last activation is of {last}, a renewal was expected by {expected}, and the activation lapses at {lapses} ({basis})",
        "Check that the host is activated and the guest is running, or run guest_key.",
        "one report from the field: guests renew every seven days; Microsoft states no interval",
        _MEDIUM,
    ),
    FindingType(
        "LEASE_LAPSED",
        _W,
        "The activation has probably lapsed",
        "the last activation is of {last}, and it lapsed at {lapses} ({basis})",
        "Ask the guest with guest_info. Check its host, then run guest_key.",
        "one report from the field: guests renew every seven days; Microsoft states no interval",
        _MEDIUM,
    ),
)

_LEAVING = (
    FindingType(
        "GUEST_ON_AVMA_KEY",
        _W,
        "The guest still has an AVMA key",
        "the guest has an AVMA key (or its channel is not known), so its key-value pairs are not stale and none was removed",
        "Give it the key of its new channel first, or state force: true.",
        _COLLECTION,
        _OWN,
    ),
)

_CLUSTER = (
    FindingType(
        "CLUSTER_NODE_NOT_ASKED",
        _W,
        "A node of the cluster could not be asked",
        "the node {node} of the cluster {cluster} could not be asked: {reason}",
        "Make the node reachable (its name or address belongs into the inventory) and run again. Until then the verdict on the cluster is open.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "CLUSTER_NODE_IS_ANOTHER",
        _W,
        "Another machine answered for a node",
        "what answered for the node {node} of the cluster {cluster} calls itself {name}, so it was not counted",
        "Correct the address of the node in the inventory (ansible_host).",
        _COLLECTION,
        _OWN,
    ),
    FindingType(
        "CLUSTER_NODE_NOT_READY",
        _W,
        "A node of the cluster cannot activate guests",
        "the node {node} of the cluster {cluster} cannot activate guests, or is not known to: {reasons}",
        "Put the node right; guests that move there lose their activation when it is to be renewed.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "CLUSTER_NODE_OLDER",
        _W,
        "Nodes of the cluster run different releases",
        "the oldest release in the cluster {cluster} is {release}, on {nodes}; newer guests cannot be renewed there",
        "Bring all nodes to one release. Until then the oldest one counts for the whole cluster.",
        _AVMA,
        _HIGH,
    ),
    FindingType(
        "CLUSTER_NODE_CANNOT_RENEW",
        _W,
        "The guest would lose its activation on other nodes",
        "nodes of the cluster {cluster} could not renew the guest's activation: {nodes}",
        "Put these nodes right, or keep the guest off them (possible owners).",
        _AVMA,
        _HIGH,
    ),
)

FINDINGS: dict[str, FindingType] = {kind.code: kind for kind in (*_HOST, *_GUEST, *_KEY, *_ACTIVATION, *_EVIDENCE, *_CLUSTER, *_LEAVING)}
