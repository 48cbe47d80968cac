# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for one guest: a table of what is there and what is to be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    ComputerFacts,
    GuestFacts,
    GuestPlacement,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import GuestPlan, KeyWish, StepKind, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import HostView
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.key_choice import KeySource
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

DATACENTER_2022 = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
STANDARD_2022 = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
DATACENTER_2019 = "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW"
AZURE_2022 = "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J"
GVLK_2022 = "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"
UNPUBLISHED = "QQQQQ-WWWWW-RRRRR-TTTTT-YYYYY"

HYPERV = ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine")
BOTH = [StepKind.INSTALL_KEY, StepKind.ACTIVATE]
READY = HostView("HV01", True, PUBLISHED.release_named("2022"), False)


def licence(channel: Channel, status: LicenceStatus = LicenceStatus.LICENSED, last_five: str | None = "ABCDE", **more: Any) -> LicenceFacts:
    return LicenceFacts("id", channel, status, None, partial_product_key=last_five, **more)


def guest(*licences: LicenceFacts, build: int | None = 20348, sku: int | None = 8, product_type: int | None = 3, **more: Any) -> GuestFacts:
    return GuestFacts(OsFacts(name="web01", build=build, sku=sku, product_type=product_type), licences, **more)


def kinds(plan: GuestPlan) -> list[StepKind]:
    return [step.kind for step in plan.steps]


def codes(plan: GuestPlan) -> list[str]:
    return [found.code for found in plan.findings]


