# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identify: who answers, without addressing; before authentication Windows does not tell its version."""

from __future__ import annotations

from .answer import Answer
from .namespaces import IDENTITY, SOAP, WSMAN
from .settings import ServiceSettings

_PROFILE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile"


def identify(settings: ServiceSettings, *, authenticated: bool) -> Answer:
    version = settings.version if authenticated else "0.0.0"
    return Answer(
        200,
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {version} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>{_profiles(settings) if authenticated else ''}"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>",
    )


def _profiles(settings: ServiceSettings) -> str:
    names = []
    if "basic" in settings.authentication:
        names.append(f"{_PROFILE}/https/basic")
        if settings.allow_unencrypted:
            names.append(f"{_PROFILE}/http/basic")
    if "kerberos" in settings.authentication or "negotiate" in settings.authentication:
        names.append(f"{_PROFILE}/http/spnego-kerberos")
    profiles = "".join(f"<wsmid:SecurityProfileName>{name}</wsmid:SecurityProfileName>" for name in names)
    return f"<wsmid:SecurityProfiles>{profiles}</wsmid:SecurityProfiles>"
