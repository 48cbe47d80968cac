# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What to do where a machine refuses a logon: by what Kerberos says, by what the machine offers, by the form of the user's name.

Sources: MIT Kerberos (texts of its error tables), Microsoft "Authentication for Remote Connections" and "Installation and configuration for
Windows Remote Management" (schemes, local accounts, certificates), Microsoft "User Account Control and remote restrictions"
(LocalAccountTokenFilterPolicy), Ansible's guides to its connections winrm and psrp (forms of user names).
"""

from __future__ import annotations

import re

from .._wsman.errors import Login

# What libkrb5 and kinit say, in English since Ansible starts kinit without a locale. Most specific first.
_KERBEROS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            r"calling kinit cmd",
            "Install Kerberos' programs on the controller (Debian: krb5-user, Red Hat: krb5-workstation), or name kinit by ansible_winrm_kinit_cmd.",
        ),
        (
            r"client '?[^']*'? not found in (the )?kerberos database",
            "Active Directory does not know this user: write ansible_user as name@REALM with the realm in capitals; DOMAIN\\name is for ntlm.",
        ),
        (
            r"(server|principal) .*not found in (the )?kerberos database|server not found",
            "Active Directory does not know a machine of this name: connect by its full name in the domain and not by an address or alias "
            "(setspn -L shows its names), or give that name by ansible_winrm_kerberos_hostname_override or ansible_psrp_negotiate_hostname_override.",
        ),
        (r"clock skew", "Set the clocks: controller, domain controller and machine must not differ by more than five minutes."),
        (r"preauthentication failed|password incorrect|integrity check failed", "Check ansible_password of this user in the domain."),
        (
            r"credentials have been revoked|account (is )?(locked|disabled)",
            "The account is locked or disabled in Active Directory: unlock or enable it.",
        ),
        (
            r"password has expired|password must be changed",
            "The password has expired: change it in Active Directory, then ansible_password.",
        ),
        (
            r"kdc reply did not match expectations",
            "Write the realm in capitals in ansible_user and krb5.conf.",
        ),
        (
            r"cannot (find|contact|resolve).*(kdc|realm)",
            "No domain controller was found for this realm: write the realm in capitals, see that krb5.conf or DNS names its domain controllers "
            "and that port 88 is open; where another krb5.conf is meant, set ansible_winrm_kinit_env_vars to [KRB5_CONFIG].",
        ),
        (
            r"credentials? cache|no kerberos credentials|no credentials were supplied|can't find client principal|matching credential|ticket expired",
            "There is no valid ticket for this user: run kinit before (klist shows what is there), or give ansible_password so that one is got.",
        ),
        (r"default realm", "Write ansible_user as name@REALM, or set default_realm in krb5.conf."),
        (
            r"encryption type",
            "Controller and domain share no kind of encryption: allow AES for the account in Active Directory and in krb5.conf.",
        ),
        (r"canonicali[sz]ed", "The name cannot be resolved: check DNS, and rdns = false in the section libdefaults of krb5.conf."),
    )
)

_METHODS = {
    "basic": "Basic",
    "ntlm": "NTLM",
    "negotiate": "Negotiate",
    "kerberos": "Kerberos",
    "credssp": "CredSSP",
    "certificate": "a certificate",
}
# Schemes of HTTP that carry a kind of authentication. With a certificate nothing is offered.
_CARRIED_BY = {
    "basic": {"basic"},
    "ntlm": {"ntlm", "negotiate"},
    "negotiate": {"negotiate", "kerberos"},
    "kerberos": {"negotiate", "kerberos"},
    "credssp": {"credssp"},
}
_CHOICE = "ansible_winrm_transport or ansible_psrp_auth"
_ACCOUNT = "Check ansible_user and ansible_password, and whether the account is locked or its password has expired"
_MAY_NOT = "that on this machine it is in Administrators or Remote Management Users"
_LOCAL_ACCOUNT = "a local administrator other than the built-in one gets in only where LocalAccountTokenFilterPolicy is 1, others need Remote Management Users"


def kerberos_remedy(cause: str) -> str | None:
    """The remedy for what Kerberos complains of; None where it is nothing of Kerberos."""
    return next((remedy for pattern, remedy in _KERBEROS if pattern.search(cause)), None)


def logon_remedy(cause: str, login: Login, *, tls: bool) -> str:
    """What the operator should check when a logon was refused. ``tls``: whether it was tried over HTTPS."""
    if login.method != "kerberos" and (not login.user or "no username or password" in cause.lower()) and login.method != "certificate":
        return "Set ansible_user and ansible_password for this machine."
    told = kerberos_remedy(cause)
    if told is not None:
        return told
    if "\\\\" in login.user:
        return "ansible_user has two backslashes, as YAML keeps them in single quotes and without quotes: write one there."
    if "/" in login.user:
        return "Write ansible_user with a backslash, as DOMAIN\\name, not with a slash."
    carried_by = _CARRIED_BY.get(login.method, set())
    if login.offered and carried_by and not carried_by & set(login.offered):
        return _not_offered(login, tls=tls)
    if login.method == "certificate":
        return (
            "Check that the machine allows certificates (winrm get winrm/config/service/auth), that one of its certmappings names this certificate's "
            "issuer and user, and that the local account's password is still the mapped one."
        )
    if login.method == "kerberos":
        return f"The machine did not accept the ticket: check its clock, that the name leads to this machine (setspn -Q shows whose it is), and {_MAY_NOT}."
    if login.method == "basic" and _domain_of(login.user):
        return f"Basic is for local accounts: set {_CHOICE} to kerberos or ntlm for a user of a domain."
    if not _domain_of(login.user):
        return f"{_ACCOUNT}; {_LOCAL_ACCOUNT}; a user of a domain is written DOMAIN\\name for ntlm and name@REALM for kerberos ({_CHOICE})."
    return f"{_ACCOUNT}, {_MAY_NOT}, and that it is written DOMAIN\\name for ntlm or name@REALM for kerberos ({_CHOICE})."


def _not_offered(login: Login, *, tls: bool) -> str:
    offered = " and ".join(sorted(_METHODS[scheme] for scheme in login.offered))
    better = "kerberos or ntlm" if {"negotiate", "kerberos"} & set(login.offered) else "one of these"
    remedy = f"The machine offers {offered}, not {_METHODS[login.method]}: set {_CHOICE} to {better}."
    if login.method == "basic" and not tls:
        remedy += " Basic without HTTPS would show the password to the network; Windows refuses it unless AllowUnencrypted is set."
    return remedy


def _domain_of(user: str) -> str:
    """The domain in DOMAIN\\name or name@REALM; a dot stands for the machine itself. Empty: a local account."""
    before, backslash, _name = user.partition("\\")
    domain = before if backslash else user.rpartition("@")[2] if "@" in user else ""
    return "" if domain == "." else domain