UNLICENSED_GVLK = licence(Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, "6VM33")
AVMA = licence(Channel.AVMA, LicenceStatus.LICENSED, "DV9BG", minutes_remaining=10_080)
AVMA_KEYED = licence(Channel.AVMA, LicenceStatus.NOTIFICATION, "DV9BG")
EVALUATION = licence(Channel.EVALUATION, evaluation_end=datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("facts", [guest(sku=4242), guest(sku=0xABCDABCD), guest(sku=None, product_type=None)])
def test_a_guest_that_does_not_know_its_edition_is_not_told_to_be_asked_again(facts: GuestFacts) -> None:
    (found,) = plan_guest_key(facts, KeyWish(), tables=PUBLISHED).findings
    assert found.code == "GUEST_UNKNOWN"
    assert "Get-ComputerInfo" in found.remedy
    assert "guest_info" not in found.remedy


AZURE = ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine", asset_tag="7783-7084-3265-9085-8269-3286-77")


@pytest.mark.parametrize(
    ("licences", "wish", "outcome", "steps", "found"),
    [
        ((UNLICENSED_GVLK,), KeyWish(), Outcome.REFUSED, [], ["GUEST_IN_AZURE"]),
        ((), KeyWish(activate=False), Outcome.REFUSED, [], ["GUEST_IN_AZURE"]),
        # Azure Stack Hub has the same chassis: what is stated or there is tried
        ((UNLICENSED_GVLK,), KeyWish(key=DATACENTER_2022), Outcome.ACTIVATED, BOTH, ["GUEST_IN_AZURE"]),
        ((AVMA_KEYED,), KeyWish(), Outcome.ACTIVATED, [StepKind.ACTIVATE], ["GUEST_IN_AZURE"]),
        ((AVMA,), KeyWish(), Outcome.ALREADY_ACTIVATED, [], []),
        ((licence(Channel.MAK),), KeyWish(), Outcome.KEPT, [], ["GUEST_KEPT_OTHER_CHANNEL"]),
    ],
)
def test_in_azure_no_key_is_installed_unasked(
    licences: tuple[LicenceFacts, ...], wish: KeyWish, outcome: Outcome, steps: list[StepKind], found: list[str]
) -> None:
    plan = plan_guest_key(guest(*licences, computer=AZURE), wish, tables=PUBLISHED)
    assert (plan.outcome, kinds(plan), codes(plan)) == (outcome, steps, found)


@pytest.mark.parametrize(
    ("facts", "wish", "outcome", "steps", "found"),
    [
        # nothing there, or a key that is not licensed
        (guest(), KeyWish(), Outcome.ACTIVATED, BOTH, []),
        (guest(UNLICENSED_GVLK), KeyWish(), Outcome.ACTIVATED, BOTH, []),
        (guest(UNLICENSED_GVLK), KeyWish(activate=False), Outcome.KEYED, [StepKind.INSTALL_KEY], []),
        (guest(licence(Channel.RETAIL, LicenceStatus.OUT_OF_BOX_GRACE)), KeyWish(), Outcome.ACTIVATED, BOTH, ["KEY_REPLACED"]),
        (guest(licence(Channel.MAK, LicenceStatus.NOTIFICATION)), KeyWish(), Outcome.ACTIVATED, BOTH, ["KEY_REPLACED"]),
        # an AVMA key is there
        (guest(AVMA), KeyWish(), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(AVMA), KeyWish(key=DATACENTER_2022.lower()), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(AVMA), KeyWish(activate=False), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(replace(AVMA, partial_product_key="dv9bg")), KeyWish(), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(replace(AVMA, partial_product_key=None)), KeyWish(), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(replace(AVMA, partial_product_key="ZZZZZ")), KeyWish(), Outcome.ALREADY_ACTIVATED, [], ["GUEST_AVMA_KEY_DIFFERS"]),
        (guest(AVMA), KeyWish(key=UNPUBLISHED), Outcome.ACTIVATED, BOTH, ["KEY_NOT_CONFIRMED"]),
        (guest(AVMA, build=31000), KeyWish(), Outcome.ALREADY_ACTIVATED, [], []),
        (guest(AVMA_KEYED), KeyWish(), Outcome.ACTIVATED, [StepKind.ACTIVATE], []),
        (guest(AVMA_KEYED), KeyWish(activate=False), Outcome.KEYED, [], []),
        (guest(replace(AVMA_KEYED, partial_product_key="WMBMW")), KeyWish(), Outcome.ACTIVATED, BOTH, []),
        (guest(replace(AVMA_KEYED, partial_product_key="ZZZZZ"), build=31000), KeyWish(), Outcome.ACTIVATED, [StepKind.ACTIVATE], []),
        (guest(UNLICENSED_GVLK, AVMA_KEYED), KeyWish(), Outcome.ACTIVATED, [StepKind.ACTIVATE], []),
        # licensed in another way
        *[
            (guest(licence(channel)), KeyWish(), Outcome.KEPT, [], ["GUEST_KEPT_OTHER_CHANNEL"])
            for channel in (Channel.MAK, Channel.RETAIL, Channel.OEM, Channel.KMS_CLIENT, Channel.KMS_HOST, Channel.UNKNOWN)
        ],
        (guest(licence(Channel.MAK)), KeyWish(key=DATACENTER_2022), Outcome.KEPT, [], ["GUEST_KEPT_OTHER_CHANNEL"]),
        (guest(licence(Channel.MAK)), KeyWish(replace_licensed=True), Outcome.ACTIVATED, BOTH, ["KEY_REPLACED"]),
        (guest(licence(Channel.KMS_CLIENT)), KeyWish(replace_licensed=True), Outcome.ACTIVATED, BOTH, ["KEY_REPLACED"]),
        (guest(UNLICENSED_GVLK, licence(Channel.MAK)), KeyWish(), Outcome.KEPT, [], ["GUEST_KEPT_OTHER_CHANNEL"]),
        (guest(licence(Channel.KMS_HOST, LicenceStatus.NOTIFICATION)), KeyWish(), Outcome.KEPT, [], ["GUEST_IS_KMS_HOST"]),
        (guest(licence(Channel.OEM, LicenceStatus.UNKNOWN)), KeyWish(), Outcome.KEPT, [], ["GUEST_LICENCE_UNKNOWN"]),
        # AVMA is not for it
        (guest(sku=48, product_type=1, build=26100), KeyWish(), Outcome.REFUSED, [], ["GUEST_IS_CLIENT"]),
        (guest(sku=33, build=9600), KeyWish(), Outcome.REFUSED, [], ["GUEST_EDITION_NOT_SUPPORTED"]),
        (guest(sku=144, build=14393), KeyWish(), Outcome.REFUSED, [], ["GUEST_EDITION_NOT_SUPPORTED"]),
        (guest(sku=42, build=17763), KeyWish(), Outcome.REFUSED, [], ["GUEST_EDITION_NOT_SUPPORTED"]),
        (guest(build=9200), KeyWish(), Outcome.REFUSED, [], ["GUEST_TOO_OLD"]),
        (guest(build=9200), KeyWish(key=UNPUBLISHED), Outcome.REFUSED, [], ["GUEST_TOO_OLD"]),
        (guest(sku=None, product_type=None), KeyWish(), Outcome.REFUSED, [], ["GUEST_UNKNOWN"]),
        (guest(sku=0xABCDABCD), KeyWish(), Outcome.REFUSED, [], ["GUEST_UNKNOWN"]),
        # evaluation
        (guest(EVALUATION, sku=79), KeyWish(), Outcome.REFUSED, [], ["GUEST_IS_EVALUATION"]),
        (guest(EVALUATION, sku=8), KeyWish(), Outcome.REFUSED, [], ["GUEST_IS_EVALUATION"]),
        (guest(sku=159), KeyWish(), Outcome.REFUSED, [], ["GUEST_IS_EVALUATION"]),
        (guest(EVALUATION, sku=80), KeyWish(replace_licensed=True), Outcome.REFUSED, [], ["GUEST_IS_EVALUATION"]),
        # the release or its key is not known
        (guest(build=31000), KeyWish(), Outcome.REFUSED, [], ["GUEST_BUILD_UNKNOWN"]),
        (guest(build=None), KeyWish(), Outcome.REFUSED, [], ["GUEST_BUILD_UNKNOWN"]),
        (guest(build=31000), KeyWish(key=UNPUBLISHED), Outcome.ACTIVATED, BOTH, ["KEY_NOT_CONFIRMED"]),
        (guest(build=19042, sku=146), KeyWish(), Outcome.REFUSED, [], ["KEY_NEEDED"]),
        (guest(build=25398, sku=145), KeyWish(), Outcome.REFUSED, [], ["KEY_NEEDED"]),
        (guest(build=19042, sku=145), KeyWish(key=DATACENTER_2019), Outcome.ACTIVATED, BOTH, ["KEY_NOT_CONFIRMED"]),
        (guest(build=20348, sku=50), KeyWish(), Outcome.REFUSED, [], ["KEY_NEEDED"]),
        # keys that do not belong there
        (guest(), KeyWish(key="not a key"), Outcome.REFUSED, [], ["KEY_MALFORMED"]),
        (guest(), KeyWish(key=GVLK_2022), Outcome.REFUSED, [], ["KEY_IS_KMS_CLIENT_KEY"]),
        (guest(AVMA), KeyWish(key=GVLK_2022), Outcome.REFUSED, [], ["KEY_IS_KMS_CLIENT_KEY"]),
        (guest(), KeyWish(key=STANDARD_2022), Outcome.REFUSED, [], ["KEY_FOR_OTHER_EDITION"]),
        (guest(), KeyWish(key=DATACENTER_2019), Outcome.REFUSED, [], ["KEY_FOR_OTHER_RELEASE"]),
        (guest(build=19042, sku=146), KeyWish(key=DATACENTER_2019), Outcome.REFUSED, [], ["KEY_FOR_OTHER_EDITION"]),
        (guest(), KeyWish(key=UNPUBLISHED), Outcome.ACTIVATED, BOTH, ["KEY_NOT_CONFIRMED"]),
        (guest(build=18363, sku=145), KeyWish(key=DATACENTER_2019), Outcome.ACTIVATED, BOTH, []),
        # a stated key that is there and is of another channel: it is not put in once more
        (
            guest(licence(Channel.MAK, LicenceStatus.NOTIFICATION, "YYYYY")),
            KeyWish(key=UNPUBLISHED),
            Outcome.REFUSED,
            [],
            ["KEY_IS_OTHER_CHANNEL"],
        ),
        (
            guest(licence(Channel.MAK, last_five="YYYYY")),
            KeyWish(key=UNPUBLISHED, replace_licensed=True),
            Outcome.REFUSED,
            [],
            ["KEY_IS_OTHER_CHANNEL"],
        ),
        # Azure Edition
        (guest(sku=407), KeyWish(), Outcome.REFUSED, [], ["GUEST_IS_AZURE_EDITION"]),
        (guest(sku=407), KeyWish(key=AZURE_2022), Outcome.ACTIVATED, BOTH, ["GUEST_AZURE_EDITION_TRIED"]),
        # elsewhere than on Hyper-V
        (guest(computer=HYPERV), KeyWish(), Outcome.ACTIVATED, BOTH, []),
        (guest(computer=ComputerFacts()), KeyWish(), Outcome.ACTIVATED, BOTH, []),
        (guest(computer=ComputerFacts(manufacturer="VMware, Inc.", model="VMware7,1")), KeyWish(), Outcome.REFUSED, [], ["NOT_ON_HYPERV"]),
        (guest(computer=ComputerFacts(manufacturer="QEMU", model="Standard PC")), KeyWish(), Outcome.REFUSED, [], ["NOT_ON_HYPERV"]),
        (
            guest(computer=ComputerFacts(manufacturer="Microsoft Corporation", model="Surface Pro")),
            KeyWish(),
            Outcome.REFUSED,
            [],
            ["NOT_ON_HYPERV"],
        ),
    ],
)
def test_plan(facts: GuestFacts, wish: KeyWish, outcome: Outcome, steps: list[StepKind], found: list[str]) -> None:
    plan = plan_guest_key(facts, wish, tables=PUBLISHED)
    assert (plan.outcome, kinds(plan), codes(plan)) == (outcome, steps, found)


@pytest.mark.parametrize(
    ("build", "sku", "key"),
    [
        (9600, 7, "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V"),
        (14393, 13, "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
        (17134, 145, "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
        (17763, 50, "2CTP7-NHT64-BP62M-FV6GG-HFV28"),
        (17763, 145, DATACENTER_2019),
        (18363, 146, "TNK62-RXVTB-4P47B-2D623-4GF74"),
        (20348, 12, DATACENTER_2022),
        (26100, 7, "WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4"),
    ],
)
def test_the_key_is_chosen_by_build_and_edition(build: int, sku: int, key: str) -> None:
    plan = plan_guest_key(guest(build=build, sku=sku), KeyWish(), tables=PUBLISHED)
    assert plan.key is not None
    assert (plan.key.key, plan.key.display, plan.key.source) == (key, key, KeySource.TABLES)


@pytest.mark.parametrize(
    ("host", "outcome", "found"),
    [
        (READY, Outcome.ACTIVATED, []),
        (replace(READY, ready=False, findings=("HOST_IN_CLUSTER", "HOST_NOT_DATACENTER")), Outcome.REFUSED, ["HOST_NOT_READY"]),
        (replace(READY, ready=None, findings=("HOST_LICENCE_AT_RISK",)), Outcome.ACTIVATED, ["HOST_READINESS_UNKNOWN"]),
        (replace(READY, release=PUBLISHED.release_named("2019")), Outcome.REFUSED, ["GUEST_NEWER_THAN_HOST"]),
        (
            replace(READY, release=PUBLISHED.release_named("2016"), ready=False),
            Outcome.REFUSED,
            ["GUEST_NEWER_THAN_HOST", "HOST_NOT_READY"],
        ),
        (replace(READY, release=None), Outcome.ACTIVATED, []),
    ],
)
def test_the_host_counts_where_it_is_known(host: HostView, outcome: Outcome, found: list[str]) -> None:
    plan = plan_guest_key(guest(UNLICENSED_GVLK), KeyWish(), host, tables=PUBLISHED)
    assert (plan.outcome, codes(plan)) == (outcome, found)
    assert bool(plan.steps) is (outcome is Outcome.ACTIVATED)
    assert plan.host_name == "HV01"


UNJUDGED = HostView("hv03.corp.example", None, None, problem="hv03 does not answer")
NOWHERE, ELSEWHERE = GuestPlacement(), GuestPlacement("HV09")
LEFT_OUT = HostView("HV03", None, None, problem="it was not asked in this run", to_do="Add hv03 to the limit")
STRICT = KeyWish(require_ready=True)
LICENSED_MAK = licence(Channel.MAK)


@pytest.mark.parametrize(
    ("facts", "wish", "host", "outcome", "found"),
    [
        # could not be asked: the guest is none the worse for it ...
        (guest(UNLICENSED_GVLK), KeyWish(), UNJUDGED, Outcome.ACTIVATED, ["HOST_NOT_JUDGED"]),
        (guest(), KeyWish(), UNJUDGED, Outcome.ACTIVATED, ["HOST_NOT_JUDGED"]),
        # ... unless a licence would be given up
        (guest(LICENSED_MAK), KeyWish(replace_licensed=True), UNJUDGED, Outcome.DEFERRED, ["HOST_NOT_JUDGED"]),
        (guest(LICENSED_MAK), KeyWish(), UNJUDGED, Outcome.KEPT, ["GUEST_KEPT_OTHER_CHANNEL"]),
        (guest(LICENSED_MAK), KeyWish(replace_licensed=True), None, Outcome.ACTIVATED, ["KEY_REPLACED"]),
        (guest(AVMA), KeyWish(), UNJUDGED, Outcome.ALREADY_ACTIVATED, []),
        # no part of the run
        (guest(UNLICENSED_GVLK), KeyWish(), LEFT_OUT, Outcome.DEFERRED, ["HOST_NOT_IN_RUN"]),
        (guest(AVMA), KeyWish(), LEFT_OUT, Outcome.ALREADY_ACTIVATED, []),
        (guest(LICENSED_MAK), KeyWish(), LEFT_OUT, Outcome.KEPT, ["GUEST_KEPT_OTHER_CHANNEL"]),
        # readiness is asked for
        (guest(UNLICENSED_GVLK), STRICT, READY, Outcome.ACTIVATED, []),
        (guest(UNLICENSED_GVLK), STRICT, UNJUDGED, Outcome.DEFERRED, ["HOST_NOT_JUDGED"]),
        (guest(UNLICENSED_GVLK), STRICT, replace(READY, ready=None), Outcome.DEFERRED, ["HOST_READINESS_UNKNOWN"]),
        (guest(UNLICENSED_GVLK), STRICT, replace(READY, ready=False), Outcome.REFUSED, ["HOST_NOT_READY"]),
        (replace(guest(UNLICENSED_GVLK), placement=ELSEWHERE), STRICT, None, Outcome.DEFERRED, ["HOST_NOT_JUDGED"]),
        (replace(guest(UNLICENSED_GVLK), placement=NOWHERE), STRICT, None, Outcome.DEFERRED, ["HOST_NOT_JUDGED"]),
        # where it runs was not asked yet
        (guest(UNLICENSED_GVLK), STRICT, None, Outcome.ACTIVATED, []),
        (guest(AVMA), STRICT, None, Outcome.ALREADY_ACTIVATED, []),
        (guest(LICENSED_MAK), STRICT, UNJUDGED, Outcome.KEPT, ["GUEST_KEPT_OTHER_CHANNEL"]),
    ],
)
def test_a_host_that_could_not_be_judged(
    facts: GuestFacts, wish: KeyWish, host: HostView | None, outcome: Outcome, found: list[str]
) -> None:
    plan = plan_guest_key(facts, wish, host, tables=PUBLISHED)
    assert (plan.outcome, codes(plan)) == (outcome, found)
    assert bool(plan.steps) is (outcome is Outcome.ACTIVATED)


def test_the_host_that_could_not_be_judged_is_named_with_the_reason() -> None:
    def cause(facts: GuestFacts, host: HostView | None) -> str:
        return plan_guest_key(facts, STRICT, host, tables=PUBLISHED).findings[0].cause

    assert "could not determine whether host hv03.corp.example can activate the guest: hv03 does not answer" in cause(guest(), UNJUDGED)
    assert "could not determine whether host HV09 can activate the guest: it is none of those" in cause(
        replace(guest(), placement=ELSEWHERE), None
    )
    assert "the guest does not report which host it runs on" in cause(replace(guest(), placement=NOWHERE), None)


def test_the_hosts_own_reasons_are_told() -> None:
    host = replace(READY, ready=False, findings=("HOST_IN_CLUSTER", "HOST_NOT_DATACENTER", "SOMETHING_NEW"))
    refusal = plan_guest_key(guest(), KeyWish(), host, tables=PUBLISHED).findings[0]
    assert refusal.cause == (
        "the host HV01 cannot activate guests: The host's edition is not entitled to AVMA (HOST_NOT_DATACENTER), SOMETHING_NEW"
    )


def test_an_activated_guest_stays_so_on_a_host_that_is_not_ready_but_is_at_risk() -> None:
    plan = plan_guest_key(guest(AVMA), KeyWish(), replace(READY, ready=False, findings=("HOST_NOT_ACTIVATED",)), tables=PUBLISHED)
    assert (plan.outcome, codes(plan)) == (Outcome.ALREADY_ACTIVATED, ["RENEWAL_AT_RISK"])


def test_a_kept_guest_is_kept_whatever_its_host() -> None:
    plan = plan_guest_key(guest(licence(Channel.OEM)), KeyWish(), replace(READY, ready=False), tables=PUBLISHED)
    assert (plan.outcome, codes(plan)) == (Outcome.KEPT, ["GUEST_KEPT_OTHER_CHANNEL"])


@pytest.mark.parametrize(
    ("entitled", "outcome", "found"),
    [
        (True, Outcome.ACTIVATED, ["GUEST_AZURE_EDITION_TRIED", "HOST_READINESS_UNKNOWN"]),
        (False, Outcome.REFUSED, ["GUEST_IS_AZURE_EDITION"]),
        (None, Outcome.REFUSED, ["GUEST_IS_AZURE_EDITION"]),
    ],
)
def test_azure_edition_is_tried_on_a_host_that_may_be_entitled(entitled: bool | None, outcome: Outcome, found: list[str]) -> None:
    host = HostView("AZ1", None, None, entitled, ("HOST_IS_AZURE_LOCAL",))
    plan = plan_guest_key(guest(sku=408), KeyWish(), host, tables=PUBLISHED)
    assert (plan.outcome, codes(plan)) == (outcome, found)


def test_an_evaluation_on_a_domain_controller_cannot_be_converted() -> None:
    plan = plan_guest_key(guest(EVALUATION, sku=79, product_type=2), KeyWish(), tables=PUBLISHED)
    assert plan.findings[0].remedy == "A domain controller cannot be converted: demote it first, or set up another server."


def test_an_evaluation_is_converted_to_its_own_edition() -> None:
    remedy = plan_guest_key(guest(EVALUATION, sku=79), KeyWish(), tables=PUBLISHED).findings[0].remedy
    assert f"'DISM /Online /Set-Edition:ServerStandard /ProductKey:{STANDARD_2022} /AcceptEula'" in remedy


def test_steps_say_what_was_and_what_will_be() -> None:
    plan = plan_guest_key(guest(UNLICENSED_GVLK), KeyWish(), tables=PUBLISHED)
    install, activate = plan.steps
    assert install.before == {"channel": "kms_client", "last_five": "6VM33", "licensed": False}
    assert install.after == {"channel": "avma", "last_five": "DV9BG", "licensed": False}
    assert install.reason == "the kms_client key ending in 6VM33 is not licensed (notification)"
    assert activate.before == install.after
    assert activate.after == {"channel": "avma", "last_five": "DV9BG", "licensed": True}


def test_the_host_is_named_from_the_guests_registry_where_no_other_word_is_there() -> None:
    plan = plan_guest_key(guest(placement=GuestPlacement(host_name="HV07")), KeyWish(), tables=PUBLISHED)
    assert plan.host_name == "HV07"


def test_a_stated_key_shows_in_no_representation() -> None:
    wish = KeyWish(key=UNPUBLISHED)
    plan = plan_guest_key(guest(), wish, tables=PUBLISHED)
    assert plan.key is not None
    assert plan.key.key == UNPUBLISHED
    assert plan.key.display == "*****-*****-*****-*****-YYYYY"
    assert UNPUBLISHED not in repr(wish) + repr(plan) + "".join(map(str, plan.findings))


@pytest.mark.parametrize(
    "others",
    [(licence(Channel.KMS_CLIENT),), (licence(Channel.MAK), licence(Channel.EVALUATION)), (replace(AVMA, partial_product_key="OTHER"),)],
)
@pytest.mark.parametrize("replace_licensed", [False, True])
def test_any_product_with_the_wanted_key_settles_it(others: tuple[LicenceFacts, ...], replace_licensed: bool) -> None:
    for licences in ((*others, AVMA), (AVMA, *others)):
        plan = plan_guest_key(guest(*licences), KeyWish(replace_licensed=replace_licensed), READY, tables=PUBLISHED)
        assert (plan.outcome, plan.steps, codes(plan)) == (Outcome.ALREADY_ACTIVATED, (), [])
        stated = plan_guest_key(guest(*licences), KeyWish(key=DATACENTER_2022), READY, tables=PUBLISHED)
        assert stated.outcome is Outcome.ALREADY_ACTIVATED


def test_what_a_guest_gives_as_its_partial_key_is_shown_harmless_and_short() -> None:
    plan = plan_guest_key(guest(licence(Channel.RETAIL, LicenceStatus.NOTIFICATION, "\x1b[31m" + "x" * 5000)), KeyWish(), tables=PUBLISHED)
    for text in (str(plan.steps[0].before["last_five"]), plan.steps[0].reason, plan.findings[0].cause):
        assert text.isprintable()
        assert "X" * 11 not in text
