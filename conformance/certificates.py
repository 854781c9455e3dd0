"""Certificates for tests, made with the library that moto brings along."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority of the test's own; `file` is what its clients trust."""

    def __init__(self, folder: Path, name="test authority"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = named(name)
        self.certificate = (
            built(self.name, self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *hosts: str, days=1, stem=None) -> tuple[Path, Path]:
        """A certificate for these hosts and its key, as files; days below nothing: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        others = [other_name(host) for host in hosts]
        certificate = (
            built(named(name), self.name, key, days)
            .add_extension(x509.SubjectAlternativeName(others), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        chain, own = (self.folder / f"{stem or name}.{kind}.pem" for kind in ("chain", "key"))
        own.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return chain, own


def other_name(host: str) -> x509.GeneralName:
    is_address = host[0].isdigit()
    return x509.IPAddress(ipaddress.ip_address(host)) if is_address else x509.DNSName(host)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def built(subject, issuer, key, days=1):
    """All of a certificate but what tells an authority from a server."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + days * DAY)
    )
