# SPDX-License-Identifier: Apache-2.0
"""What a hostile gateway, peer or CA answers to a client: an error of its tree, or a value.

Foreign words that reach an error are one line that obeys no terminal.
"""

import asyncio
from contextlib import AsyncExitStack, aclosing

import grpc
import pytest
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_event_pb2, events_pb2, proposal_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.client.gateway.fake_gateway import TRAILER, endorsed, trailer
from tests.fuzz.checks import attempt, examples, logged
from tests.fuzz.damage import messages, scarred
from tests.network.wire import Person

from pmcb_client.errors import LedgerError
from pmcb_client.gateway import Identity, P256Signer, connect
from pmcb_client.gateway._failures import Phase, failure
from pmcb_client.gateway._repeats import step_after
from pmcb_network.embedded._authority import Authority

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
NOW_MS = 1_700_000_000_000
CA = Authority.make("ca", "HospitalAMSP", now_ms=NOW_MS)
ALICE = Person.issue(CA, "HospitalAMSP", "alice", now_ms=NOW_MS)
IDENTITY = Identity("HospitalAMSP", ALICE.certificate)
READ_S = 20.0


class Hostile(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Answers every call with the same bytes, then ends it with the same status."""

    def __init__(self):
        self.answers = []
        self.ends = (grpc.StatusCode.PERMISSION_DENIED, "no more", ())

    def service(self, handler_call_details):
        async def answer(_, context):
            for raw in self.answers:
                await context.write(raw)
            code, said, trailers = self.ends
            if code is not grpc.StatusCode.OK:
                await context.abort(code, said, trailing_metadata=trailers)

        return grpc.stream_stream_rpc_method_handler(answer)


class World:
    """A client's gateway whose other end is hostile, on a loop of its own."""

    def __init__(self, runner):
        self.run = runner.run
        self.hostile = Hostile()

    async def open(self, stack):
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((self.hostile,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        stack.push_async_callback(server.stop, None)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        stack.push_async_callback(channel.close, None)
        gateway = connect(channel, IDENTITY, P256Signer(ALICE.key))
        self.gateway = await stack.enter_async_context(gateway)
        # one proposal for all examples: its nonce is random, and what is drawn depends on it
        self.proposal = self.gateway.network("pmcb").contract("pmcb").proposal("fn", "a")

    def answers(self, *raw, ends=(grpc.StatusCode.OK, "", ())):
        self.hostile.answers, self.hostile.ends = list(raw), ends

    def asked(self, call):
        """What the client makes of the answers."""
        with logged("grpc"):  # it logs what it cannot read
            found, error = attempt(LedgerError, self.run, asyncio.wait_for(call, READ_S))
        if error is not None:
            _check(error)
        return found


def _check(error):
    assert str(error).isprintable()
    assert len(str(error)) < 1000


@pytest.fixture(scope="module")
def world():
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        made = World(runner)
        runner.run(made.open(stack))
        yield made
        runner.run(stack.aclose())


def _bytes(message):
    return message.SerializeToString()


EVALUATED = _bytes(gateway_pb2.EvaluateResponse(result={"status": 200, "payload": b"result"}))
COMMITTED = _bytes(gateway_pb2.CommitStatusResponse(result=11, block_number=7))
EVENT = chaincode_event_pb2.ChaincodeEvent(
    chaincode_id="pmcb", tx_id="ab" * 32, event_name="TaskPublished", payload=b"{}"
)
EVENTS = _bytes(gateway_pb2.ChaincodeEventsResponse(events=[EVENT, EVENT], block_number=7))


@examples(60)
@given(st.data())
def test_damaged_answers_to_a_transaction_are_values_or_errors_of_the_phase(world, data):
    """Evaluate, endorse, submit, status: nothing is signed that was not proposed."""
    proposal = world.proposal
    world.answers(data.draw(messages(EVALUATED)))
    assert isinstance(world.asked(proposal.evaluate()), bytes | None)
    sound = _bytes(
        gateway_pb2.EndorseResponse(prepared_transaction=endorsed(proposal.bytes, b"result"))
    )
    world.answers(data.draw(messages(sound)))
    transaction = world.asked(proposal.endorse())
    if transaction is not None:
        header = common_pb2.Payload.FromString(transaction.bytes).header
        assert header == common_pb2.Header.FromString(
            proposal_pb2.Proposal.FromString(proposal.bytes).header
        )
        assert isinstance(transaction.result, bytes)
        world.answers(data.draw(scarred(b"")))
        world.asked(transaction.submit())
        world.answers(data.draw(messages(COMMITTED)))
        status = world.asked(transaction.commit.status())
        assert status is None or status.successful is (status.code == 0)


def _blocks():
    """A filtered and a full block, in the answers of Deliver."""
    payload = endorsed(_proposal_bytes(), b"result").payload
    envelope = _bytes(common_pb2.Envelope(payload=payload, signature=b"s"))
    block = common_pb2.Block(
        header={"number": 7},
        data={"data": [envelope]},
        metadata={"metadata": [b"", b"", b"\x00", b"", b""]},
    )
    filtered = events_pb2.FilteredBlock(
        channel_id="pmcb",
        number=7,
        filtered_transactions=[
            {
                "txid": "ab" * 32,
                "type": 3,
                "tx_validation_code": 11,
                "transaction_actions": {"chaincode_actions": [{"chaincode_event": EVENT}]},
            }
        ],
    )
    return {
        "filtered": _bytes(events_pb2.DeliverResponse(filtered_block=filtered)),
        "full": _bytes(events_pb2.DeliverResponse(block=block)),
        "private": _bytes(events_pb2.DeliverResponse(block_and_private_data={"block": block})),
    }


def _proposal_bytes():
    header = common_pb2.Header(
        channel_header=_bytes(common_pb2.ChannelHeader(type=3, channel_id="pmcb", tx_id="ab"))
    )
    return _bytes(proposal_pb2.Proposal(header=_bytes(header)))


BLOCKS = _blocks()


async def _all(stream):
    async with aclosing(stream) as answers:
        return [answer async for answer in answers]


@examples(60)
@given(st.lists(messages(EVENTS) | st.just(EVENTS), max_size=3))
def test_damaged_events_are_events_until_the_gateway_says_no(world, answers):
    """Each answer is events of its block, or the stream ends with an error of the tree."""
    world.answers(*answers, ends=(grpc.StatusCode.PERMISSION_DENIED, "no more", ()))
    assert world.asked(_all(world.gateway.network("pmcb").chaincode_events("pmcb"))) is None


async def _transactions(stream):
    async with aclosing(stream) as blocks:
        async for block in blocks:
            for each in block.transactions:
                assert each.successful is (each.code == 0)
                assert all(event.block_number == block.number for event in each.events)


@examples(60)
@given(st.data(), st.sampled_from(list(BLOCKS)))
def test_damaged_blocks_are_read_as_far_as_they_go(world, data, kind):
    """Each answer is a block with what can be read of it, or an error of the tree."""
    sound = st.sampled_from(list(BLOCKS.values()))
    world.answers(
        *data.draw(st.lists(messages(*BLOCKS.values()) | sound, max_size=3)),
        ends=(grpc.StatusCode.PERMISSION_DENIED, "no more", ()),
    )
    assert world.asked(_transactions(world.gateway.network("pmcb").block_events(kind=kind))) is None


SAID = (
    "evaluate call to endorser returned error: chaincode response 403, LEVEL_MISMATCH: No.",
    "chaincode response 409, EXISTS: \x1b[2Jthere\x9b is\r\n such a note\u202e",
    "failed to collect enough transaction endorsements, see attached details for more info",
    "ProposalResponsePayloads do not match",
    "too many requests for /gateway.Gateway",
    "\x1b]0;title\x07",
    "",
)
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


@examples(80)
@given(
    st.sampled_from(list(Phase)),
    st.sampled_from(CODES),
    st.sampled_from(SAID)
    | scarred(*(said.encode() for said in SAID)).map(lambda raw: raw.decode("utf-8", "replace")),
    st.lists(st.sampled_from(SAID), max_size=2),
    st.booleans(),
    st.data(),
)
def test_whatever_a_gateway_says_is_one_error_in_one_quiet_line(
    phase, code, said, details, chosen, data
):
    """Any status with any words and a damaged trailer is one error that says what to do next."""
    sound = trailer(code, said, details)
    raw = data.draw(messages(sound) | st.just(sound))
    error = grpc.aio.AioRpcError(
        code,
        grpc.aio.Metadata(),
        grpc.aio.Metadata((TRAILER, raw)),
        details=said,
        debug_error_string="",
    )
    made = failure(phase, error, "ab" * 32, orgs_chosen=chosen)
    assert step_after(phase, made)
    _check(made)


@examples(40)
@given(st.data())
def test_damaged_bytes_signed_off_line_are_of_this_identity_or_refused(world, data):
    """ValueError, or an object that speaks as the gateway's identity and can be sent."""
    gateway, network = world.gateway, world.gateway.network("pmcb")
    proposal = world.proposal
    transaction = endorsed(proposal.bytes, b"result").payload
    commit = _bytes(
        gateway_pb2.CommitStatusRequest(
            transaction_id="ab" * 32, channel_id="pmcb", identity=IDENTITY.creator
        )
    )
    for read, sound in (
        (gateway.signed_proposal, proposal.bytes),
        (gateway.signed_transaction, transaction),
        (gateway.signed_commit, commit),
        (gateway.signed_chaincode_events, network.chaincode_events_request("pmcb").bytes),
        (gateway.signed_block_events, network.block_events_request().bytes),
    ):
        raw = data.draw(messages(sound))
        made, error = attempt(ValueError, read, raw, b"signature")
        assert made is None or (made.bytes == raw and IDENTITY.creator in raw)
        assert error is None or str(error).endswith(" of this gateway's identity.")
