# SPDX-License-Identifier: Apache-2.0
"""Bad input to every function of the PMCB contract: refused, named, never quoted, nothing read."""

import json
import re
import unicodedata

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import identity
from tests.chaincode.story import PEOPLE, PROOF, ROWS, TASK, A, B, published, text

from pmcb_chaincode.bridge import Int, Json, ListOf, Match, Ratio
from pmcb_chaincode.contract import Governance, Pmcb

SETTING = published(ROWS, slots=2)
ROLE_MSPS = dict.fromkeys(("authority", "institution", "verifier"), (A, B))
PARAMETERS = [
    (function.name, name) for function in Pmcb.functions.values() for name in function.rules
]
KEY = {"slot": 0, "to": f"{A}/p0", "wrapped": "01" + "ab" * 81}
DEAL = {"n": 0, "threshold": 1, "commitment": PROOF, "blob_hash": PROOF}
DEAL |= {"close_early": True, "items": []}
SCOPE = {"datasets": [TASK], "devices": {f"{B}/pump": ["start"]}}
TERMS = {"purpose": "treatment", "not_before": 1, "expires": 2}
GOOD = {
    "amount": "1",
    "attributes": text([TASK]),
    "audit_head": PROOF,
    "batch": "0",
    "bookmark": "",
    "cohort": TASK,
    "command": "start",
    "content_hash": PROOF,
    "dataset": TASK,
    "deal": text(DEAL),
    "device": f"{B}/pump",
    "digest": PROOF,
    "entries": SETTING[3][1][3],
    "epoch": "1",
    "epsilon": "1/3",
    "evidence_hash": PROOF,
    "grant": TASK,
    "items": text([KEY]),
    "level": "1",
    "manifest": SETTING[2][1][2],
    "msp": A,
    "number": "1",
    "ordinal": "0",
    "person": "p0",
    "record_type": "BU",
    "ref": "grant-1",
    "release_hash": PROOF,
    "request_hash": PROOF,
    "schema_hash": PROOF,
    "scope": text({**SCOPE, **TERMS}),
    "score": "9",
    "size": "7",
    "slot": "0",
    "slots": "[0]",
    "spec": SETTING[6][1][2],
    "subtask": "0",
    "task": TASK,
    "total": "1/3",
    "unit": "row",
    "verdict": "accept",
    "worker": "doctor",
    "worker_msp": A,
}
NUMBERS = ["", " 1", "1 ", "+1", "01", "1.0", "1e3", "nan", "true", "-1", "\u0661", str(2**53)]
RATIOS = ["", "1/0", "2/4", "3/1", "0/1", "+1/3", "1/3 ", " 1/3", "1 / 3", "01/3", "1/03", "-0"]
RATIOS += ["0.1", "1e-1", "inf", "1/-3", "1/3/5", "1/", "/3", "1/1000000001", str(10**16), "\u0661"]
TEXTS = ["nul\x00", "line\n", "\x7f", "\u202ename", "caf\u00e9", "cafe\u0301", "x" * 1000, "a b"]
JSON = ["", "{", "null", "NaN", '"text"', "1", "[" * 17 + "]" * 17, '{"a":' * 17 + "1" + "}" * 17]


def good(function):
    """Arguments that every rule of a function accepts, by parameter."""
    return {
        name: _simplest(rule) if name in {"reason", "version"} else GOOD[name]
        for name, rule in Pmcb.functions[function].rules.items()
    }


def _simplest(rule):
    """The first of some words, an id, or the least number: these names stand for several rules."""
    if isinstance(rule, Int):
        return str(rule.lo)
    return TASK if re.fullmatch(rule.pattern, TASK) else rule.pattern.partition("|")[0]


def objects(text):
    """An object with a duplicate, an unknown, a missing key, and values that no field takes."""
    made = json.loads(text)
    first, *others = made
    yield text.replace("{", f'{{"{first}":{json.dumps(made[first])},', 1)
    yield json.dumps(made | {"unknown": 1})
    yield json.dumps({name: made[name] for name in others})
    yield json.dumps({first.upper(): made[first]} | {name: made[name] for name in others})
    foreign: list[object] = [1.0, 0.5, 1e300, float("nan"), None, "\ud800", [[[]]], {"a": {}}, True]
    for name in made:
        for value in foreign:
            if not (value is True and made[name] is True):
                yield json.dumps(made | {name: value})


def bad(rule, text):
    """Texts and bytes that a rule refuses, made from one that it accepts."""
    yield b"\xff"
    yield b'{"a":"\xc3\x28"}'
    if isinstance(rule, Int):
        yield from NUMBERS
        yield from (str(rule.lo - 1), str(rule.hi + 1))
    elif isinstance(rule, Ratio):
        yield from RATIOS
    elif isinstance(rule, Match):
        yield from TEXTS
        if len(text) in {32, 64}:
            yield from (text.upper(), text[1:], text + "0", "0x" + text[2:], f"{text}\n")
            yield from [""] * (re.fullmatch(rule.pattern, "") is None)
    else:
        yield from JSON
        yield text[:-1]
    if isinstance(rule, Json):
        yield from objects(text)
        yield f"[{text}]"
    elif isinstance(rule, ListOf):
        rows = json.loads(text)
        for row in ([A, "p", 1.0, 0], [A, "p", True, 0], [A, "p", 1], [A, "p\n", 1, 0], [], [None]):
            yield json.dumps([*rows, row])
        yield json.dumps(rows * 1001)


