# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's certificate authority: made at start, gone with its folder."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from .channel_binding import end_point_binding

# The name by which Windows maps a client certificate to an account (Microsoft, "User Principal Name" other name).
_UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING = 0x0C


@dataclass(frozen=True)
class IssuedCertificate:
    certificate_file: Path
    key_file: Path


class TlsMaterial:
    """A CA and a server certificate for the given addresses and names, as PEM files in a folder."""

    def __init__(self, folder: Path, hosts: Iterable[str]) -> None:
        self._folder = folder
        self._contexts: dict[bool, ssl.SSLContext] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hyper-V lab CA")])
        self._certificate = self._ca_certificate()
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        names = [_general_name(host) for host in dict.fromkeys(hosts)]
        self.server = self._issue("server", "Hyper-V lab", names, ExtendedKeyUsageOID.SERVER_AUTH)
        # What a handshake over HTTPS is bound to.
        self.binding = end_point_binding(x509.load_pem_x509_certificate(self.server.certificate_file.read_bytes()))

    def server_context(self, *, client_certificates: bool) -> ssl.SSLContext:
        """One context for all listeners of a kind: each would hold a copy of the certificate otherwise."""
        known = self._contexts.get(client_certificates)
        if known is not None:
            return known
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate_file, self.server.key_file)
        if client_certificates:
            context.load_verify_locations(self.ca_file)
            context.verify_mode = ssl.CERT_OPTIONAL
        self._contexts[client_certificates] = context
        return context

    def issue_client(self, principal: str) -> IssuedCertificate:
        """A certificate that stands for the account ``principal`` (name@domain or a name)."""
        der = bytes([_UTF8_STRING, len(principal.encode())]) + principal.encode()
        name = principal.replace("\\", "_").replace("@", "_")
        return self._issue(f"client_{name}", principal, [x509.OtherName(_UPN, der)], ExtendedKeyUsageOID.CLIENT_AUTH)

    def _ca_certificate(self) -> x509.Certificate:
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        return builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())

    def _builder(self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _issue(self, stem: str, common_name: str, names: list[x509.GeneralName], usage: ObjectIdentifier) -> IssuedCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
        builder = self._builder(subject, key.public_key()).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        certificate = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(self._key, hashes.SHA256())
        issued = IssuedCertificate(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        issued.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        issued.key_file.touch(mode=0o600)
        issued.key_file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return issued


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def certificate_principal(der: bytes) -> str | None:
    """Whom a client certificate stands for: its user principal name, or its common name."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    for name in names.get_values_for_type(x509.OtherName) if names is not None else ():
        if name.type_id == _UPN and len(name.value) > 2 and name.value[0] == _UTF8_STRING:
            return name.value[2:].decode("utf-8", "replace")
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else None
