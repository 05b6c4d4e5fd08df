# SPDX-License-Identifier: Apache-2.0
"""What to do after a refusal: the contract says which rule, this table says what next."""

from collections.abc import Mapping

refusal_advice: Mapping[str, str] = {
    "ALREADY_MEMBER": "One person takes one subtask of a task or series; see the others with "
    "`pmcb receiver tasks`.",
    "ALREADY_SUBMITTED": "See what stands with `pmcb receiver status`; an answer is given once, "
    "and a slot with an answer is not given back.",
    "BAD_ARGUMENT": "Check the value that the message names.",
    "CAPACITY_FULL": "Every slot is taken; see other subtasks with `pmcb receiver tasks`.",
    "CREDIT_SHORT": "Lower the reward; `reward: 0` needs no credit.",
    "DEADLINE_PASSED": "Look for tasks that are still open with `pmcb receiver tasks`.",
    "DUPLICATE_PERSON": "List every person once in people.csv and publish a new epoch.",
    "EPOCH_ACTIVE": "Publish a new epoch: `pmcb levels publish` without --epoch takes the next.",
    "EPOCH_INCOMPLETE": "The authority that opened the epoch runs `pmcb levels publish` again.",
    "EPOCH_ORDER": "Epochs have no gaps: leave out --epoch to take the next.",
    "EXISTS": "Something else stands already: see it with `pmcb task show`, `pmcb levels show`.",
    "INTERNAL": "Tell the operator of the contract the transaction that the message names.",
    "KEY_UNSUPPORTED": "Enrol again with a P-256 key: `pmcb id enroll`.",
    "LEVELS_CHANGED": "The active epoch has another number of levels: the releaser publishes the "
    "task again.",
    "LEVEL_MISMATCH": "Only subtasks of your own level are open to you: `pmcb receiver tasks`.",
    "LEVEL_RAISE": "Publish a new epoch; a level rises only with the quorum of authorities.",
    "MSP_NOT_ALLOWED": "Let an authority of another organisation do it.",
    "NOT_FOUND": "Check the ids; `pmcb task show` and `pmcb levels show` tell what there is.",
    "NOT_HOLDER": "Accept the subtask first: `pmcb receiver accept`.",
    "NOT_LEVELED": "Ask an authority to enter you with `pmcb levels set`, or wait for a new epoch.",
    "NOT_OWNER": "Act as the one who made it, with --as LABEL.",
    "NOT_VERIFIER": "Only the verifiers that the task names may judge: `pmcb task show`.",
    "PARTY_UNFIT": "Verifiers come from another organisation than the releaser; each verifier and "
    "the institution must have enrolled with `pmcb id enroll`.",
    "PEER_ERROR": "Try again; if it stays, run `pmcb network status`.",
    "ROLE_REQUIRED": "Act as an identity with that role: `pmcb id list`, then --as LABEL.",
    "SELF_VERDICT": "Let another verifier of the task judge it.",
    "SUSPENDED": "Ask your authority; `pmcb levels reinstate` lifts a suspension.",
    "TASK_CANCELLED": "See open tasks with `pmcb receiver tasks`.",
    "TOO_LARGE": "Send less at once.",
    "UNKNOWN_FUNCTION": "The network runs another version of the contract than this client knows.",
}
"""Next step by the contract's code (chaincode's ``Code``)."""