@pytest.fixture
def peer(serve):
    """A peer that is served the PMCB contract."""
    return serve(FakePeer(), Pmcb(Governance((A, B), {**ROLE_MSPS, "authority": (A,)}, 1)))


@pytest.mark.parametrize(("function", "name"), PARAMETERS)
async def test_bad_argument_of_the_contract_is_named_and_never_quoted(peer, function, name):
    """Whoever calls, whatever the state: 400, the parameter's name, and no ledger call."""
    arguments = good(function)
    for word in bad(Pmcb.functions[function].rules[name], arguments[name]):
        answer = await peer.call(function, *(arguments | {name: word}).values())
        assert (answer.status, answer.code) == (400, "BAD_ARGUMENT"), word
        assert answer.message.startswith(f"BAD_ARGUMENT: {name} "), word
        assert " must " in answer.message
        shown = word.decode("utf-8", "replace") if isinstance(word, bytes) else word
        assert len(shown) < 8 or shown not in answer.message
    assert not peer.calls


@pytest.mark.parametrize("function", Pmcb.functions)
async def test_wrong_number_of_arguments_of_the_contract_is_refused(peer, function):
    """One too few, one too many, and none at all where some are needed."""
    texts = list(good(function).values())
    for given in [texts[:-1]] * bool(texts) + [[*texts, "1"], [*texts, ""], texts * 2 + ["1"]]:
        answer = await peer.call(function, *given)
        assert answer.message == (
            f"BAD_ARGUMENT: {function} takes {len(texts)} arguments, {len(given)} were given."
        )
    assert not peer.calls


@pytest.mark.parametrize("name", ["", "governance", "has_two_authorities", "Pmcb:ping", "x:ping"])
async def test_nothing_else_of_the_contract_can_be_called(peer, name):
    """Neither its helpers nor another contract's functions."""
    assert (await peer.call(name)).code == "UNKNOWN_FUNCTION"


@pytest.mark.parametrize(
    ("call", "caller", "code"),
    [
        (["announce_key"], identity(A, "ann", extension=b""), "ROLE_REQUIRED"),
        (["announce_key"], identity(A, "ann", extension=b'{"attrs":'), "ROLE_REQUIRED"),
        (["announce_key"], identity(A, "ann", extension=b'{"attrs":[]}'), "ROLE_REQUIRED"),
        (["announce_key"], identity(A, "ann"), "ROLE_REQUIRED"),
        (["announce_key"], identity(A, "ann", role="wizard"), "ROLE_REQUIRED"),
        (["announce_key"], identity(A, "ann", role="RECEIVER"), "ROLE_REQUIRED"),
        (["approve_epoch", "1"], identity(B, "ann", role="authority"), "MSP_NOT_ALLOWED"),
        (["announce_key"], identity("OtherMSP", "ann", role="receiver"), "MSP_NOT_ALLOWED"),
        (
            ["announce_key"],
            identity(A, "ann", role="receiver", key=ec.generate_private_key(ec.SECP384R1())),
            "KEY_UNSUPPORTED",
        ),
    ],
)
async def test_certificate_that_does_not_carry_the_role_is_refused(peer, call, caller, code):
    """Role, organisation and key come from the certificate; nothing is read before they hold."""
    answer = await peer.call(*call, caller=caller)
    assert (answer.status, answer.code) == (400 if code == "KEY_UNSUPPORTED" else 403, code)
    assert not peer.calls


async def test_level_that_a_receiver_sends_counts_for_nothing(serve):
    """Ignored in transient data, refused as a surplus argument; the registry decides alone."""
    peer = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    for caller, args in SETTING:
        assert (await peer.call(*args, caller=caller)).status == 200
    person, claim = PEOPLE[0], ["accept_subtask", TASK, "1"]  # of level 1; the subtask's is 2
    sent = {"level": b"2", "pmcb.level": b"2"}
    refused = await peer.call(*claim, caller=person, transient=sent)
    assert (refused.code, refused.writes) == ("LEVEL_MISMATCH", {})
    assert (await peer.call(*claim, "2", caller=person)).code == "BAD_ARGUMENT"
    taken = await peer.call("accept_subtask", TASK, "0", caller=person, transient=sent)
    assert taken.json()["level"] == 1


@pytest.mark.parametrize(
    "bookmark",
    [
        "a",
        "AAAA",
        "====",
        "not base64!",
        "QUJD",
        "AE9QAA",  # another listing's type, and nothing after it
    ],
)
async def test_bookmark_of_nowhere_is_refused(peer, bookmark):
    """Truncated, not base64, or of another listing: named like any other argument."""
    answer = await peer.call("list_my_claims", "10", bookmark, caller=PEOPLE[0])
    assert (answer.status, answer.code) == (400, "BAD_ARGUMENT")
    assert answer.message.startswith("BAD_ARGUMENT: bookmark ")


def test_samples_are_what_they_claim():
    """One of the texts is not in normal form, and the good ones pass."""
    assert any(unicodedata.normalize("NFC", text) != text for text in TEXTS)
    for function, described in Pmcb.functions.items():
        texts = [text.encode() for text in good(function).values()]
        assert described.arguments(texts).keys() == described.rules.keys()
