# SPDX-License-Identifier: Apache-2.0
"""Who may spend how much of a cohort's budget without asking the institution."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ._requests import exact
from .errors import RequestError

__all__ = ["EVERYBODY", "Policy", "Rule"]

EVERYBODY = "*"
MOST_RULES = 100
_WHO = re.compile(r"\*|[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64})?")
_KEYS = {"who", "at_once", "in_all"}


@dataclass(frozen=True)
class Rule:
    """What a person, an organisation or everybody may spend.

    Attributes:
        who: ``MSP/name``, ``MSP`` for all of an organisation together, or ``*`` for all together.
        at_once: the most that one request may cost.
        in_all: the most that all requests of ``who`` may cost together.
    """

    who: str
    at_once: Fraction
    in_all: Fraction

    def speaks_of(self, uid: str) -> bool:
        """Whether the rule is about this person.

        >>> Rule("MSP", Fraction(1), Fraction(1)).speaks_of("MSP/ann")
        True
        """
        return self.who in {uid, uid.partition("/")[0], EVERYBODY}


@dataclass(frozen=True)
class Policy:
    """The rules of one cohort; without any, every request waits for the institution.

    >>> policy = Policy.from_documents([{"who": "*", "at_once": "1/2", "in_all": "1"}])
    >>> policy.allows("MSP/ann", Fraction(1, 2), {"MSP/bob": Fraction(1, 2)})
    True
    >>> policy.allows("MSP/ann", Fraction(1, 2), {"MSP/bob": Fraction(3, 4)})
    False
    """

    rules: Sequence[Rule] = ()

    def allows(self, uid: str, epsilon: Fraction, spent: Mapping[str, Fraction]) -> bool:
        """Whether a person may spend so much now; the rule that names them most closely decides.

        Args:
            uid: who asks.
            epsilon: what the request costs.
            spent: what each person has spent of this cohort so far.
        """
        fit = [rule for rule in self.rules if rule.speaks_of(uid)]
        if not fit:
            return False
        rule = max(fit, key=lambda rule: (rule.who != EVERYBODY, len(rule.who)))
        theirs = (each for who, each in spent.items() if rule.speaks_of(who))
        return epsilon <= rule.at_once and sum(theirs, Fraction(0)) + epsilon <= rule.in_all

    def documents(self) -> list[dict[str, str]]:
        """The rules in texts."""
        return [
            {"who": rule.who, "at_once": str(rule.at_once), "in_all": str(rule.in_all)}
            for rule in self.rules
        ]

    @classmethod
    def from_documents(cls, documents: Iterable[Mapping[str, object]]) -> Policy:
        """The policy behind `documents`.

        Raises:
            RequestError: a rule is none, or two are about the same; ``field`` names it.
        """
        rules = tuple(_rule(each, f"rules.{at}") for at, each in enumerate(documents))
        if len(rules) > MOST_RULES:
            raise RequestError(f"A policy has at most {MOST_RULES} rules.", field="rules")
        if len({rule.who for rule in rules}) != len(rules):
            raise RequestError("Two rules are about the same.", field="rules")
        return cls(rules)


def _rule(document: Mapping[str, object], place: str) -> Rule:
    if set(document) != _KEYS:
        raise RequestError("A rule has who, at_once and in_all.", field=place)
    who = document["who"]
    if not isinstance(who, str) or not _WHO.fullmatch(who):
        raise RequestError("who is MSP/name, MSP, or * for everybody.", field=f"{place}.who")
    at_once, in_all = (exact(document[key], f"{place}.{key}") for key in ("at_once", "in_all"))
    return Rule(who, at_once, in_all)
