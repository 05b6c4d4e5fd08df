# SPDX-License-Identifier: Apache-2.0
"""How a receiver's subtasks, answers and secrets are shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pmcb_client.terminal import table

from ._arguments import moment

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pmcb_client.fields import Field
    from pmcb_client.receiver import Opened, Parcel, Secret, Sent


def plain(text: str) -> str:
    r"""A releaser's text without what a terminal would obey; lines stay lines.

    >>> plain("Measure.\n\x1b[2JNow.")
    'Measure.\n [2JNow.'
    """
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


def opened_document(opened: "Opened", secret: "Secret | None") -> dict[str, object]:
    """An opened subtask under ``--json``."""
    asked = opened.instructions
    return {
        "task": asked.task,
        "subtask": asked.subtask,
        "slot": opened.slot,
        "level": asked.level,
        "title": asked.title,
        "submit_until": opened.submit_until,
        "readers": sorted(opened.readers),
        "questions": [asdict(question) for question in asked.questions],
        "fields": [field.as_document() for _, field in sorted(asked.fields.items())],
        "plausible": asked.plausible,
        "secret": None if secret is None else {**vars(secret), "parts": dict(secret.parts)},
    }


def opened_shown(opened: "Opened", secret: "Secret | None") -> list[Any]:
    """An opened subtask for people."""
    asked = opened.instructions
    questions = [[one.id, plain(one.ask), ", ".join(one.fields)] for one in asked.questions]
    where = f"subtask {asked.subtask} of task {asked.task}, level {asked.level}"
    shown: list[Any] = [
        f"{plain(asked.title)}: {where}, your slot {opened.slot}",
        table(("question", "", "fields"), questions),
    ]
    if asked.fields:
        rows = [_field_row(field) for _, field in sorted(asked.fields.items())]
        shown += ["", table(("field", "unit", "values"), rows)]
    shown += [f"'{less}' is below '{greater}' in a row." for less, greater in asked.plausible]
    since, until = moment(opened.since_ms), moment(opened.submit_until)
    shown += [
        "",
        f"Answer until {until}, with what was measured since {since}:",
        f"  pmcb receiver answer {asked.task} --file FILE",
        f"It will be sealed for {', '.join(sorted(opened.readers))}.",
    ]
    return [*shown, *_secret_lines(opened, secret)]


def _field_row(field: "Field") -> list[object]:
    if field.values:
        return [field.name, None, " or ".join(field.values)]
    step = f", in steps of {field.step}" if field.step is not None else ""
    return [field.name, field.unit, f"{field.low} to {field.high}{step}"]


def _secret_lines(opened: "Opened", secret: "Secret | None") -> Iterator[str]:
    if secret is None:
        return
    asked = opened.instructions.questions
    yield ""
    if not secret.threshold:
        names = ", ".join(question.id for question in asked if question.secret)
        yield f"The secret of {names} is shared among its holders when accepting is over."
        return
    for slot in secret.bad:
        yield f"The share of slot {slot} is not the one that was dealt: it was left out."
    for name, text in secret.parts.items():
        yield f"The secret of {name}: {plain(text)}"
    if secret.problem:
        yield f"The secret does not open: {secret.problem}"
    elif not secret.parts:
        yield (
            f"{secret.present} of {secret.threshold} shares are here: others are passed on as "
            "holders answer."
        )


def parcel_document(parcel: "Parcel") -> dict[str, Any]:
    """A parcel under ``--json``."""
    return {**vars(parcel), "readers": list(parcel.readers)}


def sent_document(sent: "Sent") -> dict[str, object]:
    """A round under ``--json``."""
    groups = ("submitted", "refused", "passed", "waiting")
    parcels = {name: [parcel_document(one) for one in getattr(sent, name)] for name in groups}
    problem = sent.problem
    return {
        **parcels,
        "problem": "" if problem is None else str(problem),
        "next_step": "" if problem is None else problem.next_step,
    }


def sent_shown(sent: "Sent") -> list[Any]:
    """A round for people."""
    rows = [
        *([one.task, one.subtask, one.size, "submitted"] for one in sent.submitted),
        *([one.task, one.subtask, one.size, f"refused: {one.code}"] for one in sent.refused),
        *([one.task, one.subtask, one.size, "waiting"] for one in sent.waiting),
    ]
    shown: list[Any] = [table(("task", "subtask", "bytes", ""), rows)] if rows else []
    shown += [f"Your share of task {one.task} was passed on." for one in sent.passed]
    if sent.problem is not None:
        shown += [text for text in (str(sent.problem), sent.problem.next_step) if text]
    return shown or ["Nothing waits to be sent."]


def claims_table(
    claims: Sequence[Mapping[str, Any]], parcels: Sequence[Mapping[str, Any]]
) -> "RenderableType":
    """The tasks that somebody joined, with the answers of this home."""
    queued = {parcel["task"]: parcel for parcel in parcels}
    rows = [
        [
            claim["task"],
            claim["subtask"],
            claim["slot"],
            "yes" if claim["held"] else "withdrawn",
            _answer_state(claim, queued.get(claim["task"])),
            ", ".join(f"{one['verdict']} ({one['reason']})" for one in claim.get("verdicts", ())),
            claim["payment"]["amount"] if "payment" in claim else None,
        ]
        for claim in claims
    ]
    return table(("task", "subtask", "slot", "held", "answer", "verdicts", "paid"), rows)


def _answer_state(claim: Mapping[str, Any], parcel: Mapping[str, Any] | None) -> str | None:
    if "submission" in claim:
        return f"submitted {moment(claim['submission']['at'])}"
    if parcel is None:
        return None
    if parcel["code"]:
        return f"refused: {parcel['code']}"
    return f"waiting, {parcel['uploaded']} of {parcel['files']} uploaded"
