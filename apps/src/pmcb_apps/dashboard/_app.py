# SPDX-License-Identifier: Apache-2.0
"""The pages as an application: each is made from the index, in a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from ._board import Board
from ._budgets import budgets, releases
from ._grants import grants
from ._levels import levels
from ._overview import overview
from ._pages import render
from ._refusals import Refusals
from ._tasks import STATES, slots_of, task_of, tasks

__all__ = ["application"]

_STATIC = {
    "style.css": "text/css; charset=utf-8",
    "refresh.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_NAV = (
    ("/", "Overview"),
    ("/levels", "Levels"),
    ("/tasks", "Tasks"),
    ("/budgets", "Budgets"),
    ("/releases", "Releases"),
    ("/grants", "Grants"),
    ("/refusals", "Refusals"),
    ("/services", "Services"),
)
_FOG = ("/fog", "Fog")

Number = Annotated[int, Query(alias="page", ge=1, le=10**9)]
Words = Annotated[str, Query(alias="q", max_length=200)]
State = Annotated[str, Query(max_length=20)]
Cohort = Annotated[str, Query(pattern="[0-9a-f]{32}|^$")]


def application(board: Board) -> FastAPI:
    """The dashboard of one identity; whom it lets in is a `Door`'s business."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages = _Pages(board)
    for path, endpoint in (
        ("/", pages.overview),
        ("/levels", pages.levels),
        ("/tasks", pages.tasks),
        ("/tasks/{task}", pages.task),
        ("/budgets", pages.budgets),
        ("/releases", pages.releases),
        ("/grants", pages.grants),
        ("/refusals", pages.refusals),
        ("/services", pages.services),
        ("/fog", pages.fog),
        ("/static/{name}", _static),
    ):
        app.get(path)(endpoint)
    app.add_exception_handler(HTTPException, pages.missing)
    app.add_exception_handler(RequestValidationError, pages.malformed)
    app.add_exception_handler(sqlite3.DatabaseError, pages.damaged)
    return app


class _Pages:
    """One method a page; FastAPI reads what it takes from its signature."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._refused = Refusals(board.home, board.identity)

    async def overview(self) -> Response:
        def facts() -> dict[str, Any]:
            counts, newest = self._refused.look()
            known = {"total": sum(counts.values()), "newest": newest[:5]}
            return {**overview(self._board), "refusals": known, "states": STATES}

        return await self._page("overview", "/", "Overview", facts)

    async def levels(self) -> Response:
        return await self._page("levels", "/levels", "Levels", lambda: levels(self._board))

    async def tasks(self, number: Number = 1, words: Words = "", state: State = "") -> Response:
        def facts() -> dict[str, Any]:
            chosen = state if state in STATES else ""
            found = tasks(self._board, number, words.strip(), chosen)
            return {"page": found, "q": words, "state": chosen, "states": STATES}

        return await self._page("tasks", "/tasks", "Tasks", facts)

    async def task(self, task: str, number: Number = 1) -> Response:
        found = await asyncio.to_thread(task_of, self._board, task)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        seen = await self._board.follower.may_see(task)

        def facts() -> dict[str, Any]:
            held = slots_of(self._board, task, number, seen)
            return {"task": found, "seen": seen, "page": held, "states": STATES}

        title = found["title"] or f"Task {task[:8]}"
        return await self._page("task", "/tasks", title, facts)

    async def budgets(self, number: Number = 1) -> Response:
        def facts() -> dict[str, Any]:
            return {"page": budgets(self._board, number)}

        return await self._page("budgets", "/budgets", "Budgets", facts)

    async def releases(self, number: Number = 1, cohort: Cohort = "") -> Response:
        def facts() -> dict[str, Any]:
            return {"page": releases(self._board, number, cohort), "cohort": cohort}

        return await self._page("releases", "/releases", "Releases", facts)

    async def grants(self, number: Number = 1) -> Response:
        def facts() -> dict[str, Any]:
            found, stores = grants(self._board, number)
            return {"page": found, "stores": stores}

        return await self._page("grants", "/grants", "Grants", facts)

    async def refusals(self) -> Response:
        def facts() -> dict[str, Any]:
            counts, newest = self._refused.look()
            return {"counts": counts, "newest": newest}

        return await self._page("refusals", "/refusals", "Refusals", facts)

    async def services(self) -> Response:
        return await self._page("services", "/services", "Services", dict)

    async def fog(self) -> Response:
        if not self._board.watch.sight.fogs:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await self._page("fog", "/fog", "Fog", dict)

    async def missing(self, _: Request, error: Any) -> Response:
        said = "There is no such page, or the ledger holds no such record."
        return await self._sorry(said, HTTPStatus(error.status_code))

    async def malformed(self, _: Request, __: Any) -> Response:
        said = "The address holds something that cannot be."
        return await self._sorry(said, HTTPStatus.BAD_REQUEST)

    async def damaged(self, _: Request, __: Any) -> Response:
        self._board.follower.damaged()
        said = "The local index was damaged. It is being made again from the ledger's first block."
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return HTMLResponse(render("bare", {"said": said}), status, {"Retry-After": "2"})

    async def _page(
        self,
        name: str,
        path: str,
        title: str,
        facts: Callable[[], dict[str, Any]],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        def made() -> str:
            return render(name, {**self._frame(path, title), **facts()})

        return HTMLResponse(await asyncio.to_thread(made), status)

    async def _sorry(self, said: str, status: HTTPStatus) -> Response:
        return await self._page("sorry", "", status.phrase, lambda: {"said": said}, status)

    def _frame(self, path: str, title: str) -> dict[str, Any]:
        """What stands around every page."""
        board = self._board
        return {
            "title": title,
            "path": path,
            "nav": (*_NAV, _FOG) if board.watch.sight.fogs else _NAV,
            "who": board.identity,
            "link": board.follower.link,
            "place": board.index.place,
            "sight": board.watch.sight,
            "now_ms": board.clock(),
        }


async def _static(name: str) -> Response:
    if name not in _STATIC:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    content = (files(__package__) / "static" / name).read_bytes()
    return Response(content, media_type=_STATIC[name])
