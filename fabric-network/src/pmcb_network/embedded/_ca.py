# SPDX-License-Identifier: Apache-2.0
"""One organisation's CA: Fabric CA's calls, without HTTP.

Statuses and codes are those that fabric-ca-server 1.5 answers; where they differ, a mistake of the
caller is named (400) that the server calls its own (500).
"""

import asyncio
import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography import x509

from ._authority import Authority, certificate_pem
from ._ca_call import (
    CaError,
    Call,
    attributes,
    bad_body,
    basic,
    hosts,
    requested_key,
    text,
    unauthenticated,
    unauthorized,
)
from ._ca_database import CaDatabase
from ._certificates import Issued
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._protos import msp
from ._registrations import (
    UNLIMITED,
    AlreadyRegistered,
    Attribute,
    Registration,
    digest_chosen,
    digest_random,
    matches,
)
from ._revocation import Revocation, period

_ID = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_TYPES = frozenset({"client", "peer", "orderer", "admin"})
_PROFILES = frozenset({"", "tls"})


class CertificateAuthority:
    """Registers ids, issues certificates and revokes them. `name` is what clients call `caname`.

    What it revokes, `directory` knows before the call is answered; what was revoked earlier, from
    the start.
    """

    def __init__(
        self,
        msp_id: str,
        name: str,
        authority: Authority,
        database: CaDatabase,
        directory: Directory,
        clock: Callable[[], int],
    ) -> None:
        self.name = name
        self._msp_id = msp_id
        self._authority = authority
        self._database = database
        self._registrations = database.registrations
        self._certificates = database.certificates
        self._directory = directory
        self._clock = clock
        self._registrar = ""
        self._revoked: tuple[Issued, ...] = ()
        self._publish()

    def admit_registrar(self, name: str, secret: str) -> None:
        """Makes sure that the bootstrap registrar can enrol, any number of times."""
        self._registrar = name
        if self._registrations.find(name) is None:
            # No attributes: its certificate only registers others.
            self._registrations.add(
                Registration(name, "client", (), digest_random(secret), UNLIMITED)
            )

    @property
    def revocation_list(self) -> str:
        """The list (PEM) of all that was revoked; empty when nothing was."""
        return self._listed(self._revoked).decode() if self._revoked else ""

    def info(self, fields: Mapping[str, Any]) -> dict[str, str]:
        """The CA's name and chain."""
        self._check_name(fields)
        chain = certificate_pem(self._authority.certificate)
        return {
            "CAName": self.name,
            "CAChain": base64.b64encode(chain).decode(),
            "IssuerPublicKey": "",
            "IssuerRevocationPublicKey": "",
            "Version": "1.5.15",
        }

    async def enroll(self, call: Call) -> dict[str, Any]:
        """A certificate for whoever knows the id's secret."""
        name, secret = basic(call.credentials())
        known = self._registrations.find(name)
        if known is None or not await asyncio.to_thread(matches, secret, known.digest):
            raise unauthenticated()
        return self._issue(call.fields(), known, uses_secret=True)

    async def reenroll(self, call: Call) -> dict[str, Any]:
        """One more certificate for whoever holds one; the one held stays as it is."""
        fields = call.fields()
        known = self._registrations.find(self._caller(call, fields).id)
        assert known is not None, "a certificate is issued to a registered id"
        return self._issue(fields, known, uses_secret=False)

    def _issue(
        self, fields: Mapping[str, Any], known: Registration, *, uses_secret: bool
    ) -> dict[str, Any]:
        self._check_name(fields)
        key = requested_key(text(fields, "certificate_request"), known.id)
        profile = text(fields, "profile")
        if profile not in _PROFILES:
            raise CaError(400, 31, "Invalid profile")
        chosen = _chosen(known, fields.get("attr_reqs"))
        names = hosts(fields.get("hosts"))
        with self._database.together():
            if uses_secret and not self._registrations.use_enrollment(known.id):
                raise unauthenticated()
            certificate = self._authority.issue(
                key,
                known.id,
                now_ms=self._clock(),
                units=(known.type,),
                attributes=chosen,
                hosts=names,
                tls=profile == "tls",
            )
            self._certificates.add(_record(certificate, known.id))
        return {
            "Cert": base64.b64encode(certificate_pem(certificate)).decode(),
            "ServerInfo": self.info({}),
        }

    async def register(self, call: Call) -> dict[str, str]:
        """A new id; answers the secret with which it enrols."""
        fields = call.fields()
        if self._caller(call, fields).id != self._registrar:
            raise unauthorized()
        name, kind = text(fields, "id"), text(fields, "type") or "client"
        left = fields.get("max_enrollments", 0)
        if not _ID.fullmatch(name) or type(left) is not int or left >= 2**63:
            raise bad_body()
        if left < UNLIMITED:
            raise CaError(400, 82, f"Invalid max_enrollments value {left}")
        if kind not in _TYPES or text(fields, "affiliation") not in {"", "."}:
            raise unauthorized()
        held = (
            *attributes(fields.get("attrs")),
            Attribute("hf.EnrollmentID", name, in_certificate=True),
            Attribute("hf.Type", kind, in_certificate=True),
            Attribute("hf.Affiliation", "", in_certificate=True),
        )
        wanted = text(fields, "secret")
        secret = wanted or secrets.token_urlsafe(24)
        digest = await asyncio.to_thread(digest_chosen, secret) if wanted else digest_random(secret)
        try:
            self._registrations.add(Registration(name, kind, held, digest, left or UNLIMITED))
        except AlreadyRegistered:
            raise CaError(409, 74, f"Identity '{name}' is already registered") from None
        return {"secret": secret}

    async def revoke(self, call: Call) -> dict[str, Any]:
        """Revokes one certificate, or an id with all of its own: one's own, or as registrar any."""
        fields = call.fields()
        asked = Revocation.of(fields)
        caller = self._caller(call, fields)
        if asked.serial and asked.aki:
            serials = [self._revocable(asked, caller)]
            named = ""
        elif asked.id:
            named = self._revocable_id(asked.id, caller)
            serials = self._certificates.standing(named)
        else:
            raise CaError(
                400, 15, "Either Name or Serial and AKI are required for a revoke request"
            )
        with self._database.together():
            if named:
                self._registrations.revoke(named)
            self._certificates.revoke(serials, reason=asked.reason, now_ms=self._clock())
        self._publish()
        wanted = asked.list_wanted and serials
        aki = self._authority.key_id
        return {
            "RevokedCerts": [{"Serial": serial, "AKI": aki} for serial in serials] or None,
            "CRL": self._coded(self._revoked) if wanted else "",
        }

    async def gencrl(self, call: Call) -> dict[str, str]:
        """A list of what was revoked, of any period."""
        fields = call.fields()
        asked = period(fields)
        if self._caller(call, fields).id != self._registrar:
            raise unauthorized()
        return {"CRL": self._coded(self._certificates.revoked(asked))}

    def _revocable(self, asked: Revocation, caller: Issued) -> str:
        named = f"Certificate with serial {asked.serial} and AKI {asked.aki}"
        found = self._certificates.find(asked.serial)
        if found is None or asked.aki != self._authority.key_id:
            raise CaError(404, 8, f"{named} was not found")
        if caller.id not in {found.id, self._registrar}:
            raise unauthorized()
        if found.revoked_at_ms is not None:
            raise CaError(404, 66, f"{named} was already revoked")
        if asked.id not in {"", found.id}:
            raise CaError(400, 9, f"{named} is not owned by {asked.id}")
        if caller.id != self._registrar and caller.serial != found.serial:
            raise unauthorized()  # Fabric CA lets nobody revoke a second certificate of its own
        return found.serial

    def _revocable_id(self, name: str, caller: Issued) -> str:
        if caller.id not in {name, self._registrar}:
            raise unauthorized()
        if self._registrations.find(name) is None:
            raise CaError(404, 10, f"Identity {name} was not found")
        return name

    def _publish(self) -> None:
        """Tells the peers what the database says."""
        self._revoked = tuple(self._certificates.revoked())
        self._directory.revoke(self._msp_id, (int(one.serial, 16) for one in self._revoked))

    def _listed(self, revoked: Sequence[Issued]) -> bytes:
        entries = [(int(one.serial, 16), one.revoked_at_ms or 0) for one in revoked]
        return self._authority.revocation_list(entries, now_ms=self._clock())

    def _coded(self, revoked: Sequence[Issued]) -> str:
        return base64.b64encode(self._listed(revoked)).decode()

    def _caller(self, call: Call, fields: Mapping[str, Any]) -> Issued:
        """The certificate that signed the call's token: ours, valid and not revoked."""
        self._check_name(fields)
        pem, _, signature = call.credentials().partition(".")
        try:
            certificate = base64.b64decode(pem, validate=True)
            signed = base64.b64decode(signature, validate=True)
            identity = msp.SerializedIdentity(mspid=self._msp_id, id_bytes=certificate)
            member = self._directory.member(identity.SerializeToString(), self._clock())
        except (binascii.Error, ValueError, UnknownIdentity, InvalidIdentity):
            raise unauthenticated() from None
        path = base64.b64encode(call.path.encode()).decode()
        body = base64.b64encode(call.body).decode()
        found = self._certificates.find(f"{member.serial:x}")
        if found is None or not member.verifies(
            signed, f"{call.method}.{path}.{body}.{pem}".encode()
        ):
            raise unauthenticated()
        return found

    def _check_name(self, fields: Mapping[str, Any]) -> None:
        if text(fields, "caname") not in {"", self.name}:
            raise CaError(404, 19, "CA not found")


def _record(certificate: x509.Certificate, name: str) -> Issued:
    not_after_ms = round(certificate.not_valid_after_utc.timestamp() * 1000)
    return Issued(f"{certificate.serial_number:x}", name, not_after_ms)


def _chosen(known: Registration, wanted: object) -> dict[str, str] | None:
    """What the certificate says: the attributes asked for, or by default those marked for it."""
    held = {attribute.name: attribute.value for attribute in known.attributes}
    if not isinstance(wanted, list) or not wanted:
        default = {item.name: item.value for item in known.attributes if item.in_certificate}
        return default or None
    chosen: dict[str, str] = {}
    for item in wanted:
        name = text(item, "name") if isinstance(item, dict) else ""
        if name in held:
            chosen[name] = held[name]
        elif not (isinstance(item, dict) and item.get("optional") is True):
            raise CaError(400, 0, f"The following required attributes are missing: {name}")
    return chosen
