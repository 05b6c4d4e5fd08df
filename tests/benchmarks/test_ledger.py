# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench ledger``: its loads and its look at the blocks; then all of it on Fabric."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from pmcb_benchmarks._client import Ask
from pmcb_benchmarks._clients import clients_of
from pmcb_benchmarks._network import network_process
from pmcb_benchmarks._offered import Accepts, Load, Marks
from pmcb_benchmarks._open_loop import summary
from pmcb_benchmarks._people import Enrolled, people_of
from pmcb_benchmarks._stand import shaped
from pmcb_benchmarks._valid import Ledger
from pmcb_client.cli import make_root
from pmcb_client.gateway import Identity
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find


async def test_every_accept_stands_once_and_a_lost_or_second_one_is_found(tmp_path: Path):
    """What was acknowledged is in the blocks; an id that no block holds is counted as missing."""
    with network_process(tmp_path, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            offered = await Accepts.of(network.file, people, 12)
            ledger = await Ledger.of(network.file, people)
            async with clients_of(network.file, "pmcb", "status", offered.people, 2) as clients:
                asks = await offered.asks(Load(3, 12, 0))
                first = network.height()
                samples = await clients.load(asks, rate=0)
                again = await clients.load(asks[:3], rate=0)
                others = [Ask(each.who, (*each.words[:2], "0")) for each in asks[3:6]]
                refused = await clients.load(others, rate=0)
                afresh = await clients.load(await offered.asks(Load(4, 8, 100)), rate=100)
            height = network.height()
            ids = [each.steps.transaction_id for each in samples if each.steps]
            held = await ledger.holds(ids, first, height)
            lost = await ledger.holds([*ids, "f" * 64], first, height)
            nothing = await ledger.holds([], height, height)
    assert summary(samples)["outcomes"] == {"ok": 12}
    assert summary(again)["outcomes"] == {"ok": 3}  # the stored claim is the answer
    assert summary(refused)["outcomes"] == {"ok": 1, "refusal": 2}
    assert summary(refused)["reasons"] == {"ALREADY_MEMBER": 2}
    assert summary(afresh)["outcomes"] == {"ok": 8}
    assert held == {"acknowledged": 12, "missing": 0, "doubled": 0}
    assert lost == {"acknowledged": 13, "missing": 1, "doubled": 0}
    assert nothing == {"acknowledged": 0, "missing": 0, "doubled": 0}


async def test_a_receiver_accepts_once_in_each_of_several_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Seven acceptances by four receivers: two tasks, both filled by whom their levels allow."""
    monkeypatch.setattr("pmcb_benchmarks._offered._SLOTS", 4)
    with network_process(tmp_path, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            offered = await Accepts.of(network.file, people, 7)
            asks = await offered.asks(Load(3, 7, 0))
            async with clients_of(network.file, "pmcb", "status", offered.people, 1) as clients:
                samples = await clients.load(asks, rate=0)
    assert len(offered.people) == 4
    assert [each.who for each in asks] == [0, 1, 2, 3, 0, 1, 2]
    assert len({each.words[1] for each in asks}) == 2
    assert summary(samples)["outcomes"] == {"ok": 7}


async def test_clients_share_a_load_and_each_does_its_own_part(tmp_path: Path):
    """Ten marks by three clients: every due moment once, every name once; both kinds of commit."""
    with network_process(tmp_path, "yardstick") as network:
        async with people_of(network.file, network.registrars) as people:
            offered = await Marks.of(network.file, people)
            for commit in ("status", "blocks"):
                asks = await offered.asks(Load(0, 10, 50))
                async with clients_of(
                    network.file, offered.chaincode, commit, offered.people, 3
                ) as clients:
                    assert set(clients.processes()) == {"client0", "client1", "client2"}
                    samples = await clients.load(asks, rate=50)
                assert [each.due_s for each in samples] == pytest.approx(
                    [n / 50 for n in range(10)]
                )
                assert summary(samples)["outcomes"] == {"ok": 10}
                contract = people.contract(offered.people[0])
                counted = [await contract.evaluate("get_marks", each.words[1]) for each in asks]
                assert counted == [b'{"marks":1}'] * 10


async def test_a_client_that_ends_ends_the_load(tmp_path: Path):
    """Its share is neither lost nor counted in silence."""
    with network_process(tmp_path, "yardstick") as network:
        async with people_of(network.file, network.registrars) as people:
            offered = await Marks.of(network.file, people)
            asks = await offered.asks(Load(0, 4, 0))
            async with clients_of(
                network.file, offered.chaincode, "status", offered.people, 2
            ) as clients:
                clients.processes()["client1"].kill()
                with pytest.raises(ExceptionGroup):
                    await clients.load(asks, rate=0)


def test_what_a_client_is_told_shows_no_key_in_a_message():
    """Neither an identity's representation nor its process's arguments."""
    key = generate_private_key(SECP256R1())
    assert "key" not in repr(Enrolled(Identity("A", b"PEM"), key))


@pytest.mark.parametrize("contract", ["yardstick", "accept"])
def test_a_load_on_an_embedded_network_gives_every_figure(tmp_path: Path, contract: str):
    """Rates, phases, the ledger's word, processor time of network and clients; and a picture."""
    out, figure = tmp_path / "ledger.json", tmp_path / "ledger.svg"
    words = ["--network", "embedded", "--contract", contract, "--clients", "2", "--count", "12"]
    words += ["--rate", "100", "--rate", "0", "--levels", "2", "--levels", "3"]
    answer = CliRunner().invoke(
        make_root(),
        ["bench", "ledger", *words, "--out", str(out), "--figure", str(figure)],
        catch_exceptions=False,
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    levels = [2, 2, 3, 3] if contract == "accept" else [None, None]
    assert [run.get("levels") for run in found["runs"]] == levels
    assert [run["asked"] for run in found["runs"]] == [100.0, 0.0] * (len(levels) // 2)
    for run in found["runs"]:
        assert run["outcomes"] == {"ok": 12}
        assert run["ledger"] == {"acknowledged": 12, "missing": 0, "doubled": 0}
        assert set(run["cpu_ms_each"]) == {"client", "network"}
    assert found["network"] == {"kind": "embedded"}
    drawn = figure.read_text()
    assert "<svg" in drawn
    assert "published" not in drawn  # never beside an embedded network's


def test_a_preset_is_shaped_by_what_is_given_only():
    """Policy and block cutting; all else stays."""
    own = tomllib.loads(shaped("paper", endorsement=None, block_timeout=None, block_messages=None))
    other = tomllib.loads(shaped("paper", endorsement="OR", block_timeout="2s", block_messages=50))
    assert (other["endorsement"], other["blocks"]["timeout"]) == ("OR", "2s")
    assert other["blocks"]["messages"] == 50
    assert other["organisations"] == own["organisations"]
    assert own["endorsement"] == "MAJORITY"


@pytest.mark.parametrize(
    "options",
    [("--rate", "-1"), ("--count", "0"), ("--levels", "1"), ("--levels", "17"),
     ("--clients", "0"), ("--clients", "17"), ("--block-messages", "0"), ("--figure", "x.pdf"),
     ("--figure", "missing/x.png"), ("--network", "embedded", "--preset", "dev"),
     ("--network", "embedded", "--no-write-batch")],
)  # fmt: skip
def test_what_cannot_be_measured_is_bad_input(options: tuple[str, ...]):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", "ledger", *options])
    assert answer.exit_code == 2, answer.output
    assert options[0] in answer.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [(3, 1000, 100.0)]),
        (("--contract", "yardstick", "--rate", "0"), [(0, 1000, 0.0)]),
        (
            ("--sweep", "--rate", "400", "--count", "7"),
            [(3, 7, 400.0), (4, 7, 400.0), (5, 7, 400.0)],
        ),
    ],
)
def test_the_sweep_fills_in_what_is_not_given(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: list[tuple[object, ...]]
):
    """All of the publication's, or one load."""
    asked: list[tuple[object, ...]] = []

    def measure(_: object, loads: list[Load], __: object) -> None:
        asked.extend((load.levels, load.count, load.rate) for load in loads)

    monkeypatch.setattr("pmcb_benchmarks._ledger.measure", measure)
    answer = CliRunner().invoke(make_root(), ["bench", "ledger", *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    assert asked == expected


def test_what_was_measured_is_kept_when_a_later_load_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The run that was over is in the file, and the failure is told."""
    shares = [12, 12, 3]  # popped: the warm-up, two loads; the third finds none

    async def asks(self: Marks, load: Load) -> list[Ask]:
        if not shares:
            raise TimeoutError
        return [Ask(0, ("mark", f"{len(shares)}.{n}")) for n in range(shares.pop())]

    monkeypatch.setattr(Marks, "asks", asks)
    out = tmp_path / "ledger.json"
    words = ["--network", "embedded", "--contract", "yardstick", "--count", "12", "--rate", "100"]
    answer = CliRunner().invoke(
        make_root(), ["bench", "ledger", *words, "--count", "3", "--count", "5", "--out", str(out)]
    )
    assert answer.exit_code == 70, answer.output
    assert [run["count"] for run in json.loads(out.read_text())["runs"]] == [12, 12]


@pytest.mark.fabric
@pytest.mark.timeout(240)
def test_a_small_load_on_fabric_gives_every_figure(tmp_path: Path):
    """Two rates, three levels, and a picture; nothing acknowledged is missing."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    out, figure = tmp_path / "ledger.json", tmp_path / "ledger.png"
    words = ["--rate", "20", "--rate", "0", "--count", "30", "--out", str(out)]
    answer = CliRunner().invoke(
        make_root(),
        ["--home", str(tmp_path / "home"), "bench", "ledger", *words, "--figure", str(figure)],
        catch_exceptions=False,
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert [run["asked"] for run in found["runs"]] == [20.0, 0.0]
    for run in found["runs"]:
        assert run["outcomes"] == {"ok": 30}
        assert run["ledger"] == {"acknowledged": 30, "missing": 0, "doubled": 0}
        assert set(run["cpu_ms_each"]) == {"ca", "client", "orderer", "peer", "server"}
    assert figure.read_bytes().startswith(b"\x89PNG")
