# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may differ between Windows installations, or is not known of Windows: switches of a scenario, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .errors import SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM, SL_E_INVALID_PRODUCT_KEY, SL_E_LUA_ACCESSDENIED

EventShape = Literal["two_strings", "comma_string", "separate", "by_name", "code_only", "message_only"]
Binding = Literal["full", "host_only", "none"]
AfterInstall = Literal["notification", "grace", "unlicensed"]


@dataclass
class LicensingRules:
    # One field report (2014) says that a guest renews every 7 days and stays valid 7 days; Microsoft does not say.
    lease_minutes: int = 7 * 24 * 60
    renewal_minutes: int = 7 * 24 * 60
    kms_lease_minutes: int = 180 * 24 * 60  # Microsoft, "Plan for KMS activation"
    kms_renewal_minutes: int = 7 * 24 * 60  # same source
    # What a product shows between key and activation is not documented. Servers were seen in notification with 0xC004F034.
    after_install: AfterInstall = "notification"
    grace_minutes: int = 10 * 24 * 60
    # A key of another release: Microsoft's error pages name 0xC004F050, 0xC004E016 and 0xC004F069 for it.
    wrong_version: int = SL_E_INVALID_PRODUCT_KEY
    # Documented as a requirement, but reverse engineering shows a VMBus channel of its own: off by default.
    data_exchange_required: bool = False
    # No source says that an evaluation host activates guests.
    evaluation_host_activates: bool = False
    # No source says that a host with a licence of an unknown channel (pay-as-you-go by Azure Arc) does.
    unknown_channel_activates: bool = False
    # How long a host is busy with a request for activation: counts where it takes only so many at once.
    activation_seconds: float = 1.0
    activate_at_start: bool = True  # "at start of the virtual machine, then repeated" (Microsoft, AVMA)
    renew: bool = True
    # Which of IAID, host name, host PID and time an activated guest reports; slmgr treats each as optional.
    binding: Binding = "full"
    # Microsoft's support page on Azure names 0xC004FD01 and 0xC004FD02 without saying when which comes.
    azure_refusal: int = SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM
    # What the service answers a caller who is no elevated administrator: both this and 0x80070005 are named for it.
    user_refusal: int = SL_E_LUA_ACCESSDENIED
    kms_reachable: bool = False
    # A KMS client's product shows the KMS settings of the service; whether one of another channel does is not documented.
    kms_settings_of_every_product: bool = False
    internet: bool = True


@dataclass
class EventRules:
    # The insertion strings of 12309 and 12310 are not documented and no sample is public: each shape is a guess.
    shape: EventShape = "comma_string"
    background: int = 3  # other Software Protection events that each Application log begins with


# How long a job takes that nobody looks at. A change of settings is done well under a second: a public script writes a key-value pair,
# sleeps 2 s and writes again. Starting, stopping and saving take longer (inferred).
JOB_SECONDS = {"RequestStateChange": 2.0}
OTHER_JOB_SECONDS = 0.3


@dataclass
class JobRules:
    asynchronous: bool = True  # methods answer 4096 and a job; False: every one 0 at once
    # These answer 0 at once all the same: r4sd/go-wsman (Windows of 2026) and a public script know ModifySystemSettings so.
    at_once: set[str] = field(default_factory=lambda: {"ModifySystemSettings"})
    reads: int = 2  # a job is done when it was read that often ...
    # ... or has run that long. None: as JOB_SECONDS has it.
    seconds: float | None = None
    fails: bool = False
    vanishes: bool = False  # the job's instance is gone as soon as it is done


@dataclass
class DataExchangeRules:
    delay_seconds: float = 0.5  # from switching on until the guest's items are there
    # Whether stopped VMs have a Msvm_KvpExchangeComponent is not known: both were inferred from Get-VMIntegrationService.
    component_of_stopped_vm: bool = True
    activation_items: dict[str, str] = field(default_factory=dict)  # extra items that each activated guest writes


@dataclass
class Rules:
    licensing: LicensingRules = field(default_factory=LicensingRules)
    events: EventRules = field(default_factory=EventRules)
    jobs: JobRules = field(default_factory=JobRules)
    data_exchange: DataExchangeRules = field(default_factory=DataExchangeRules)
