# SPDX-License-Identifier: Apache-2.0
"""Against the embedded network: what a sound network says."""

import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.client.gateway.counters import Counters
from tests.client.gateway.persons import Person, enrol

from pmcb_client.errors import (
    CommitError,
    Conflict,
    EndorseError,
    EvaluateError,
    LedgerUnavailable,
    Refused,
)
from pmcb_client.gateway import (
    Identity,
    P256Signer,
    Retry,
    connect,
    connect_network,
    open_channel,
)
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork

AT_ONCE = Retry(base_s=0.0)


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """Two organisations that endorse counters."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("counters"), contract=Counters()) as network:
        yield network


@pytest.fixture(scope="module")
async def person(network):
    return await enrol(network, "receiver1")


@pytest.fixture
async def counters(network, person):
    """The contract, as receiver1 sees it."""
    async with connect_network(network.network_file, person) as gateway:
        yield gateway.network("pmcb").contract("counters")


async def test_a_refusal_has_the_contracts_code(counters, network):
    """From a query and from a transaction; nothing is written."""
    height = network.height
    for call in (counters.evaluate("value", "none"), counters.submit("rename", "none", "other")):
        with pytest.raises(Refused) as caught:
            await call
        assert (caught.value.code, caught.value.status) == ("NOT_FOUND", 404)
        assert caught.value.reason == "There is no such counter."
    assert network.height == height


async def test_an_unknown_function_is_refused(counters):
    """Also one with too many arguments, and one of another contract."""
    for words in (["no_such"], ["add", "a", "b"], ["other:add", "a"]):
        with pytest.raises(Refused) as caught:
            await counters.submit(*words)
        assert caught.value.status == 400


async def test_an_unknown_chaincode_or_channel_fails_at_once(network, person):
    """It is no refusal: the contract was not asked."""
    async with connect_network(network.network_file, person) as gateway:
        for channel, chaincode in (("pmcb", "none"), ("none", "counters")):
            contract = gateway.network(channel).contract(chaincode)
            with pytest.raises(EvaluateError):
                await contract.evaluate("value", "a")
            with pytest.raises(EndorseError):
                await contract.submit("add", "a")


async def test_a_foreign_signature_is_not_accepted(network, person):
    """The error is at hand at once and says who refused."""
    forger = Person(person.identity, P256Signer(ec.generate_private_key(ec.SECP256R1())))
    async with connect_network(network.network_file, forger) as gateway:
        contract = gateway.network("pmcb").contract("counters")
        with pytest.raises(EvaluateError, match="access denied"):
            await contract.evaluate("caller")
        with pytest.raises(EndorseError, match="access denied") as caught:
            await contract.submit("add", "forged")
        assert caught.value.details[0].msp == "HospitalAMSP"


async def test_a_signer_of_an_unknown_organisation_is_refused(network, tls):
    """A certificate of nobody's CA, whichever organisation it claims."""
    key, certificate = tls
    loaded = load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    signer = P256Signer(loaded)
    org = parse(network.network_file).org("HospitalAMSP")
    for msp in ("HospitalAMSP", "ClinicMSP"):
        channel = open_channel(org.gateway, org.tls_ca)
        async with connect(channel, Identity(msp, certificate), signer) as gateway:
            contract = gateway.network("pmcb").contract("counters")
            with pytest.raises(EvaluateError, match="access denied"):
                await contract.evaluate("caller")
            with pytest.raises(EndorseError, match="access denied"):
                await contract.submit("add", "foreign")
        await channel.close(grace=None)


async def test_endorsers_that_answer_differently_are_a_conflict(counters, network):
    """A contract that is not deterministic never gets through; nothing is written."""
    height = network.height
    with pytest.raises(Conflict, match="heights"):
        await counters.submit("drift", "a", retry=Retry(conflicts=1, base_s=0.0))
    assert network.height == height


@pytest.mark.parametrize(("every", "msps"), [(1, {"HospitalAMSP"}), (2, {"HospitalBMSP"})])
async def test_an_endorser_that_fails_is_named(tmp_path, every, msps):
    """The own organisation's, and another's; it is a failure, no refusal and no conflict."""
    async with EmbeddedNetwork(tmp_path, contract=Counters()) as network:
        person = await enrol(network, "receiver1")
        async with connect_network(network.network_file, person) as gateway:
            contract = gateway.network("pmcb").contract("counters")
            with pytest.raises(EndorseError, match="chaincode response 500") as caught:
                await contract.submit("falter", str(every), retry=AT_ONCE)
    assert {detail.msp for detail in caught.value.details} == msps


