# SPDX-License-Identifier: Apache-2.0
"""Step 6: holders answer from real patient rows, and a verifier judges each answer.

Until the content store is built, an answer is a local file; its hash goes to the ledger.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pmcb_client.receiver import Kept, keep, submit
from pmcb_client.tasks import Field, TaskFile
from pmcb_client.wallet import WalletIdentity

from ._cast import Cast
from ._claims import Claimed
from ._result import Judgement

# The columns of scikit-learn's diabetes table, in clinical units, that the questions ask for.
_COLUMNS = {
    "bmi": "bmi",
    "pressure": "bp",
    "cholesterol": "s1",
    "ldl": "s2",
    "hdl": "s3",
    "glucose": "s6",
}
_SLIPS = 3  # answers with a slip of the decimal point, which the verifier must find


async def submit_all(
    cast: Cast,
    task: str,
    claims: Sequence[Claimed],
    asked: Sequence[Sequence[str]],
    folder: Path,
) -> list[Kept]:
    """Every holder submits one patient's values for the fields that its subtask asks for."""
    rows = _patients()
    kept = []
    for number, claim in enumerate(claims):
        values = {name: rows[_COLUMNS[name]][number] for name in asked[claim.subtask]}
        if number % (len(claims) // _SLIPS) == 0:
            values = {name: value / 100 for name, value in values.items()}
        source = folder / "receiver" / "answer.json"
        source.parent.mkdir(exist_ok=True)
        source.write_text(json.dumps(values))
        place: Mapping[str, str | int] = {"task": task, "subtask": claim.subtask}
        own = folder / "receiver" / claim.holder.label / task
        kept.append(keep(own, source, place))
    await asyncio.gather(
        *(
            submit(
                cast.contract(claim.holder),
                task,
                claim.subtask,
                content_hash=one.hash,
                size_bytes=one.size,
            )
            for claim, one in zip(claims, kept, strict=True)
        )
    )
    return kept


async def judge_all(
    cast: Cast,
    verifier: WalletIdentity,
    task: str,
    claims: Sequence[Claimed],
    kept: Sequence[Kept],
    file: TaskFile,
) -> list[Judgement]:
    """The verifier compares each answer with its fields' ranges and enters a verdict."""
    contract = cast.contract(verifier)

    async def judge(claim: Claimed, one: Kept) -> Judgement:
        reason = _reason(one, file.fields)
        verdict, score = ("accept", "100") if reason == "ok" else ("reject", "0")
        evidence = hashlib.sha256(one.hash.encode() + reason.encode()).hexdigest()
        place = (task, str(claim.subtask), str(claim.slot))
        await contract.submit("verify_submission", *place, verdict, score, reason, evidence)
        return Judgement(claim.subtask + 1, claim.slot, verdict, reason)

    return list(await asyncio.gather(*map(judge, claims, kept)))


def _reason(one: Kept, fields: Mapping[str, Field]) -> str:
    values = json.loads(base64.b64decode(json.loads(one.path.read_bytes())["content"]))
    return "ok" if all(_within(fields[name], value) for name, value in values.items()) else "range"


def _within(field: Field, value: float) -> bool:
    assert field.low is not None
    assert field.high is not None
    return field.low <= value <= field.high


def _patients() -> Mapping[str, list[float]]:
    from sklearn.datasets import load_diabetes

    table = load_diabetes(scaled=False)
    columns = dict(zip(table.feature_names, table.data.T, strict=True))
    return {name: columns[name].round(1).tolist() for name in _COLUMNS.values()}
