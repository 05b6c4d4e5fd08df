# SPDX-License-Identifier: Apache-2.0
"""What to do after a refusal: the contract says which rule, this table says what next."""

from collections.abc import Mapping

refusal_advice: Mapping[str, str] = {
    "ALREADY_DEALT": "Nothing is left to do: a secret is shared once.",
    "ALREADY_MEMBER": "One person takes one subtask of a task or series; see the others with "
    "`pmcb receiver tasks`.",
    "ALREADY_SUBMITTED": "See what stands with `pmcb receiver status`; an answer is given once, "
    "and a slot with an answer is not given back.",
    "BAD_ARGUMENT": "Check the value that the message names.",
    "BUDGET_EXHAUSTED": "See with `pmcb publishing cohort show` what is left, which never rises; "
    "clusters of the releases that stand are free (`pmcb publishing clusters`).",
    "BUDGET_PRECISION": "Ask for an epsilon with a smaller denominator, such as 1/10.",
    "BUDGET_RANGE": "Name a total between what is spent and what stands (`pmcb publishing cohort "
    "show`); no budget is raised.",
    "CAPACITY_FULL": "Every slot is taken; see other subtasks with `pmcb receiver tasks`.",
    "COHORT_FIXED": "Register data about other people as a dataset of their own: `pmcb publishing "
    "cohort open`, then `pmcb publishing dataset add`.",
    "CREDIT_SHORT": "An authority gives credit with `pmcb credit issue`; or lower the reward.",
    "DEADLINE_PASSED": "Look for tasks that are still open with `pmcb receiver tasks`.",
    "DEAL_MISMATCH": "Somebody joined or left meanwhile; `pmcb task serve` shares the secret anew.",
    "DUPLICATE_PERSON": "List every person once in people.csv and publish a new epoch.",
    "EPOCH_ACTIVE": "Publish a new epoch: `pmcb levels publish` without --epoch takes the next.",
    "EPOCH_INCOMPLETE": "The authority that opened the epoch runs `pmcb levels publish` again.",
    "EPOCH_ORDER": "Epochs have no gaps: leave out --epoch to take the next.",
    "EXISTS": "Something else stands already: look at it (`pmcb task show`, `pmcb levels show`, "
    "`pmcb credit balance`, `pmcb publishing cohort show`) before you choose another name or "
    "reference.",
    "INTERNAL": "Tell the operator of the contract the transaction that the message names.",
    "KEY_DELIVERED": "Who was sent the questions' key keeps the slot; see `pmcb receiver status`.",
    "KEY_UNSUPPORTED": "Enrol again with a P-256 key: `pmcb id enroll`.",
    "LEVELS_CHANGED": "The active epoch has another number of levels: the releaser publishes the "
    "task again.",
    "LEVEL_MISMATCH": "Only subtasks of your own level are open to you: `pmcb receiver tasks`.",
    "LEVEL_RAISE": "Publish a new epoch; a level rises only with the quorum of authorities.",
    "MSP_NOT_ALLOWED": "Let an authority of another organisation do it.",
    "NOT_FOUND": "Check the ids; `pmcb task show` and `pmcb levels show` tell what there is.",
    "NOT_HOLDER": "Accept the subtask first: `pmcb receiver accept`.",
    "NOT_LEVELED": "Ask an authority to enter you with `pmcb levels set`, or wait for a new epoch.",
    "NOT_OWNER": "Act as the one whose it is, or as an authority, with --as LABEL.",
    "NOT_VERIFIER": "Only the verifiers that the task names may judge: `pmcb task show`.",
    "PARTY_UNFIT": "Verifiers come from another organisation than the releaser; each verifier and "
    "the institution must have enrolled with `pmcb id enroll`.",
    "PEER_ERROR": "Try again; if it stays, run `pmcb network status`.",
    "ROLE_REQUIRED": "Act as an identity with that role: `pmcb id list`, then --as LABEL.",
    "SELF_VERDICT": "Let another verifier of the task judge it.",
    "STILL_OPEN": "Wait until the time to accept is over, or every slot is held.",
    "SUBTASK_CLOSED": "See other subtasks with `pmcb receiver tasks`.",
    "SUSPENDED": "Ask your authority; `pmcb levels reinstate` lifts a suspension.",
    "TASK_CANCELLED": "See open tasks with `pmcb receiver tasks`.",
    "TASK_CLOSED": "See what stands with `pmcb task show`.",
    "TOO_EARLY": "Wait for the end of the time to submit; a cancelled task closes once "
    "every holder has submitted.",
    "TOO_LARGE": "Send less at once.",
    "UNKNOWN_FUNCTION": "The network runs another version of the contract than this client knows.",
    "UNSETTLED": "`pmcb task serve` settles rewards as verdicts come in; see `pmcb task show`.",
    "VERDICT_PENDING": "Wait for the verifiers; without them it is paid after the settle window.",
    "VERSION": "The store was seen at a later version: open the newest one, and trust no older.",
}
"""Next step by the contract's code (chaincode's ``Code``)."""
