# SPDX-License-Identifier: Apache-2.0
"""What pages say of a made-up ledger, and that everybody can read them."""

import html
import re
from pathlib import Path

import pytest
from tests.apps.dashboard import ledger
from tests.apps.dashboard.conftest import Desk, desk_of, let_in, person
from tests.apps.dashboard.markup import faults, read

from pmcb_apps.dashboard._follower import Link, Seen
from pmcb_apps.dashboard._index import Index
from pmcb_apps.dashboard._watch import Sight
from pmcb_client.receiver import Refusal, note_refusal, receiver_folder

PAGES = ["/", "/levels", "/tasks", "/tasks?q=none", "/tasks?state=accepting",
         f"/tasks/{ledger.task_id(0)}", "/budgets", "/releases",
         f"/releases?cohort={ledger.COHORT}", "/grants", "/refusals", "/services"]  # fmt: skip


def words(page: str) -> str:
    """What a page says, without its marks."""
    shown = re.sub(r"<[^>]+>", " ", page.replace("<wbr>", ""))
    return " ".join(html.unescape(shown).split())


@pytest.fixture
async def empty(tmp_path: Path) -> Desk:
    """Of a home whose network nobody has reached yet."""
    who = person()
    return await let_in(desk_of(tmp_path, who, Index(tmp_path / "other.sqlite3", who.uid)))


@pytest.mark.parametrize(
    "path",
    ["/tasks/ff", "/tasks/..%2f..%2fwallet", "/static/x", "/static/..%2f_app.py", "/enter/x"],
)
async def test_what_is_not_there_is_said_so(desk: Desk, path: str):
    """With 404, on a page like all others."""
    page = await desk.page(path, 404)
    assert faults(page) == []
    assert "no such page" in page


@pytest.mark.parametrize(
    "path",
    ["/tasks?page=0", "/tasks?page=x", "/tasks?page=9999999999999", "/releases?cohort=../x",
     f"/tasks?q={'x' * 201}", f"/tasks/{ledger.task_id(0)}?page=-1"],
)  # fmt: skip
async def test_an_address_that_cannot_be_is_refused(desk: Desk, path: str):
    """With 400, and without an echo of it."""
    page = await desk.page(path, 400)
    assert faults(page) == []
    assert "x" * 30 not in page


async def test_every_page_is_sound(desk: Desk, empty: Desk):
    """Headings, labels, names of pictures, nothing inline: full, and before anything is known."""
    for path in PAGES:
        assert faults(await desk.page(path)) == [], path
        if ledger.task_id(0) not in path:
            page = await empty.page(path)
            assert faults(page) == []
            assert "<tbody>" not in page


async def test_what_people_wrote_is_text(desk: Desk):
    """Marks in an address, and in what an organisation wrote on the ledger, make none."""
    mark = "<script>alert(1)</script>"
    grant = {"owner": mark, "worker": mark, "datasets": [], "devices": {mark: [mark]},
             "purpose": mark, "not_before": 0, "expires": 9, "revoked": mark}  # fmt: skip
    place = desk.board.index.place.next
    assert desk.board.index.apply(place, [ledger.call(mark, ledger.write("GR", "1" * 32, **grant))])
    for path in ("/", f"/tasks?q={mark}", "/grants"):
        page = await desk.page(path)
        assert mark not in page
        assert html.escape(mark) in page or path == "/grants"
        assert faults(page) == []


async def test_the_first_page_counts(desk: Desk):
    """Receivers, tasks, slots, budgets and transactions, as the ledger has them."""
    said = words(await desk.page("/"))
    assert f"Height {desk.board.index.place.next} blocks read" in said
    assert "Receivers 30 with a level in epoch 1" in said
    assert "Tasks 3 27 slots taken, 27 answers" in said
    assert "Privacy budgets 48 % left" in said
    assert "39 valid, 1 invalid" in said
    assert "Role releaser" in said


async def test_levels_say_how_receivers_spread(desk: Desk):
    """In the picture's words, too; influence only with the result behind the epoch."""
    page = await desk.page("/levels")
    assert "Receivers: level 1 10, level 2 10, level 3 10" in page
    assert "HospitalAMSP, HospitalBMSP" in words(page)
    assert "only hashes" in words(page)


async def test_tasks_are_found_and_cut_into_pages(tmp_path: Path):
    """The newest first, 25 a page; by id, by releaser, by state; joker signs are letters."""
    who = person()
    index = Index(tmp_path / "other.sqlite3", who.uid)
    index.belong_to("0" * 64)
    index.apply(0, ledger.in_one(ledger.published(number) for number in range(60)))
    desk = await let_in(desk_of(tmp_path, who, index))

    def listed(page: str) -> list[str]:
        return re.findall(
            r'<td data-label="Task" class="name"><a href="/tasks/([0-9a-f]{32})">', page
        )

    every = [ledger.task_id(number) for number in reversed(range(60))]
    for number, expected in ((1, every[:25]), (2, every[25:50]), (3, every[50:]), (9, every[50:])):
        assert listed(await desk.page(f"/tasks?page={number}")) == expected
    found = await desk.page("/tasks?q=releaser3&page=1")
    assert listed(found) == [each for each in every if int(each, 16) % 7 == 3]
    assert listed(await desk.page(f"/tasks?q={ledger.task_id(59)[-3:]}")) == [ledger.task_id(59)]
    for nothing in ("%25", "_", "nobody"):
        assert listed(await desk.page(f"/tasks?q={nothing}")) == []
    assert listed(await desk.page("/tasks?state=closed")) == []
    following = await desk.page("/tasks?q=HospitalBMSP&page=2")
    assert 'rel="prev" href="?page=1&amp;q=HospitalBMSP"' in following


