# SPDX-License-Identifier: Apache-2.0
"""The dashboard of a real ledger in a real browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.apps.dashboard.chromium import Browser, chromium
from tests.apps.dashboard.story import Story, tell, until
from tests.embedded import in_a_thread
from tests.scenarios.site import identity_of
from tests.scenarios.world import Person, World

from pmcb_apps.dashboard._serve import serving
from pmcb_benchmarks._node import NodeUnavailable, modules
from pmcb_client.network_file import save
from pmcb_client.receiver import Refusal, note_refusal, receiver_folder
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_services.common import Served

HERE = Path(__file__).parent
PAGES = ("/", "/levels", "/tasks", "/tasks/{task}", "/budgets", "/releases", "/grants",
         "/refusals", "/services")  # fmt: skip
WIDTHS = (1280, 1230, 940, 768, 390, 320)


@dataclass
class Stage:
    """A network that can be stopped, a story on it, and a home that knows where it is."""

    folder: Path
    stack: ExitStack
    story: Story

    def stop(self) -> None:
        self.stack.close()

    def start(self) -> None:
        place = self.stack.enter_context(in_a_thread(EmbeddedNetwork(self.folder / "network")))
        save(self.folder / "network.json", place.file)

    @asynccontextmanager
    async def dashboard(self, who: Person) -> AsyncIterator[str]:
        """Served to somebody: the address that lets in."""
        place, told = Served(), list[str]()
        with place.listen() as listening:
            work = asyncio.create_task(
                serving(self.folder, identity_of(who), place, listening, told.append)
            )
            try:
                await until(lambda: bool(told))
                yield told[0]
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture(scope="module")
async def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("home")
    with ExitStack() as stack:
        place = stack.enter_context(in_a_thread(EmbeddedNetwork(folder / "network")))
        save(folder / "network.json", place.file)
        async with World(place) as world:
            story = await tell(world)
            receiver = receiver_folder(folder, identity_of(story.releaser))
            for rule in ("ALREADY_SUBMITTED", "SUBTASK_CLOSED"):
                note_refusal(receiver, Refusal(world.now(), "accept", story.task, rule))
            yield Stage(folder, stack, story)


async def see(browser: Browser, act: Callable[[Browser], Any]) -> Any:
    """Let the browser do something, while the dashboard goes on beside it."""
    return await asyncio.to_thread(act, browser)


async def enter(browser: Browser, way_in: str, text: str) -> str:
    """Let a browser in, and wait until a page says this; the dashboard's address."""
    base = way_in.partition("/enter")[0]
    await see(browser, lambda one: one.open(way_in))

    async def led_on() -> bool:
        return bool(await see(browser, lambda one: one.run(_LED_ON)))

    await until(led_on)

    async def says() -> bool:
        await see(browser, lambda one: one.open(base))
        return text in await see(browser, lambda one: one.run("document.body.innerText"))

    await until(says)
    return base


async def test_pages_in_a_browser(browser: Browser, stage: Stage):
    """Every page is whole on a wide and a narrow screen, and works without scripts."""
    async with stage.dashboard(stage.story.releaser) as way_in:
        base = await enter(browser, way_in, "1 slots taken")
        for path in PAGES:
            address = base + path.format(task=stage.story.task)
            await see(browser, lambda one: one.open(address))  # noqa: B023
            said = [each["params"] for each in browser.events if _is_complaint(each)]
            assert said == [], path
            for width in WIDTHS:
                await see(browser, lambda one: one.look(width=width))  # noqa: B023
                wide = await see(browser, lambda one: one.run(_OVERFLOW))
                assert wide == [], f"{path} at {width}"
        await see(browser, lambda one: one.open(f"{base}/tasks", scripts=False))
        await see(browser, lambda one: one.open(f"{base}/tasks?q={stage.story.task[:8]}"))
        assert (
            await see(browser, lambda one: one.run("document.querySelectorAll('tbody tr').length"))
            == 1
        )


