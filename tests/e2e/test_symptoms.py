# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators report of AVMA, each on a machine of its own in ``symptoms.yml``: found, explained, remedied, and nothing else changed.

The tables name the symptom as the one sees it who has it. A run is shared by all rows of its table.
"""

from __future__ import annotations

import re
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .labs import Lab, running_lab
from .playing import Player, Run

pytestmark = pytest.mark.e2e

SCENARIO = Path(__file__).parent / "symptoms.yml"
AVMA = "VT:IA"
INSTALL, ACTIVATE = "InstallProductKey", "Activate"
BOTH = (INSTALL, ACTIVATE)
NOTHING: tuple[str, ...] = ()
# Keys that somebody gives by hand.
KEYS = {
    "gvlk-given": "VDYBN-27WPP-V4HQT-9VMD4-VMK7H",
    "key-of-2016": "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD",
    "key-mistyped": "YDFWN-MJ9JR-3DYRK-FXXRW-78VHX",
    "key-of-edition": "NTHRD-NTHRD-NTHRD-NTHRD-NTHRD",
    "key-of-release": "NTHRR-NTHRR-NTHRR-NTHRR-NTHRR",
}
ELSEWHERE = "elsewhere"  # the host that nobody has in the inventory
DISM = re.compile(r"DISM /Online /Set-Edition:(\w+) /ProductKey:([A-Z0-9-]{29}) /AcceptEula")


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
    Machine("the host is Standard", "under-standard", "action_required", "HOST_NOT_READY", "Put the host right"),
    Machine("the node is not activated", "moved", "action_required", "HOST_NOT_READY", "Put the host right"),
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
    Row("no key is published", "annual", "refused", ("KEY_NEEDED",), "State the key in 'key'."),
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
        "failed",
        ("GUEST_IN_AZURE", "ACTIVATION_FAILED"),
        "OEM marker",
        (ACTIVATE,),
        "0xC004FD01",
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
        "no activation device", "no-device", "failed", ("ACTIVATION_DEVICE_MISSING", "ACTIVATION_FAILED"), "vmguest.iso", BOTH, "0xC004FD01"
    ),
)


@dataclass(frozen=True)
class Played:
    """A run, and the licences of the lab before and after it. ``asked``: how often each licensing method was called, by machine."""

    run: Run
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    asked: dict[str, dict[str, int]]
    settings_before: dict[str, dict[str, Any]]
    settings_after: dict[str, dict[str, Any]]


def player(lab: Lab) -> Player:
    made = lab.player()
    groups = made.inventory["all"]["children"]
    del groups["hyperv_hosts"]["hosts"][ELSEWHERE]
    for name, key in KEYS.items():
        groups["guests"]["hosts"][name]["avma_key"] = key
    groups["guests"]["hosts"]["no-rights"] |= {"ansible_user": "reader", "ansible_password": "Lab-Reader1!"}
    return made


def licences(lab: Lab) -> dict[str, dict[str, Any]]:
    return {str(row["name"]): dict(lab.machine(row["name"])["licence"]) for row in lab.get("/machines")}


def asked(lab: Lab) -> dict[str, dict[str, int]]:
    """Calls of the methods that change a licence, refused ones too."""
    found: dict[str, dict[str, int]] = {}
    for machine, actions in lab.actions().items():
        methods = {action.rpartition(".")[2]: count for action, count in actions.items() if action.startswith("SoftwareLicensing")}
        found[machine] = {method: methods[method] for method in methods if method in BOTH}
    return found


def settings(lab: Lab) -> dict[str, dict[str, Any]]:
    """What a host has set for each virtual machine, by name."""
    wanted = ("disabled_components", "host_items", "host_only_items", "notes", "state")
    hosts = lab.get("/state")["hosts"].values()
    return {vm["name"]: {name: vm[name] for name in wanted} for host in hosts for vm in host["vms"].values()}


def guest_key(lab: Lab, pattern: str, **options: Any) -> Run:
    task = {"name": "Activate", "hyperv.avma.guest_key": {"key": "{{ avma_key | default(omit) }}", "wait": 12, "fail_on": [], **options}}
    return player(lab).tasks(pattern, [task])


def watch(lab: Lab, play: Callable[[], Run]) -> Played:
    lab.reset_counters()
    before, set_before = licences(lab), settings(lab)
    run = play()
    return Played(run, before, licences(lab), asked(lab), set_before, settings(lab))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab(str(SCENARIO)) as made:
        yield made


# looking


@pytest.fixture(scope="module")
def looked(lab: Lab) -> Played:
    tasks = [
        {"name": "Host", "hyperv.avma.host_info": {}, "when": "inventory_hostname in groups['hyperv_hosts']"},
        {"name": "Machines", "hyperv.avma.kvp_info": {"items": False}, "when": "inventory_hostname in groups['hyperv_hosts']"},
        {"name": "Guest", "hyperv.avma.guest_info": {}, "when": "inventory_hostname in groups['guests']"},
    ]
    untouched = lab.digest()
    played = watch(lab, lambda: player(lab).tasks("all", tasks))
    assert lab.digest() == untouched, "looking has changed something"
    return played


@pytest.mark.parametrize("row", HOSTS, ids=lambda row: row.machine)
def test_host(looked: Played, row: Host) -> None:
    result = looked.run.one("host_info", row.machine)
    found = result["findings"]
    assert result["host"]["avma"]["ready"] is row.ready
    assert tuple(one["code"] for one in found) == row.findings
    assert all(one["object"].lower() == row.machine for one in found)
    assert row.remedy in (found[0]["remedy"] if found else "")


def machines(run: Run) -> dict[str, dict[str, Any]]:
    return {vm["name"]: vm for task in run.of("kvp_info") if task.kind == "ok" for vm in task.result["vms"]}


@pytest.mark.parametrize("row", MACHINES, ids=lambda row: row.machine)
def test_machine_as_its_host_sees_it(looked: Played, row: Machine) -> None:
    vm = machines(looked.run)[row.machine]
    assert vm["avma"]["status"] == row.status
    assert vm["findings"][0]["code"] == row.finding
    assert row.remedy in vm["findings"][0]["remedy"]


@pytest.mark.parametrize("row", GUESTS, ids=lambda row: row.machine)
def test_guest_as_it_sees_itself(looked: Played, row: Guest) -> None:
    (found,) = looked.run.one("guest_info", row.machine)["findings"]
    assert found["code"] == row.finding
    assert row.remedy in found["remedy"]


def test_what_is_normal_is_not_reported(looked: Played) -> None:
    """No alarm at the minutes of an activation that is renewed, at a date that means never, or at a key without its activation."""
    renewed = looked.run.one("guest_info", "seven-days")
    assert (renewed["activated_by_avma"], renewed["findings"]) == (True, [])
    assert 9990 <= renewed["guest"]["licence"]["minutes_remaining"] <= 10000
    keyed = looked.run.one("guest_info", "keyed-only")
    assert (keyed["activated"], keyed["guest"]["licence"]["channel"]) == (False, "avma"), "a key is no activation"
    assert keyed["guest"]["licence"]["avma"]["last_activation"] is None, "1601 is shown as never"
    assert keyed["guest"]["licence"]["evaluation_end"] is None
    assert looked.run.one("guest_info", "watermark")["activated_by_avma"] is True


def test_of_several_keys_the_one_of_windows_that_is_licensed_counts(looked: Played) -> None:
    two = looked.run.one("guest_info", "two-keys")["guest"]
    assert [(one["channel"], one["licensed"]) for one in two["licences"]] == [("mak", True), ("kms_client", False)]
    assert two["licence"]["channel"] == "mak"
    addon = looked.run.one("guest_info", "with-addon")["guest"]
    assert [one["channel"] for one in addon["licences"]] == ["kms_client"], "an add-on is not Windows"


def test_licences_are_asked_by_name_and_condition(lab: Lab) -> None:
    """All properties of all rows take Windows many seconds, and one of the service is a real, whole key."""
    lab.reset()
    guest_key(lab, "of-2022")
    queries = re.findall(r"select .*? from softwarelicensing.*?<", lab.text("/trace?last=50&bodies=1").lower())
    assert len([query for query in queries if "softwarelicensingproduct" in query]) >= 3
    for query in queries:
        assert "*" not in query
        assert "oa3x" not in query
        assert "softwarelicensingservice" in query or ("where applicationid" in query and "partialproductkey" in query)


# activating


@pytest.fixture(scope="module")
def activated(lab: Lab, looked: Played) -> Played:
    lab.reset()
    return watch(lab, lambda: player(lab).playbook("activate", avma_wait=20, avma_report=False))


@pytest.fixture(scope="module")
def again(lab: Lab, activated: Played) -> Played:
    """A second run over what the first one has left."""
    return watch(lab, lambda: player(lab).playbook("activate", avma_wait=4, avma_report=False))


@pytest.fixture(scope="module")
def alone(lab: Lab, again: Played) -> Played:
    lab.reset()
    return watch(lab, lambda: guest_key(lab, ",".join(row.machine for row in ALONE)))


def check(played: Played, row: Row) -> None:
    result = played.run.one("guest_key", row.machine)
    assert result["outcome"] == row.outcome, result.get("msg")
    if row.findings or not row.writes:
        assert tuple(one["code"] for one in result["findings"]) == row.findings
    assert row.words in result.get("msg", "")
    assert (result.get("error") or {}).get("code") == row.code
    calls = played.asked.get(row.machine, {})
    assert tuple(method for method in BOTH if method in calls) == row.writes
    assert {method for method, count in calls.items() if count > 1} == set(row.repeated)
    now, then = played.after[row.machine], played.before[row.machine]
    if row.outcome == "activated":
        assert (now["channel"], now["status"]) == (AVMA, 1)
    if row.writes == NOTHING or "KEY_INSTALL_FAILED" in row.findings:
        same = ("channel", "partial_key", "status", "reason", "iaid", "installations")
        assert {name: now[name] for name in same} == {name: then[name] for name in same}, "it was to be left as it is"
        assert result["changed"] is False
    else:
        assert result["changed"] is (now["installations"] > then["installations"] or now["status"] != then["status"])


def test_every_guest_of_the_fleet_has_a_row(lab: Lab) -> None:
    guests = {row["name"] for row in lab.get("/machines") if lab.machine(row["name"])["kind"] == "guest"}
    assert {row.machine for row in ACTIVATED} == guests
    assert len(ACTIVATED) == len(guests)


@pytest.mark.parametrize("row", ACTIVATED, ids=lambda row: row.machine)
def test_symptom_in_a_run_that_knows_the_hosts(activated: Played, row: Row) -> None:
    check(activated, row)


@pytest.mark.parametrize("row", ALONE, ids=lambda row: row.machine)
def test_symptom_where_only_the_guest_is_asked(alone: Played, row: Row) -> None:
    check(alone, row)


def test_of_the_machines_settings_only_data_exchange_is_changed(activated: Played) -> None:
    before = activated.settings_before
    changed = {name: vm for name, vm in activated.settings_after.items() if vm != before[name]}
    assert set(changed) == {"exchange-off", "service-idle"}
    for name, vm in changed.items():
        assert {**vm, "disabled_components": before[name]["disabled_components"]} == before[name]
        assert set(before[name]["disabled_components"]) - set(vm["disabled_components"]) == {"kvp"}


def test_no_key_is_installed_twice(activated: Played, again: Played) -> None:
    failed_keys = {row.machine for row in ACTIVATED if "KEY_INSTALL_FAILED" in row.findings}
    assert {name for name, calls in again.asked.items() if INSTALL in calls} == failed_keys
    assert all(now["installations"] <= 1 for now in again.after.values())
    assert again.run.changes == {}, again.run.changes
    for row in ACTIVATED:
        if row.outcome in ("activated", "already_activated"):
            assert again.run.one("guest_key", row.machine)["outcome"] == "already_activated"


# what needs more than one step


def test_wishes_and_conversions(lab: Lab, alone: Played) -> None:
    """An evaluation becomes a licensed edition by the very command that was told, an upgrade in place ends in AVMA again, a MAK goes only on wish."""
    lab.reset()
    refused = guest_key(lab, "trial").one("guest_key", "trial")
    told = DISM.search(refused["msg"])
    assert told is not None, refused["msg"]
    lab.arrange("set_edition", machine="trial", edition=told[1], key=told[2])
    with pytest.raises(urllib.error.HTTPError):
        lab.arrange("set_edition", machine="trial-dc", edition="ServerDatacenterCor", key="W3GNR-8DDXR-2TFRP-H8P33-DV9BG")
    with pytest.raises(urllib.error.HTTPError):
        lab.arrange("upgrade", machine="upgraded", release="2022", key="YDFWN-MJ9JR-3DYRK-FXXRW-78VHK")
    lab.arrange("upgrade", machine="upgraded", release="2022", key="VDYBN-27WPP-V4HQT-9VMD4-VMK7H")
    # the licensing service has another word for these two
    lab.arrange("rule", section="licensing", name="user_refusal", value=0x80070005)
    lab.arrange("rule", section="licensing", name="wrong_version", value=0xC004E016)
    made = player(lab)
    made.inventory["all"]["children"]["guests"]["hosts"]["of-2022"]["wish_activate"] = False
    wish = {
        "key": "{{ avma_key | default(omit) }}",
        "activate": "{{ wish_activate | default(true) }}",
        "replace_licensed": "{{ inventory_hostname in ['working-mak', 'two-keys'] }}",
        "wait": 12,
        "fail_on": [],
    }
    pattern = "trial,upgraded,working-mak,two-keys,no-rights,key-of-release,of-2022"
    run = made.tasks(pattern, [{"name": "Activate", "hyperv.avma.guest_key": wish}])
    outcomes = {name: run.one("guest_key", name)["outcome"] for name in pattern.split(",")}
    assert outcomes == {
        "trial": "activated",
        "upgraded": "activated",
        "working-mak": "activated",
        "two-keys": "activated",
        "no-rights": "failed",
        "key-of-release": "failed",
        "of-2022": "keyed",
    }
    for name in ("working-mak", "two-keys"):
        found = run.one("guest_key", name)["findings"]
        assert "KEY_REPLACED" in {one["code"] for one in found}
    assert run.one("guest_key", "key-of-release")["error"]["code"] == "0xC004E016"
    denied = run.one("guest_key", "no-rights")
    assert denied["error"]["code"] == "0x80070005"
    assert "administrator" in denied["msg"]
    keyed = run.one("guest_key", "of-2022")
    assert (keyed["key_installed"], keyed["activated"]) == (True, False), "to install a key is not to activate"


def test_what_lapses_after_weeks_of_good_running(lab: Lab, alone: Played) -> None:
    lab.reset()
    lab.post("/clock", {"advance_minutes": 10 * 24 * 60})
    lapsed = lab.machine("ran-for-weeks")["licence"]
    assert (lapsed["channel"], lapsed["status"]) == (AVMA, 5)
    tasks = [
        {"name": "Host", "hyperv.avma.host_info": {}, "when": "inventory_hostname in groups['hyperv_hosts']", "register": "host_result"},
        {
            "name": "Guest",
            "hyperv.avma.guest_key": {
                "wait": 8,
                "fail_on": [],
                "hosts": "{{ ['hv-kms', 'node-b'] | map('extract', hostvars, ['host_result', 'readiness']) | list if knows_hosts else [] }}",
            },
            "when": "inventory_hostname in groups['guests']",
        },
    ]
    pattern = "hv-kms,node-b,ran-for-weeks,moved"
    known = player(lab).tasks(pattern, tasks, knows_hosts=True)
    (host,) = known.one("host_info", "hv-kms")["findings"]
    assert host["code"] == "HOST_NOT_ACTIVATED"
    assert "0xC004F009" in host["cause"]
    assert "slmgr /ato" in host["remedy"], "the host's KMS is what must be repaired"
    for name in ("ran-for-weeks", "moved"):
        result = known.one("guest_key", name)
        assert (result["outcome"], [one["code"] for one in result["findings"]]) == ("refused", ["HOST_NOT_READY"])
        assert asked(lab).get(name, {}) == {}
    unknown = player(lab).tasks(pattern, tasks, knows_hosts=False)
    for name, host_name in (("ran-for-weeks", "hv-kms"), ("moved", "node-b")):
        result = unknown.one("guest_key", name)
        assert (result["outcome"], result["error"]["code"]) == ("failed", "0xC004FD02")
        assert f"Activate host {host_name}" in result["msg"]
        assert asked(lab)[name] == {ACTIVATE: 1}, "the key is there"
    lab.arrange("licence", machine="hv-kms", status="licensed", minutes=200000)
    lab.arrange("migrate", vm="moved", host="node-a")
    assert guest_key(lab, "ran-for-weeks,moved").outcomes() == {"ran-for-weeks": "activated", "moved": "activated"}