async def test_a_clock_outside_the_window_is_refused_at_once(network, person):
    """The peer names the time that it saw; nothing is repeated."""
    async with connect_network(network.network_file, person, clock=lambda: 5) as gateway:
        contract = gateway.network("pmcb").contract("counters")
        with pytest.raises(EvaluateError, match="timewindow"):
            await contract.evaluate("caller")
        with pytest.raises(EndorseError, match="timewindow"):
            await contract.submit("add", "early")


async def test_too_few_endorsements_are_marked_invalid(counters):
    """One organisation of two is no majority."""
    with pytest.raises(CommitError) as caught:
        await counters.submit("add", "alone", endorsing_orgs=["HospitalAMSP"])
    assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"
    with pytest.raises(LedgerUnavailable, match="NoSuchMSP") as unknown:
        await counters.submit("add", "a", endorsing_orgs=["NoSuchMSP"], retry=Retry(within_s=0))
    assert "names in endorsing_orgs" in unknown.value.next_step


async def test_a_result_is_what_the_contract_returned(counters):
    """Written, read again, with its block."""
    assert json.loads(await counters.submit("add", "one")) == {"value": 1}
    pending = await counters.submit_async("add", "one")
    assert json.loads(pending.result) == {"value": 2}
    status = await pending.status()
    assert (status.successful, status.name) == (True, "VALID")
    assert status.block_number > 0
    assert json.loads(await counters.evaluate("value", "one")) == {"value": 2}


async def test_the_contract_sees_caller_time_and_transient_data(network, person):
    """Who, by certificate; when, by the client's clock; and what only endorsers see."""
    async with connect_network(network.network_file, person) as gateway:
        contract = gateway.network("pmcb").contract("counters")
        seen = json.loads(await contract.evaluate("caller", transient={"secret": b"s3"}))
    assert (seen["uid"], seen["secret"]) == ("HospitalAMSP/receiver1", "s3")
    assert seen["time"] > 1_700_000_000_000


async def test_the_loser_of_two_is_a_conflict(counters):
    """Both endorsed before either is ordered: one is valid, the other read a stale record."""
    first = await counters.proposal("add", "raced").endorse()
    second = await counters.proposal("add", "raced").endorse()
    assert first.result == second.result
    statuses = [await (await transaction.submit()).status() for transaction in (first, second)]
    assert [status.name for status in statuses] == ["VALID", "MVCC_READ_CONFLICT"]


async def test_conflicts_are_repeated_until_each_counts(counters):
    """Twelve at once on one counter: every call counts once, none is lost."""
    patient = Retry(conflicts=100, base_s=0.001)
    results = await asyncio.gather(
        *(counters.submit("add", "crowd", retry=patient) for _ in range(12))
    )
    assert sorted(json.loads(result)["value"] for result in results) == list(range(1, 13))


async def test_the_same_envelope_twice_is_valid_once(counters):
    """What is sent again in doubt has no second effect, and its status is the first copy's."""
    transaction = await counters.proposal("add", "again").endorse()
    await transaction.submit()
    commit = await transaction.submit()
    assert (await commit.status()).name == "VALID"
    assert json.loads(await counters.submit("add", "again")) == {"value": 2}


async def test_endorsers_at_different_heights_are_a_conflict(tmp_path):
    """An organisation that is a block behind disagrees, or refuses what it does not see yet."""
    async with EmbeddedNetwork(tmp_path, contract=Counters(), heights_apart=True) as network:
        person = await enrol(network, "receiver1")
        async with connect_network(network.network_file, person) as gateway:
            contract = gateway.network("pmcb").contract("counters")
            await contract.submit("add", "a")
            with pytest.raises(Conflict, match="heights"):
                await contract.submit("add", "a", retry=AT_ONCE)
            with pytest.raises(Conflict, match="NOT_FOUND"):
                await contract.proposal("rename", "a", "b").endorse()
            await contract.submit("add", "c")  # a block later the other one has seen "a"
            assert json.loads(await contract.submit("rename", "a", "b")) == {"to": "b"}