async def test_a_page_by_keyboard(browser: Browser, stage: Stage):
    """The first stop leads past the navigation; every stop is seen; updates can be paused."""
    async with stage.dashboard(stage.story.releaser) as way_in:
        await enter(browser, way_in, "1 slots taken")
        stops = []
        for _ in range(11):
            await see(browser, _tab)
            stops.append(await see(browser, lambda one: one.run(_STOP)))
        assert stops[0]["text"] == "Skip to content"
        assert [stop["text"] for stop in stops[1:4]] == ["PMCB", "Overview", "Levels"]
        assert stops[10]["text"] == "Pause updates"
        assert all(stop["outline"] == "solid" and stop["inside"] for stop in stops)


async def test_a_judge_finds_nothing(browser: Browser, stage: Stage):
    """axe-core, in the light and in the dark; skips with the reason where it cannot be had."""
    try:
        axe = (modules(HERE) / "axe-core" / "axe.min.js").read_text()
    except NodeUnavailable as reason:
        pytest.skip(str(reason))
    async with stage.dashboard(stage.story.releaser) as way_in:
        base = await enter(browser, way_in, "1 slots taken")
        for path, dark in [
            *((path, False) for path in PAGES),
            ("/", True),
            ("/tasks/{task}", True),
        ]:
            address = base + path.format(task=stage.story.task)
            await see(browser, lambda one: one.look(dark=dark))  # noqa: B023
            await see(browser, lambda one: one.open(address))  # noqa: B023
            await see(browser, lambda one: one.run(f"{axe}; 0"))
            assert await see(browser, lambda one: one.run(_JUDGE)) == [], (path, dark)
        await see(browser, lambda one: one.run("document.querySelector('h1').remove()"))
        assert await see(browser, lambda one: one.run(_JUDGE)) != []  # it does judge


async def test_what_is_not_yours_and_a_network_that_goes_away(browser: Browser, stage: Stage):
    """A refused listing is said in words; an absence leaves the last state, and ends by itself."""
    async with stage.dashboard(stage.story.outsider) as way_in:
        base = await enter(browser, way_in, "1 slots taken")
        await see(browser, lambda one: one.open(f"{base}/tasks/{stage.story.task}"))
        said = await see(browser, lambda one: one.run("document.getElementById('main').innerText"))
        assert "You may not see who holds which slot" in said
        assert "NOT_OWNER" in said
        assert "seen0" not in said

        async def says(text: str, *, there: bool = True) -> bool:
            await see(browser, lambda one: one.run("refresh()"))
            return there == (text in await see(browser, lambda one: one.run(_MAIN)))

        await see(browser, lambda one: one.open(base))
        await asyncio.to_thread(stage.stop)
        await until(lambda: says("The network does not answer."))
        assert "1 slots taken" in await see(browser, lambda one: one.run(_MAIN))
        await asyncio.to_thread(stage.start)
        await until(lambda: says("The network does not answer.", there=False))
        assert "answers" in await see(browser, lambda one: one.run(_MAIN))


_LED_ON = "location.pathname === '/' && document.readyState === 'complete'"
_ROWS = "document.querySelectorAll('tbody tr').length"
_MAIN = "document.getElementById('main').innerText"
_OVERFLOW = """[...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter(e => !e.closest('.hidden, .skip, thead')).map(e => e.outerHTML.slice(0, 99))"""
_STOP = """(e => ({
  text: e.textContent.trim(), outline: getComputedStyle(e).outlineStyle,
  inside: e.getBoundingClientRect().left >= 0 }))(document.activeElement)"""
_JUDGE = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.map(node => node.html).join(' | ').slice(0, 300)))"""


def _is_complaint(event: dict[str, Any]) -> bool:
    return event.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}


def _tab(browser: Browser) -> None:
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                     windowsVirtualKeyCode=9)  # fmt: skip
