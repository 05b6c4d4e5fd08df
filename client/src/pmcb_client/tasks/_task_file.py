# SPDX-License-Identifier: Apache-2.0
"""The task file: what a releaser writes by hand."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pmcb_client._located import Section, parse, read_bytes
from pmcb_client.answers import TIME
from pmcb_client.content import notice_text
from pmcb_client.fields import Field, parse_fields
from pmcb_client.people import parse_uid
from pmcb_client.usage_errors import PeopleError

MAX_QUESTIONS = 200
MAX_SLOTS = 1_000
MAX_REWARD = 1_000_000_000
MAX_DAYS = 366
_DURATION = re.compile(r"([1-9][0-9]{0,5})(d|h|m)")
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}
_SERIES = re.compile(r"[0-9a-f]{32}")
_REQUIRED = (
    "title", "questions", "notice", "receivers", "accept_for", "submit_for", "verifiers",
    "institution",
)  # fmt: skip
_OPTIONAL = ("fields", "apart", "plausible", "reward", "results_to", "series")


@dataclass(frozen=True)
class Question:
    """One question: the smallest piece that a receiver can be given.

    Attributes:
        id: ``[A-Za-z0-9._-]{1,64}``, unique in its task.
        ask: the text that receivers read.
        fields: names of the values an answer holds, at least one.
        sensitivity: 1 (harmless) to 5, the releaser's judgement.
        secret: a text for those who hold the subtask together, or "".
        shared: whether there is one truth for all, so that answers can be compared.
    """

    id: str
    ask: str
    fields: tuple[str, ...]
    sensitivity: int
    secret: str = ""
    shared: bool = False


@dataclass(frozen=True)
class TaskFile:
    """A task as its releaser wrote it, checked. Durations count from publication.

    Attributes:
        receivers: slots of each subtask, 1..1,000.
        reward: of each slot, in credits.
        accept_for_ms, submit_for_ms: milliseconds; accepting ends no later than submitting.
        verifiers: 1, 3 or 5 different uids; ``institution`` is a uid.
        results_to: ``institution`` or ``releaser``.
        series: 32 lower-case hex, or "".
        fields: descriptions by name; empty when the file names none.
        notice: the bytes shown to receivers before they accept, text in UTF-8.
        digest: SHA-256 over this file and the files that it names, hex.
        plausible: pairs (less, greater) of fields: in one row the first is below the second.
    """

    title: str
    questions: tuple[Question, ...]
    apart: tuple[tuple[str, str], ...]
    receivers: int
    reward: int
    accept_for_ms: int
    submit_for_ms: int
    verifiers: tuple[str, ...]
    institution: str
    results_to: str
    series: str
    fields: Mapping[str, Field]
    notice: bytes
    digest: str
    plausible: tuple[tuple[str, str], ...] = ()

    @property
    def notice_hash(self) -> str:
        """SHA-256 of the notice, hex: what stands on the ledger."""
        return hashlib.sha256(self.notice).hexdigest()


def read_task_file(path: Path) -> TaskFile:
    """The task file at ``path``; files that it names lie beside it.

    Raises:
        TaskFileError: names the file and, where known, the line.
    """
    data = read_bytes(path, path.name)
    top = parse(data, path.name, "the task")
    if not isinstance(top, Section):
        raise Section(path.name, 1, "the task").fail("the file must be keys with values.")
    top.expect(required=_REQUIRED, optional=_OPTIONAL)
    notice = _beside(path, top, "notice")
    if not notice.strip():
        raise top.fail("the notice is empty: say what the answers are for.", "notice")
    try:
        notice_text(notice)
    except ValueError as error:
        raise top.fail(
            "the notice must be text in UTF-8 without control characters.", "notice"
        ) from error
    described = _beside(path, top, "fields") if "fields" in top.values else b""
    fields = parse_fields(described, str(top.values["fields"])) if described else {}
    questions = _questions(top, fields)
    accept_for_ms, submit_for_ms = _duration(top, "accept_for"), _duration(top, "submit_for")
    if accept_for_ms > submit_for_ms:
        raise top.fail("'submit_for' must not end before 'accept_for'.", "submit_for")
    parts = (data, described, notice)
    return TaskFile(
        title=top.text("title", longest=200),
        questions=questions,
        apart=_apart(top, {question.id for question in questions}),
        receivers=top.integer("receivers", 1, MAX_SLOTS),
        reward=top.integer("reward", 0, MAX_REWARD, default=0),
        accept_for_ms=accept_for_ms,
        submit_for_ms=submit_for_ms,
        verifiers=_verifiers(top),
        institution=_uid(top, "institution", top.values["institution"]),
        results_to=_results_to(top),
        series=_series(top),
        fields=fields,
        notice=notice,
        digest=hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).hexdigest(),
        plausible=_plausible(top, questions, fields),
    )


def _beside(path: Path, top: Section, key: str) -> bytes:
    named = Path(top.text(key, longest=255))
    if named.is_absolute() or ".." in named.parts:
        raise top.fail(f"'{key}' must name a file beside the task file.", key)
    return read_bytes(path.parent / named, path.name, line=top.lines[key])


def _questions(top: Section, fields: Mapping[str, Field]) -> tuple[Question, ...]:
    items = top.items("questions")
    if not 0 < len(items) <= MAX_QUESTIONS:
        raise top.fail(f"a task has 1 to {MAX_QUESTIONS} questions.", "questions")
    questions: dict[str, Question] = {}
    for item in items:
        if not isinstance(item, Section):
            raise top.fail("every question needs id, ask, fields and sensitivity.", "questions")
        question = _question(item, fields)
        if question.id in questions:
            raise item.fail(f"the question '{question.id}' stands twice.", "id")
        questions[question.id] = question
    return tuple(questions.values())


def _question(item: Section, fields: Mapping[str, Field]) -> Question:
    item.title = "a question"
    item.expect(required=("id", "ask", "fields", "sensitivity"), optional=("secret", "shared"))
    names = item.each("fields", lambda value: item.check_word(value, "fields"))
    if not names or len(set(names)) != len(names):
        raise item.fail("'fields' must name at least one field, each once.", "fields")
    for name in names:
        if name == TIME:
            raise item.fail(f"'{TIME}' is the time of measurement, and no field.", "fields")
        if fields and name not in fields:
            raise item.fail(f"the field '{name}' is not described in the fields file.", "fields")
    return Question(
        id=item.word("id"),
        ask=item.text("ask", longest=2_000),
        fields=names,
        sensitivity=item.integer("sensitivity", 1, 5),
        secret=item.text("secret", longest=2_000, default=""),
        shared=_flag(item, "shared"),
    )


def _apart(top: Section, known: set[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in top.items("apart", default=[]):
        if not (isinstance(item, list) and len(item) == 2 and item[0] != item[1]):
            raise top.fail("'apart' takes pairs of two different questions, [a, b].", "apart")
        first, second = (top.check_word(name, "apart") for name in item)
        for name in (first, second):
            if name not in known:
                raise top.fail(f"'apart' names the question '{name}', which is absent.", "apart")
        pairs.append((first, second))
    return tuple(pairs)


def _flag(item: Section, key: str) -> bool:
    value = item.values.get(key, False)
    if not isinstance(value, bool):
        raise item.fail(f"'{key}' must be true or false.", key)
    return value


def _plausible(
    top: Section, questions: Iterable[Question], fields: Mapping[str, Field]
) -> tuple[tuple[str, str], ...]:
    known = {name for question in questions for name in question.fields}
    pairs: list[tuple[str, str]] = []
    for item in top.items("plausible", default=[]):
        if not (isinstance(item, list) and len(item) == 2 and item[0] != item[1]):
            raise top.fail(
                "'plausible' takes pairs of two different fields, [less, greater].", "plausible"
            )
        less, greater = (top.check_word(name, "plausible") for name in item)
        for name in (less, greater):
            if name not in known:
                raise top.fail(
                    f"'plausible' names the field '{name}', which no question asks for.",
                    "plausible",
                )
            if name in fields and fields[name].values:
                raise top.fail(
                    f"'plausible' compares measures, and '{name}' is a list of values.", "plausible"
                )
        if {(less, greater), (greater, less)} & set(pairs):
            raise top.fail(
                f"'plausible' names the pair '{less}' and '{greater}' twice.", "plausible"
            )
        pairs.append((less, greater))
    return tuple(pairs)


def _duration(top: Section, key: str) -> int:
    value = top.values[key]
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    duration_ms = int(match[1]) * _UNIT_MS[match[2]] if match else 0
    if not 0 < duration_ms <= MAX_DAYS * _UNIT_MS["d"]:
        raise top.fail(f"'{key}' must be a duration like 2d, 36h or 90m, at most {MAX_DAYS}d.", key)
    return duration_ms


def _verifiers(top: Section) -> tuple[str, ...]:
    uids = top.each("verifiers", lambda value: _uid(top, "verifiers", value))
    if len(uids) not in {1, 3, 5} or len(set(uids)) != len(uids):
        raise top.fail("'verifiers' must name 1, 3 or 5 different persons.", "verifiers")
    return uids


def _uid(top: Section, key: str, value: object) -> str:
    try:
        return parse_uid(value if isinstance(value, str) else "").uid
    except PeopleError as error:
        raise top.fail(f"'{key}' takes persons written MSP/NAME.", key) from error


def _results_to(top: Section) -> str:
    value = top.values.get("results_to", "institution")
    if value not in {"institution", "releaser"}:
        raise top.fail("'results_to' must be institution or releaser.", "results_to")
    return str(value)


def _series(top: Section) -> str:
    value = top.values.get("series", "")
    if value != "" and not (isinstance(value, str) and _SERIES.fullmatch(value)):
        raise top.fail("'series' must be 32 lower-case hex digits in quotes.", "series")
    return str(value)
