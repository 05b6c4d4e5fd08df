# SPDX-License-Identifier: Apache-2.0
"""A request is somebody's, for one service, for a minute, or nobody's."""

import base64

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS, Ca, network, with_list

from pmcb_client.http_identity import (
    Caller,
    RequestChecker,
    SignedRequest,
    SignedRequests,
    Unauthenticated,
)

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
NETWORK = network(A, B)
ANN = A.person("ann")
TARGET = "/v1/blobs/ab12?part=2&x=%C3%A4"


class Clock:
    """Milliseconds that a test moves on."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock():
    """Now."""
    return Clock()


@pytest.fixture
def checker(clock):
    """The content store's."""
    return RequestChecker(NETWORK, audience="content", clock=clock)


def signed(who=ANN, *, method="PUT", target=TARGET, body=b"data", audience="content", **how):
    """A request as it arrives, and what a test changes in its headers."""
    headers = how.pop("headers", {})
    auth = SignedRequests(who, audience=audience, clock=lambda: NOW_MS, **how)
    request = httpx.Request(method, f"https://store{target}", content=body, headers=headers)
    sent = next(auth.auth_flow(request))
    return SignedRequest(method, target, dict(sent.headers), body)


def altered(request, **changes):
    """The same with something else in it."""
    headers = {**request.headers, **changes.pop("headers", {})}
    parts = {"method": request.method, "target": request.target, "body": request.body}
    return SignedRequest(**{**parts, **changes}, headers=headers)


def refused(reason):
    """Expects this reason."""
    return pytest.raises(Unauthenticated, match=r".+\.$", check=lambda e: e.reason == reason)


def test_an_unsigned_request_is_nobodys(checker):
    """Whatever else it says."""
    with refused("unsigned"):
        checker.check(SignedRequest("GET", "/", {"PMCB-Msp": "HospitalAMSP"}, b""))


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "DELETE"},
        {"target": "/v1/blobs/ab13?part=2&x=%C3%A4"},
        {"target": "/v1/blobs/ab12?part=3&x=%C3%A4"},
        {"body": b"other"},
        {"headers": {"if-match": "7"}},
        {"headers": {"pmcb-fence": "2"}},
        {"headers": {"pmcb-nonce": "00"}},
        {"headers": {"pmcb-time": str(NOW_MS + 1)}},
        {"headers": {"pmcb-expires": str(NOW_MS + 61_000)}},
        {"headers": {"pmcb-signature": base64.b64encode(b"x" * 70).decode()}},
        {"headers": {"pmcb-signature": "no base64!"}},
    ],
)
def test_whatever_is_changed_breaks_the_signature(checker, changes):
    """Method, path, query, body, fence, match, times, nonce, and the signature itself."""
    request = signed(headers={"If-Match": "6", "PMCB-Fence": "1"})
    with refused("signature"):
        checker.check(altered(request, **changes))
    assert checker.check(request).uid == "HospitalAMSP/ann"


def test_a_signature_is_for_one_service(checker):
    """What was signed for another store is refused here."""
    with refused("signature"):
        checker.check(signed(audience="retrieval"))


def test_an_organisation_vouches_for_its_own_people_only(checker):
    """A foreign CA's certificate under our name, and one of an organisation that is not here."""
    stranger = Ca("HospitalAMSP").person("ann")
    with refused("certificate"):
        checker.check(signed(stranger))
    with refused("organisation"):
        checker.check(signed(Ca("InstituteMSP").person("eve")))
    with refused("certificate"):
        checker.check(altered(signed(), headers={"pmcb-msp": "HospitalBMSP"}))
    for garbage in ("", "AAAA", "not base64"):
        with refused("certificate"):
            checker.check(altered(signed(), headers={"pmcb-certificate": garbage}))


def test_a_root_that_is_replaced_vouches_for_nobody_any_more(checker):
    """Not even for certificates that were good a moment ago, under its name or another's."""
    assert checker.check(signed()).uid == "HospitalAMSP/ann"
    with refused("certificate"):
        checker.check(altered(signed(), headers={"pmcb-msp": "HospitalBMSP"}))
    checker.trust(network(Ca("HospitalAMSP"), B))
    with refused("certificate"):
        checker.check(signed())


