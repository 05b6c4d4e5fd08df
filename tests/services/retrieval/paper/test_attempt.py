# SPDX-License-Identifier: Apache-2.0
"""An attack tried on freshly encrypted records, and what is said of it."""

import json

import numpy as np
import pytest

from pmcb_services.retrieval import Attribute, Schema, vitals
from pmcb_services.retrieval.errors import InputError
from pmcb_services.retrieval.paper import LABEL, Attack, attempt

WARD = vitals.load(20_000).narrowed(5)


def tried(attack: Attack, **how):
    """On the ward; seeded."""
    patients = WARD.carried["patient"]
    return attempt(attack, WARD.schema, WARD.codes, patients, random_state=0, **how)


@pytest.mark.parametrize("attack", Attack)
def test_too_little_to_attack_is_refused(attack):
    """One person, nothing known, everything known, one value only."""
    one = np.ones(50, dtype=np.int64)
    with pytest.raises(InputError, match="two persons"):
        attempt(attack, WARD.schema, WARD.codes[:50], one)
    with pytest.raises(InputError, match="one record at least"):
        tried(attack, known=0)
    if attack in {Attack.LINEAR, Attack.PROJECTIVE}:
        with pytest.raises(InputError, match="some must be left"):
            tried(attack, known=len(WARD.codes))
    if attack is Attack.QUERY:
        with pytest.raises(InputError, match="'HR'"):
            attempt(attack, WARD.schema, np.full((90, 5), 7), known=5)


@pytest.mark.parametrize("attack", [Attack.LINEAR, Attack.PROJECTIVE, Attack.QUERY])
def test_what_suffices_reads_everything_else(attack):
    """Without a number given: 21, 25 and 3 known records at five attributes."""
    found = tried(attack)
    assert found.known == {"linear": 21, "projective": 25, "query": 3}[attack]
    assert found.records == pytest.approx(len(WARD.codes) / 2, rel=0.1)
    assert found.rate >= 0.999
    assert list(found.read) == (["HR"] if attack is Attack.QUERY else list(WARD.schema.names))


def test_the_order_reads_most_values_from_others_records():
    """Of the 20,000 records of half of the stays, the other half is the statistics."""
    found = tried(Attack.ORDER)
    assert found.known + found.records == len(WARD.codes)
    assert all(found.read[name] > 0.5 for name in ("SBP", "DBP"))
    assert found.rate < min(found.read.values()) + 1e-9
    assert tried(Attack.ORDER, known=40).known == 40


@pytest.mark.parametrize("attack", [Attack.LINEAR, Attack.PROJECTIVE])
def test_too_little_known_reads_nothing(attack):
    """The rate is what was read, not what was hoped for."""
    found = tried(attack, known=5, most=1000)
    assert found.records == 1000
    assert found.rate < 0.01


def test_known_records_do_not_count_as_read():
    """Least squares gives the known ones back, however few: they are left out of the rate."""
    assert tried(Attack.LINEAR, known=10, most=20).rate < 0.2


def test_an_attempt_says_what_it_is():
    """As JSON; without patients each record is another person's, and one attribute is enough."""
    schema = Schema("one", [Attribute("HR", 0, 255, 1)])
    found = attempt(Attack.PROJECTIVE, schema, WARD.codes[:400, :1], random_state=0)
    document = json.loads(json.dumps(found.document()))
    assert document["label"] == LABEL
    assert (document["attack"], document["records"], document["rate"]) == ("projective", 200, 1.0)
    assert document["read"] == {"HR": 1.0}
    assert "secret factor" in document["had"]
