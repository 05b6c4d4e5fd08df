# SPDX-License-Identifier: Apache-2.0
"""How tasks are shown: before they are sent, and as the ledger has them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pmcb_client.terminal import table

from ._arguments import moment

if TYPE_CHECKING:
    from pmcb_client.tasks import SubtaskPreview, TaskFile


def preview_document(
    epoch: int, collusion: float, parts: Sequence["SubtaskPreview"]
) -> dict[str, object]:
    """The subtasks that publishing would make."""
    subtasks = [
        {
            "subtask": part.subtask,
            "level": part.level,
            "questions": [question.id for question in part.questions],
            "sensitivity": part.sensitivity,
            "slots": part.slots,
            "available": part.available,
            "majority_collusion": part.majority_collusion,
        }
        for part in parts
    ]
    return {"epoch": epoch, "collusion": collusion, "subtasks": subtasks}


def preview_shown(
    task: "TaskFile", epoch: int, collusion: float, parts: Sequence["SubtaskPreview"]
) -> list[Any]:
    """The same for people, with what a releaser should know."""
    from pmcb_client.tasks import FEWEST_HOLDERS

    columns = ("subtask", "level", "questions", "sensitivity", "slots", "available", "P_t")
    rows = [
        [
            part.subtask,
            part.level,
            ", ".join(question.id for question in part.questions),
            part.sensitivity,
            part.slots,
            part.available,
            part.majority_collusion,
        ]
        for part in parts
    ]
    shown: list[Any] = [f"{task.title}, under the levels of epoch {epoch}", table(columns, rows)]
    shown.append(
        "P_t: chance that a majority of the subtask's receivers collude, "
        f"if each does with chance {collusion:g}."
    )
    shown += [
        f"Level {part.level} has only {part.available:,} persons for {part.slots:,} slots."
        for part in parts
        if part.available < part.slots
    ]
    secret = [question.id for question in task.questions if question.secret]
    if secret and task.receivers < FEWEST_HOLDERS:
        shown.append(
            f"The secrets of {', '.join(secret)} need three holders: with {task.receivers} nobody "
            "gets a share, unless `pmcb task serve --allow-small` shares them."
        )
    elif secret:
        shown.append(
            f"The secrets of {', '.join(secret)} open when more than half of a subtask's holders "
            "have answered."
        )
    return shown


def described(task: dict[str, Any], subtask: int | None = None) -> Any:
    """What a task's record says, and that of one of its subtasks, as a table."""
    parts = [part for part in task["subtasks"] if part["subtask"] == subtask]
    closed = task.get("closed")
    return table(
        ("", ""),
        [
            ["task", task["task"]],
            ["status", task["status"] if closed is None else "closed"],
            ["releaser", task["releaser"]],
            ["accept until", moment(task["accept_until"])],
            ["submit until", moment(task["submit_until"])],
            ["verifiers", ", ".join(task["verifiers"])],
            ["institution", task["institution"]],
            ["results to", task["results_to"]],
            ["notice", task["notice_hash"]],
            *([] if closed is None else [["paid", closed["paid"]]]),
            *([] if closed is None else [["refunded", closed["refunded"]]]),
            *([name, part[name]] for part in parts for name in ("subtask", "level", "reward")),
        ],
    )


def subtasks_shown(task: dict[str, Any]) -> Any:
    """How far each subtask is; who may not see who takes part sees dashes."""
    columns = (
        "subtask", "level", "slots", "held", "keys", "secret", "submitted", "accepted", "rejected",
        "paid", "reward",
    )  # fmt: skip
    rows = []
    for part in task["subtasks"]:
        claims, sent = part["claims"], part["submissions"]
        shared = "shared" if part["dealt"] else None
        seen: list[Any] = [None] * 6
        if claims is not None and sent is not None:
            decided = [_decided(task, item) for item in sent]
            seen = [
                len(claims),
                sum(claim["delivered"] for claim in claims),
                len(sent),
                decided.count("accept"),
                decided.count("reject"),
                sum(item["payment"]["amount"] for item in sent if "payment" in item),
            ]
        held, keys, submitted, accepted, rejected, paid = seen
        head = [part["subtask"], part["level"], part["slots"], held, keys, shared]
        rows.append([*head, submitted, accepted, rejected, paid, part["reward"]])
    return table(columns, rows)


def slots_shown(task: dict[str, Any]) -> list[Any]:
    """Every held slot with its key, submission, verdicts and payment; nothing where none is."""
    columns = ("subtask", "slot", "holder", "key", "submitted", "verdicts", "paid")
    rows = []
    for part in task["subtasks"]:
        sent = {item["slot"]: item for item in part["submissions"] or []}
        for claim in part["claims"] or []:
            item = sent.get(claim["slot"], {})
            verdicts = [
                f"{each['verdict']} ({each['reason']})" for each in item.get("verdicts", [])
            ]
            rows.append(
                [
                    part["subtask"],
                    claim["slot"],
                    claim["holder"],
                    "delivered" if claim["delivered"] else None,
                    moment(item["at"]) if item else None,
                    ", ".join(verdicts),
                    item.get("payment", {}).get("amount"),
                ]
            )
    return [table(columns, rows)] if rows else []


def _decided(task: dict[str, Any], item: dict[str, Any]) -> str:
    from pmcb_client.tasks import decision

    accepted = decision(task["verifiers"], item["verdicts"])
    return "" if accepted is None else "accept" if accepted else "reject"