def test_anothers_certificate_does_not_help(checker):
    """The signature is checked with the key of the certificate that is sent."""
    request, other = signed(), signed(B.person("bob"))
    headers = {name: other.headers[name] for name in ("pmcb-certificate", "pmcb-msp")}
    with refused("signature"):
        checker.check(altered(request, headers=headers))


def test_a_certificate_has_its_time(checker):
    """An expired one is refused, whoever issued it."""
    with refused("certificate"):
        checker.check(signed(A.person("late", days=-1)))


def test_a_revoked_certificate_is_refused_as_soon_as_the_list_is_known(checker):
    """Another one of the same organisation stays good."""
    gone, kept = A.person("gone", serial=11), A.person("kept", serial=12)
    assert checker.check(signed(gone)).enrollment_id == "gone"
    checker.trust(with_list(NETWORK, A, 11))
    with refused("revoked"):
        checker.check(signed(gone))
    assert checker.check(signed(kept)).enrollment_id == "kept"


def test_who_is_revoked_while_the_body_comes_is_refused(checker):
    """The head was in order."""
    gone = A.person("gone", serial=11)
    request = signed(gone)
    expected = checker.expect(request)
    checker.trust(with_list(NETWORK, A, 11))
    with refused("revoked"):
        checker.confirm(request, expected)


@pytest.mark.parametrize(
    ("moved_ms", "good"), [(-60_000, True), (-60_001, False), (59_999, True), (60_000, False)]
)
def test_a_signature_holds_for_a_minute(checker, clock, moved_ms, good):
    """To the millisecond; a caller's clock may go a minute before ours."""
    request = signed()
    clock.now_ms += moved_ms
    if good:
        assert checker.check(request)
    else:
        with refused("expired"):
            checker.check(request)


@pytest.mark.parametrize(
    "headers",
    [
        {"pmcb-time": ""},
        {"pmcb-time": "-1"},
        {"pmcb-time": "\u0661"},
        {"pmcb-expires": "1e3"},
        {"pmcb-expires": "9" * 16},
        {"pmcb-expires": str(NOW_MS)},
        {"pmcb-expires": str(NOW_MS + 3_600_001)},
    ],
)
def test_times_that_are_none_are_refused(checker, headers):
    """Before the signature is looked at."""
    with refused("expired"):
        checker.check(altered(signed(), headers=headers))


def test_a_nonce_comes_again_with_the_same_request_only(checker, clock):
    """A repeat is answered; another request under the nonce is not; later it may come again."""
    request = signed()
    assert checker.check(request) == checker.check(request)
    auth = SignedRequests(ANN, audience="content", clock=lambda: NOW_MS)
    other = next(auth.auth_flow(httpx.Request("GET", "https://store/")))
    headers = dict(other.headers) | {"pmcb-nonce": request.headers["pmcb-nonce"]}
    forged = SignedRequest("GET", "/", headers, b"")
    signature = ANN.signer(forged.digest("content"))
    headers["pmcb-signature"] = base64.b64encode(signature).decode()
    with refused("nonce"):
        checker.check(SignedRequest("GET", "/", headers, b""))
    with refused("nonce"):
        bare = {**headers, "pmcb-nonce": ""}
        forged = SignedRequest("GET", "/", bare, b"")
        bare["pmcb-signature"] = base64.b64encode(ANN.signer(forged.digest("content"))).decode()
        checker.check(SignedRequest("GET", "/", bare, b""))


@pytest.mark.parametrize("lifetime_s", [0, 3601])
def test_a_lifetime_is_short(lifetime_s):
    """A second to an hour."""
    with pytest.raises(ValueError, match="from 1 to 3600"):
        SignedRequests(ANN, audience="content", lifetime_s=lifetime_s)


def test_the_caller_is_a_person_with_a_role(checker):
    """As the contract knows them."""
    caller = checker.check(signed(B.person("ver", "verifier"), method="GET", body=b""))
    assert caller == Caller("HospitalBMSP", "ver", "verifier")
    assert caller.uid == "HospitalBMSP/ver"


def test_a_certificate_that_names_nobody_is_refused(checker):
    """A name with a slash would be two."""
    with refused("certificate"):
        checker.check(signed(A.person("ann/eve")))
