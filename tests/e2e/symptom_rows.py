# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators report of AVMA, and what the collection must make of it: a row for each machine of ``symptoms.yml``.

``symptom`` is what the one sees who has it.
"""

from __future__ import annotations

from dataclasses import dataclass

INSTALL, ACTIVATE = "InstallProductKey", "Activate"
BOTH = (INSTALL, ACTIVATE)
NOTHING: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host:
    symptom: str
    machine: str
    ready: bool | None
    findings: tuple[str, ...] = ()
    remedy: str = ""  # words of the first finding's remedy


HOSTS = (
    Host("all is well", "hv-good", True),
    Host(
        "guests are refused: the host was never activated", "hv-unactivated", False, ("HOST_NOT_ACTIVATED",), "Activate Windows on the host"
    ),
    Host("guests are refused: the host is in grace", "hv-grace", None, ("HOST_LICENCE_AT_RISK",), "before the period ends"),
    Host("the host's KMS does not renew", "hv-kms", True, ("HOST_ON_KMS", "HOST_KMS_NOT_RENEWED"), "while it renews"),
    Host("the hardware has no OEM marker", "hv-no-marker", False, ("HOST_NOT_ACTIVATED",), "on its own hardware"),
    Host("the host is Standard", "hv-standard", False, ("HOST_NOT_DATACENTER",), "Move the guests to a Datacenter host"),
    Host("2012 R2 keys fail on an OEM host: it is Standard", "hv-oem-2012r2", False, ("HOST_NOT_DATACENTER",), "KMS or MAK"),
    Host("the host is the free Hyper-V Server", "hv-free", False, ("HOST_NOT_DATACENTER", "HOST_WITHOUT_KEY"), "Datacenter host"),
    Host("the host is older than AVMA", "hv-2012", False, ("HOST_TOO_OLD",), "Upgrade the host"),
    Host("the host is an evaluation", "hv-trial", None, ("HOST_IS_EVALUATION",), "Convert the host"),
    Host("a node that is activated", "node-a", True, ("HOST_IN_CLUSTER",)),
    Host("a node that is not", "node-b", False, ("HOST_NOT_ACTIVATED", "HOST_IN_CLUSTER"), "Activate Windows"),
    Host(
        "Azure Local: nobody can read the entitlement",
        "azl-keys-2022",
        None,
        ("HOST_IS_AZURE_LOCAL", "HOST_IN_CLUSTER"),
        "one version on all nodes",
    ),
    Host("Azure Local without a sync", "azl-unsynced", None, ("HOST_IS_AZURE_LOCAL",), "every 30 days"),
    Host("the host is a virtual machine in Azure", "hv-in-azure", None, ("HOST_IN_AZURE",), "azkms.core.windows.net:1688"),
    Host("the host is nested", "hv-nested", None, ("HOST_IS_VIRTUAL_MACHINE",), "Try one guest"),
)


@dataclass(frozen=True)
class Machine:
    symptom: str
    machine: str
    status: str
    finding: str
    remedy: str


MACHINES = (
    Machine(
        "no key-value pairs: off on the host", "exchange-off", "action_required", "DATA_EXCHANGE_DISABLED", "hyperv.avma.data_exchange"
    ),
    Machine("no key-value pairs: off in the guest", "service-off", "unknown", "DATA_EXCHANGE_NO_CONTACT", "vmickvpexchange"),
    Machine("integration services are old", "old-protocol", "eligible", "DATA_EXCHANGE_OUTDATED", "vmguest.iso"),
    Machine("integration services do not fit", "no-protocol", "unknown", "DATA_EXCHANGE_PROTOCOL_MISMATCH", "vmguest.iso"),
    Machine("the guest is newer than its host", "newer", "not_eligible", "GUEST_NEWER_THAN_HOST", "Move the guest"),
    Machine("the host is Standard", "under-standard", "action_required", "HOST_NOT_READY", "Fix the host first"),
    Machine("the node is not activated", "moved", "action_required", "HOST_NOT_READY", "Fix the host first"),
    Machine("Azure Edition on a plain host", "azure-edition", "not_eligible", "GUEST_IS_AZURE_EDITION", "entitled Azure Local"),
    Machine("Azure Edition on Azure Local", "azure-entitled", "unknown", "GUEST_AZURE_EDITION_TRIED", "Windows Server subscription"),
    Machine("a client", "client", "not_eligible", "GUEST_IS_CLIENT", "its own key"),
    Machine("Linux", "linux", "not_eligible", "GUEST_IS_LINUX", "Nothing to do"),
    Machine("Nano Server", "nano", "not_eligible", "GUEST_EDITION_NOT_SUPPORTED", "Server Core"),
    Machine("Foundation", "foundation", "not_eligible", "GUEST_EDITION_NOT_SUPPORTED", "with the hardware"),
    Machine("Hyper-V Server in a guest", "free-in-guest", "not_eligible", "GUEST_EDITION_NOT_SUPPORTED", "needs no activation"),
    Machine("Azure Local in a guest", "azl-in-guest", "not_eligible", "GUEST_EDITION_NOT_SUPPORTED", "Register it with Azure"),
    Machine("a guest older than AVMA", "too-old", "not_eligible", "GUEST_TOO_OLD", "upgrade it"),
    Machine("an annual release without a published key", "annual", "action_required", "KEY_NEEDED", "State the key"),
    Machine("an evaluation", "trial", "action_required", "GUEST_IS_EVALUATION", "/Set-Edition:ServerStandard "),
    Machine("switched off", "switched-off", "unknown", "GUEST_OFF", "Start it"),
)


@dataclass(frozen=True)
class Guest:
    symptom: str
    machine: str
    finding: str
    remedy: str


# What a guest says of itself, where something is wrong with it.
GUESTS = (
    Guest("the Data Exchange service is disabled", "service-off", "DATA_EXCHANGE_SERVICE_DISABLED", "Set-Service vmickvpexchange"),
    Guest("the Data Exchange service is idle", "service-idle", "DATA_EXCHANGE_SERVICE_STOPPED", "hyperv.avma.data_exchange"),
    Guest("no activation device in an old guest", "no-device", "ACTIVATION_DEVICE_MISSING", "vmguest.iso"),
    Guest("an unknown device in a newer guest", "unknown-device", "ACTIVATION_DEVICE_FAILED", "updates of Windows"),
    Guest("lifted and shifted into Azure", "in-azure", "GUEST_IN_AZURE", "azkms.core.windows.net:1688"),
    Guest("on another hypervisor, with 0xC004FD01 as its reason", "on-kvm", "NOT_ON_HYPERV", "KMS or MAK"),
    Guest("two keys", "two-keys", "GUEST_KEPT_OTHER_CHANNEL", "replace_licensed"),
)


@dataclass(frozen=True)
class Row:
    """``writes``: the licensing methods that were called, once each unless in ``repeated``. ``words`` stand in the message."""

    symptom: str
    machine: str
    outcome: str
    findings: tuple[str, ...] = ()
    words: str = ""
    writes: tuple[str, ...] = NOTHING
    code: str | None = None
    repeated: tuple[str, ...] = NOTHING


UNKNOWN_HOST = "HOST_READINESS_UNKNOWN"
# activate.yml, which judges the hosts first
ACTIVATED = (
    # the key follows from build and edition
    Row("a 2016 guest", "of-2016", "activated", writes=BOTH),
    Row("a 2019 guest", "of-2019", "activated", writes=BOTH),
    Row("a 2022 guest", "of-2022", "activated", writes=BOTH),
    Row("a 2025 guest", "of-2025", "activated", writes=BOTH),
    Row("an Essentials guest", "essentials", "activated", writes=BOTH),
    Row("a semi-annual guest", "semi-annual", "activated", writes=BOTH),
    Row("no key is published", "annual", "refused", ("KEY_NEEDED",), "State the key in 'key'"),
    # AVMA does not serve it
    Row("Azure Edition on a plain host", "azure-edition", "refused", ("GUEST_IS_AZURE_EDITION",), "entitled Azure Local"),
    Row("a client", "client", "refused", ("GUEST_IS_CLIENT",), "its own key"),
    Row("Nano Server", "nano", "refused", ("GUEST_EDITION_NOT_SUPPORTED",), "Server Core"),
    Row("Foundation", "foundation", "refused", ("GUEST_EDITION_NOT_SUPPORTED",), "with the hardware"),
    Row("Hyper-V Server in a guest", "free-in-guest", "refused", ("GUEST_EDITION_NOT_SUPPORTED",), "needs no activation"),
    Row("Azure Local in a guest", "azl-in-guest", "refused", ("GUEST_EDITION_NOT_SUPPORTED",), "Register it with Azure"),
    Row("older than AVMA", "too-old", "refused", ("GUEST_TOO_OLD",), "KMS or MAK"),
    Row("an evaluation takes no key", "trial", "refused", ("GUEST_IS_EVALUATION",), "DISM /Online /Set-Edition:ServerStandard"),
    Row("Set-Edition is refused on a domain controller", "trial-dc", "refused", ("GUEST_IS_EVALUATION",), "demote it first"),
    # keys
    Row("a KMS client key that finds no KMS", "gvlk-there", "activated", writes=BOTH),
    Row("a KMS client key given for an AVMA key", "gvlk-given", "refused", ("KEY_IS_KMS_CLIENT_KEY",), "state an AVMA key"),
    Row("a 2016 key for a 2022 guest", "key-of-2016", "refused", ("KEY_FOR_OTHER_RELEASE",), "the AVMA key of the guest's release"),
    Row(
        "the key is not valid",
        "key-mistyped",
        "failed",
        ("KEY_NOT_CONFIRMED", "KEY_INSTALL_FAILED"),
        "the AVMA key of the guest's own release and edition",
        (INSTALL,),
        "0xC004F050",
    ),
    Row(
        "the key's edition is not installed",
        "key-of-edition",
        "failed",
        ("KEY_NOT_CONFIRMED", "KEY_INSTALL_FAILED"),
        "DISM /Online /Set-Edition",
        (INSTALL,),
        "0xC004F069",
    ),
    Row(
        "the key is of another release",
        "key-of-release",
        "failed",
        ("KEY_NOT_CONFIRMED", "KEY_INSTALL_FAILED"),
        "the AVMA key of the guest's own release and edition",
        (INSTALL,),
        "0xC004F050",
    ),
    Row("installed successfully, and not licensed", "keyed-only", "activated", writes=(ACTIVATE,)),
    Row("two products with keys", "two-keys", "kept", ("GUEST_KEPT_OTHER_CHANNEL",), "replace_licensed"),
    Row("an add-on with a key", "with-addon", "activated", writes=BOTH),
    Row("an AVMA key does no harm, they say", "working-mak", "kept", ("GUEST_KEPT_OTHER_CHANNEL",), "replace_licensed"),
    Row("and not to an OEM licence either", "working-oem", "kept", ("GUEST_KEPT_OTHER_CHANNEL",), "replace_licensed"),
    # activated, whatever it looks like
    Row("the desktop says that it is not activated", "watermark", "already_activated"),
    Row("it expires in seven days", "seven-days", "already_activated"),
    Row("the Data Exchange service is idle", "service-idle", "already_activated"),
    Row("activated on another node", "moved", "already_activated"),
    Row("good for weeks", "ran-for-weeks", "already_activated"),
    Row("upgraded in place one day", "upgraded", "already_activated"),
    # Data Exchange and the device
    Row("Data Exchange is off on the host", "exchange-off", "activated", writes=BOTH),
    Row("Data Exchange is off in the guest", "service-off", "activated", writes=BOTH),
    Row("old integration services", "old-protocol", "activated", writes=BOTH),
    Row("integration services that do not fit", "no-protocol", "activated", writes=BOTH),
    Row(
        "no activation device", "no-device", "failed", ("ACTIVATION_DEVICE_MISSING", "ACTIVATION_FAILED"), "vmguest.iso", BOTH, "0xC004FD01"
    ),
    Row(
        "an unknown device",
        "unknown-device",
        "failed",
        ("ACTIVATION_DEVICE_FAILED", "ACTIVATION_FAILED"),
        "the latest updates of Windows",
        BOTH,
        "0xC004FD01",
    ),
    # busy, or the wrong account
    Row("activation is in progress", "in-progress", "activated", writes=BOTH, repeated=(ACTIVATE,)),
    Row("the service is stopping", "stopping", "activated", writes=BOTH, repeated=BOTH),
    Row("many guests start at once", "many-at-once", "activated", writes=BOTH, repeated=(ACTIVATE,)),
    Row(
        "too many guests start at once",
        "throttled",
        "deferred",
        ("ACTIVATION_DEFERRED",),
        "Wait some minutes",
        BOTH,
        "0xC004FD00",
        (ACTIVATE,),
    ),
    Row("no elevated administrator", "no-rights", "failed", ("KEY_INSTALL_FAILED",), "UAC", (INSTALL,), "0xC004F025"),
    Row("switched off", "switched-off", "deferred", ("GUEST_UNREACHABLE",), "Check that the machine is running"),
    # hosts
    Row("the host was never activated", "under-unactive", "refused", ("HOST_NOT_READY",), "HOST_NOT_ACTIVATED"),
    Row("the host is in grace", "under-grace", "failed", (UNKNOWN_HOST, "ACTIVATION_FAILED"), "Activate host HV-GRACE", BOTH, "0xC004FD02"),
    Row("an OEM host without its marker", "no-marker", "refused", ("HOST_NOT_READY",), "HOST_NOT_ACTIVATED"),
    Row("the host is Standard", "under-standard", "refused", ("HOST_NOT_READY",), "HOST_NOT_DATACENTER"),
    Row("an OEM Standard host", "under-oem", "refused", ("HOST_NOT_READY",), "HOST_NOT_DATACENTER"),
    Row("the free Hyper-V Server", "under-free", "refused", ("HOST_NOT_READY",), "HOST_NOT_DATACENTER"),
    Row("a host older than AVMA", "under-2012", "refused", ("HOST_NOT_READY",), "HOST_TOO_OLD"),
    Row("newer than the host", "newer", "refused", ("GUEST_NEWER_THAN_HOST",), "a host of its own release or a newer one"),
    Row(
        "the host is an evaluation",
        "under-trial",
        "failed",
        (UNKNOWN_HOST, "ACTIVATION_FAILED"),
        "Activate host HV-TRIAL",
        BOTH,
        "0xC004FD02",
    ),
    # Azure Local
    Row("Azure Local with keys", "on-keys-2022", "activated", (UNKNOWN_HOST,), writes=BOTH),
    Row(
        "Azure Local with older keys on a node",
        "on-keys-2019",
        "failed",
        (UNKNOWN_HOST, "AZURE_LOCAL_NOT_ENTITLED", "ACTIVATION_FAILED"),
        "the keys of all nodes must be of one version",
        BOTH,
        "0xC004FD03",
    ),
    Row(
        "Azure Local without a key on a node",
        "on-no-keys",
        "failed",
        (UNKNOWN_HOST, "AZURE_LOCAL_NOT_ENTITLED", "ACTIVATION_FAILED"),
        "Get-VMAutomaticActivation",
        BOTH,
        "0xC004FD02",
    ),
    Row("Azure Local with a subscription, and no AVMA key in the guest", "on-billed", "activated", (UNKNOWN_HOST,), writes=BOTH),
    Row("Azure Edition on Azure Local", "azure-entitled", "activated", ("GUEST_AZURE_EDITION_TRIED", UNKNOWN_HOST), writes=BOTH),
    Row(
        "Azure Local that stops after a month",
        "on-unsynced",
        "failed",
        (UNKNOWN_HOST, "AZURE_LOCAL_NOT_ENTITLED", "ACTIVATION_FAILED"),
        "Sync-AzureStackHCI",
        BOTH,
        "0xC004FD02",
    ),
    # Azure and other hypervisors
    Row("lifted and shifted into Azure", "in-azure", "refused", ("GUEST_IN_AZURE",), "azkms.core.windows.net:1688"),
    Row(
        "in Azure with an AVMA key, or on Azure Stack Hub",
        "in-azure-hub",
        "deferred",  # the inventory lacks its host, so nothing is tried unless the user says so
        ("HOST_NOT_IN_RUN",),
        "avma_unjudged_host",
    ),
    Row(
        "nested in Azure",
        "nest-in-azure",
        "failed",
        (UNKNOWN_HOST, "HOST_IN_AZURE", "ACTIVATION_FAILED"),
        "azkms.core.windows.net:1688",
        BOTH,
        "0xC004FD02",
    ),
    Row("nested elsewhere", "nested", "activated", (UNKNOWN_HOST,), writes=BOTH),
    Row("on another hypervisor", "on-kvm", "refused", ("NOT_ON_HYPERV",), "KMS or MAK"),
)
# guest_key alone, where what the host is comes out only by what Windows answers
ALONE = (
    Row(
        "the host was never activated",
        "under-unactive",
        "failed",
        ("ACTIVATION_FAILED",),
        "Activate host hv-unactivated",
        BOTH,
        "0xC004FD02",
    ),
    Row("an OEM host without its marker", "no-marker", "failed", ("ACTIVATION_FAILED",), "Activate host hv-no-marker", BOTH, "0xC004FD02"),
    Row("the host is Standard", "under-standard", "failed", ("ACTIVATION_FAILED",), "Datacenter host", BOTH, "0xC004FD03"),
    Row("an OEM Standard host", "under-oem", "failed", ("ACTIVATION_FAILED",), "Datacenter host", BOTH, "0xC004FD03"),
    Row("newer than the host", "newer", "failed", ("ACTIVATION_FAILED",), "its own release or a newer one", BOTH, "0xC004FD03"),
    Row("the free Hyper-V Server", "under-free", "failed", ("ACTIVATION_FAILED",), "KMS or MAK", BOTH, "0xC004FD01"),
    Row("a host older than AVMA", "under-2012", "failed", ("ACTIVATION_FAILED",), "KMS or MAK", BOTH, "0xC004FD01"),
    Row(
        "Azure Local without a key on a node",
        "on-no-keys",
        "failed",
        ("ACTIVATION_FAILED",),
        "Activate host azl-no-keys",
        BOTH,
        "0xC004FD02",
    ),
    Row("Azure Edition on Azure Local", "azure-entitled", "refused", ("GUEST_IS_AZURE_EDITION",), "state 'key'"),
    Row("lifted and shifted into Azure", "in-azure", "refused", ("GUEST_IN_AZURE",), "azkms.core.windows.net:1688"),
    Row(
        "in Azure with an AVMA key, or on Azure Stack Hub",
        "in-azure-hub",
        "failed",
        ("GUEST_IN_AZURE", "ACTIVATION_FAILED"),
        "OEM marker",
        (ACTIVATE,),
        "0xC004FD01",
    ),
    Row(
        "no activation device", "no-device", "failed", ("ACTIVATION_DEVICE_MISSING", "ACTIVATION_FAILED"), "vmguest.iso", BOTH, "0xC004FD01"
    ),
)
