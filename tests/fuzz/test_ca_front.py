# SPDX-License-Identifier: Apache-2.0
"""The embedded CA under damaged calls: answered as a CA answers, never with a defect of ours."""

import base64
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, examples, logged, pem
from tests.fuzz.damage import documents, scarred
from tests.network.ca_wire import authorization, request

from pmcb_network.embedded._material import REGISTRAR

CALLS = {
    "enroll": {"certificate_request": request(REGISTRAR), "profile": "", "hosts": ["a.example"]},
    "reenroll": {"certificate_request": request(REGISTRAR), "attr_reqs": [{"name": "hf.Type"}]},
    "register": {
        "id": "",
        "type": "client",
        "secret": MARKER,
        "affiliation": "",
        "max_enrollments": 1,
        "attrs": [{"name": "pmcb.role", "value": MARKER, "ecert": True}],
    },
    "revoke": {"id": "nobody", "serial": "12", "aki": "34", "reason": "", "gencrl": True},
    "gencrl": {"revokedafter": "2026-01-01T00:00:00Z", "expirebefore": "0001-01-01T00:00:00Z"},
    "cainfo": {"caname": "ca-HospitalAMSP"},
}


def _csr(der):
    return pem(der).decode().replace("CERTIFICATE-", "CERTIFICATE REQUEST-")


def _fields(name):
    return {**CALLS[name], "id": CALLS[name].get("id") or secrets.token_hex(8)}


def _call(front, name, body, *, change=lambda token: token):
    """A call of the CA, and what every answer must be."""
    token = authorization(front.registrar, "POST", f"/api/v1/{name}", body)
    if name == "enroll":
        pair = f"{front.ca.registrar_id}:{front.ca.secret}".encode()
        token = "Basic " + base64.b64encode(pair).decode()
    headers = {"Authorization": change(token)}
    with logged("pmcb_network") as lines:
        answer = front.run(front.ca.http.post(f"/api/v1/{name}", content=body, headers=headers))
    assert lines == []
    document = answer.json()
    assert set(document) == {"success", "result", "errors", "messages"}
    assert document["success"] is (not document["errors"])
    assert answer.status_code in {200, 201, 400, 401, 403, 404, 409, 413}, document["errors"]
    assert document["success"] or MARKER not in answer.text
    return answer.status_code


@examples(60)
@given(st.data(), st.sampled_from(list(CALLS)))
def test_damaged_calls_of_the_ca_are_answered_as_a_ca_answers(front, data, name):
    """Bodies signed by the registrar, tokens, basic authentication: a refusal, never a defect."""
    fields = _fields(name)
    body = data.draw(documents(fields))
    if "certificate_request" in fields and data.draw(st.booleans()):
        der = base64.b64decode("".join(fields["certificate_request"].splitlines()[1:-1]))
        body = json.dumps(fields | {"certificate_request": _csr(data.draw(scarred(der)))}).encode()

    def change(token):
        if data.draw(st.integers(0, 3)):
            return token
        at = data.draw(st.integers(0, 2**16)) % len(token)
        return (
            token[:at] + data.draw(st.sampled_from(("", "x", ".", "="))) + token[at + 1 :]
        ).strip()

    _call(front, name, body, change=change)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("revoke", {"aki": "\ud800"}),
        ("revoke", {"serial": "\ud800"}),
        ("register", {"secret": "\ud800"}),
        ("register", {"attrs": [3]}),
        ("register", {"attrs": [{"name": "a", "value": "\ud800"}]}),
        ("register", {"max_enrollments": 2**64}),
        ("register", {"max_enrollments": -(2**64)}),
        ("enroll", {"attr_reqs": [{"name": "\ud800"}]}),
        ("enroll", {"certificate_request": "\ud800"}),
        ("enroll", {"hosts": [3]}),
        ("gencrl", {"revokedafter": "9999-12-31T23:59:59-23:59"}),
    ],
)
def test_odd_fields_are_refused(front, name, changes):
    """What JSON can say and a CA cannot mean."""
    assert _call(front, name, json.dumps(_fields(name) | changes).encode()) == 400


def test_bodies_and_tokens_that_are_none_are_refused(front):
    """Too deep to be read, or not base64."""
    assert _call(front, "register", b"[" * 100_000) == 400
    body = json.dumps(_fields("reenroll")).encode()
    for token in ("x", "x.y", "..", "eHg=.eHg=", "Basic eHg="):
        assert _call(front, "reenroll", body, change=lambda _, t=token: t) == 401