async def test_a_task_shows_how_far_it_has_come(desk: Desk):
    """Counts of every subtask; one answer of nine was rejected."""
    said = words(await desk.page(f"/tasks/{ledger.task_id(0)}"))
    assert "480 of 540 credits paid" in said
    assert said.count("8 accept 1 reject 9 20") == 3


@pytest.mark.parametrize("seen", [Seen(None), Seen(False, "NOT_OWNER", "Only those who.")])
async def test_a_listing_that_is_refused_is_said_so(desk: Desk, monkeypatch, seen: Seen):
    """In words, with the rule, and without a name; so is one that nobody could ask for."""
    monkeypatch.setattr(desk.board.follower, "may_see", lambda _: _after(seen))
    page = await desk.page(f"/tasks/{ledger.task_id(0)}")
    assert "p000000" not in page
    expected = "could not be asked yet" if seen.allowed is None else "NOT_OWNER"
    assert expected in words(page)
    assert faults(page) == []


async def test_a_listing_that_is_given_names_who_takes_part(desk: Desk, monkeypatch):
    """Each slot with its holder, verdict and payment."""
    monkeypatch.setattr(desk.board.follower, "may_see", lambda _: _after(Seen(True)))
    page = await desk.page(f"/tasks/{ledger.task_id(0)}")
    assert faults(page) == []
    assert "HospitalAMSP/p000000" in page
    assert re.search(r"reject\s*0, range", words(page))


async def test_budgets_say_what_is_left(desk: Desk):
    """In a number, exactly, and as a picture with words."""
    page = await desk.page("/budgets")
    assert "ε 0.96 left of 2" in words(page)
    assert "26/25 of 2 spent in 2 reservations; 24/25 left" in words(page)
    assert 'aria-label="26/25 of 2 spent"' in page
    assert "1 published, 1 reserved" in words(page)
    assert "what was reserved stays spent" in words(await desk.page("/releases"))


async def test_a_grants_standing_follows_the_clock(desk: Desk):
    """In force now, expired later."""
    assert "in force" in words(await desk.page("/grants"))
    later = desk_of(desk.board.home, person(), desk.board.index)
    object.__setattr__(later.board, "clock", lambda: ledger.NOW_MS + 2 * ledger.HOUR_MS)
    assert "expired" in words(await (await let_in(later)).page("/grants"))


async def test_refusals_are_told_by_rule(desk: Desk):
    """What this identity was refused here, and what a server's log of this home holds."""
    folder = receiver_folder(desk.board.home, desk.board.identity)
    note_refusal(folder, Refusal(ledger.NOW_MS, "accept", ledger.task_id(0), "LEVEL_MISMATCH"))
    log = desk.board.home / "network/fabric/nodes/server0/data/refusals/refusals-2027-01-15.jsonl"
    log.parent.mkdir(parents=True)
    line = (
        '{"time":1,"function":"accept_subtask","code":"CAPACITY_FULL","uid":"HospitalAMSP/other"}\n'
    )
    log.write_text(f'{line}{{"note":"torn"}}\nnoise\n{line}{line[:20]}')
    said = words(await desk.page("/refusals"))
    assert "LEVEL_MISMATCH The receiver's level is not the subtask's level." in said
    assert "other" not in said.replace("others", "").replace("another", "")
    with log.open("a") as file:
        file.write(line[20:])
    page = await desk.page("/refusals")
    assert 'aria-label="3 times"' in page
    assert faults(page) == []


async def test_a_network_that_is_away_leaves_its_last_state(desk: Desk):
    """With its age and the reason, and the numbers as they were."""
    at_ms = ledger.NOW_MS - 5 * 60_000
    desk.board.follower.link = Link(None, answers=False, heard_ms=at_ms, reason="Nothing answers.")
    page = await desk.page("/")
    assert "its last state, of 5 minutes ago" in words(page)
    assert "Nothing answers." in words(page)
    assert "Receivers 30" in words(page)
    assert faults(page) == []


async def test_services_are_shown_as_they_stand(desk: Desk):
    """Ready or why not, and their memory."""
    service = {"name": "content", "standing": "running", "ready": "ok", "pid": 1, "restarts": 0,
               "memory_mib": 61.5, "url": "http://127.0.0.1:1", "reason": "", "since_ms": 1,
               "log": ""}  # fmt: skip
    broken = {**service, "name": "cloud", "ready": "it does not answer"}
    peer = {"id": "peer0", "running": True, "pid": 7, "port": 20_400, "height": 1234}
    orderer = {"id": "orderer0", "running": False, "pid": None, "port": 20_401}
    network = {"kind": "fabric", "running": True, "answers": True, "nodes": [peer, orderer],
               "reason": "not running: orderer0"}  # fmt: skip
    services = {"ready": False, "memory_mib": 123.0, "services": [service, broken]}
    desk.board.watch.sight = Sight(ledger.NOW_MS, network, services)
    page = await desk.page("/services")
    assert "content running yes 62" in words(page)
    assert "cloud running it does not answer" in words(page)
    assert "peer0 yes 7 20400 1,234 orderer0 no none 20401" in words(page)
    assert "not running: orderer0" in words(page)
    assert "1 of 2 ready 123 MiB" in words(await desk.page("/"))
    assert faults(page) == []


async def test_a_damaged_index_is_said_so(desk: Desk):
    """And comes back by itself: the page asks again."""
    path = desk.board.home / "index.sqlite3"
    for each in desk.board.home.glob("index.sqlite3*"):
        each.write_bytes(b"x" * 4096)
    page = await desk.page("/", 503)
    assert "being made again" in page
    assert read(page).all("meta")[2].attributes["http-equiv"] == "refresh"
    assert path.exists()


async def _after(seen: Seen) -> Seen:
    return seen
