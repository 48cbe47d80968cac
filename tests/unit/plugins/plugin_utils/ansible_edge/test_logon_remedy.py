# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is advised where a logon was refused: it fits the reason, the kind of authentication and the user's name."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.logon_remedy import kerberos_remedy, logon_remedy
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Login

REFUSED = "authentication failed (the specified credentials were rejected by the server)"


# Texts as MIT Kerberos, kinit and Ansible's plugin write them.
@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Client 'x@LAB.EXAMPLE.COM' not found in Kerberos database while getting initial credentials", "name@REALM"),
        ("Server HTTP/hv01@LAB.EXAMPLE.COM not found in Kerberos database", "full name in the domain"),
        ("Server not found in Kerberos database", "full name in the domain"),
        ("Clock skew too great", "five minutes"),
        ("Clock skew too great while getting initial credentials", "five minutes"),
        ("Preauthentication failed", "ansible_password"),
        ("Password incorrect while getting initial credentials", "ansible_password"),
        ("Client's credentials have been revoked while getting initial credentials", "locked or disabled"),
        ("Password has expired while getting initial credentials", "expired"),
        ("KDC reply did not match expectations while getting initial credentials", "capitals"),
        ('Cannot find KDC for realm "lab.example.com" while getting initial credentials', "krb5.conf"),
        ("Cannot contact any KDC for realm 'LAB.EXAMPLE.COM'", "port 88"),
        ('Cannot resolve servers for KDC in realm "LAB.EXAMPLE.COM"', "DNS"),
        ("No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)", "kinit"),
        ("No credentials cache found", "kinit"),
        ("Can't find client principal a@LAB.EXAMPLE.COM in cache collection", "kinit"),
        ("Matching credential not found", "kinit"),
        ("Ticket expired", "kinit"),
        ("Configuration file does not specify default realm", "default_realm"),
        ("KDC has no support for encryption type", "AES"),
        ("Hostname cannot be canonicalized", "rdns"),
        ("Kerberos auth failure when calling kinit cmd 'kinit': [Errno 2] No such file or directory: 'kinit'", "krb5-user"),
    ],
)
def test_what_kerberos_complains_of(said: str, advice: str) -> None:
    remedy = kerberos_remedy(said)
    assert remedy is not None
    assert advice in remedy
    assert logon_remedy(said, Login("a@B", "kerberos"), tls=False) == remedy


def test_other_words_are_nothing_of_kerberos() -> None:
    assert kerberos_remedy(REFUSED) is None


def test_without_a_password_no_ticket_is_asked_for_but_where_kerberos_is() -> None:
    """pyspnego's text speaks of a credential cache in both cases."""
    said = "No username or password was specified and the credential cache did not exist or contained no credentials"
    assert "kinit" not in logon_remedy(said, Login("operator", "ntlm"), tls=False)
    assert "kinit" in logon_remedy(said, Login("operator@LAB", "kerberos"), tls=False)


NEGOTIATED = ("negotiate", "kerberos")


@pytest.mark.parametrize(
    ("login", "tls", "advice", "not_advised"),
    [
        (Login("operator", "basic", NEGOTIATED), False, "Basic without HTTPS", "LocalAccountTokenFilterPolicy"),
        (Login("operator", "basic", NEGOTIATED), True, "offers Kerberos and Negotiate, not Basic", "without HTTPS"),
        (Login("operator", "ntlm", ("basic",)), True, "offers Basic, not NTLM: set", "kerberos or ntlm."),
        (Login("operator", "ntlm", NEGOTIATED), False, "LocalAccountTokenFilterPolicy", "offers"),
        (Login(".\\operator", "ntlm"), False, "LocalAccountTokenFilterPolicy", "offers"),
        (Login("CORP\\svc", "ntlm", NEGOTIATED), False, "Remote Management Users", "LocalAccountTokenFilterPolicy"),
        (Login("svc@CORP.EXAMPLE", "credssp", ("credssp", "negotiate")), False, "DOMAIN\\name", "LocalAccountTokenFilterPolicy"),
        (Login("svc@CORP.EXAMPLE", "kerberos", NEGOTIATED), False, "accept the ticket", "ansible_password"),
        (Login("CORP\\svc", "basic", ("basic", "negotiate")), True, "Basic is for local accounts", "LocalAccountTokenFilterPolicy"),
        (Login("", "certificate"), True, "certmapping", "ansible_password"),
        (Login("", "ntlm", NEGOTIATED), False, "Set ansible_user and ansible_password", "offers"),
        (Login("", ""), False, "Set ansible_user and ansible_password", "offers"),
    ],
    ids=str,
)
def test_what_was_tried_decides_the_advice(login: Login, tls: bool, advice: str, not_advised: str) -> None:
    remedy = logon_remedy(REFUSED, login, tls=tls)
    assert advice in remedy
    assert not_advised not in remedy
    assert remedy.endswith((".", ")."))
