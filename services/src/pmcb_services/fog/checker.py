# SPDX-License-Identifier: Apache-2.0
"""Whether a plan is what it says it is: exact arithmetic, the standard library, nothing shared.

A float64 number is a fraction of integers, so bound and cost are computed here without rounding.
Whoever reads these lines need not trust the planner, its searches or the libraries under it.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from .errors import CertificateRejected

__all__ = ["Documented", "check"]

TOLERANCE = Fraction(1, 10**9)
"""Relative; of energy, makespan, cost and gap, which the planner sums up in float64."""

Document = Mapping[str, object]


class Documented(Protocol):
    """An `Instance` or a `Plan`."""

    def document(self) -> dict[str, object]:
        """As JSON."""


def check(instance: Documented | Document, plan: Documented | Document) -> None:
    """Accept a plan of an instance, or say which rule it breaks.

    It is accepted if it is a plan of this very instance, every order is placed where it may run,
    energy, makespan, cost and gap are right (1e-9), all prices are at least 0, their sum is at
    most K, and the bound is at most D(lambda): then no plan costs less than the bound.

    Args:
        instance: with its ``document()``, or that document.
        plan: the same.

    Raises:
        CertificateRejected: names the rule.
    """
    given = _Given(_document(instance))
    told = _document(plan)
    certificate = _part(told, "certificate")
    _require(
        given.sha256 == certificate.get("instance_sha256"),
        "The certificate is about another instance.",
    )
    for name, weight in (("w_energy", given.w_energy), ("w_makespan", given.w_makespan)):
        _require(_number(certificate, name) == weight, f"{name} is not the instance's.")
    assignment = _assignment(given, told)
    cost = _check_cost(given, assignment, told)
    _close(certificate, "cost", cost)
    bound = _check_bound(given, certificate)
    for each in (told, certificate):
        _check_gap(each, _number(told, "cost"), bound)


def _check_cost(given: _Given, assignment: list[int], told: Document) -> Fraction:
    loads = [Fraction(0)] * given.m
    for i, j in enumerate(assignment):
        loads[j] += given.time(i, j)
    finish = [ready + load for ready, load in zip(given.ready, loads, strict=True)]
    makespan = max(finish)
    energy = Fraction(0)
    for j in range(given.m):
        energy += loads[j] * (given.busy[j] - given.floor[j]) + makespan * given.floor[j]
        awake = min(makespan - finish[j], given.after[j])
        energy += awake * (given.idle[j] - given.floor[j])
    cost = given.w_energy * energy + given.w_makespan * makespan + _lateness(given, assignment)
    _close(told, "energy", energy)
    _close(told, "makespan", makespan)
    _close(told, "cost", cost)
    return cost


def _lateness(given: _Given, assignment: list[int]) -> Fraction:
    clock, total = list(given.ready), Fraction(0)
    for i in sorted(range(given.n), key=lambda i: (-given.weights[i], given.due[i], i)):
        j = assignment[i]
        clock[j] += given.time(i, j)
        total += given.late(i, clock[j])
    return total


def _check_bound(given: _Given, certificate: Document) -> Fraction:
    prices = _numbers(certificate, "prices", given.m)
    _require(all(price >= 0 for price in prices), "A price is below 0.")
    capacity = given.w_energy * sum(given.floor) + given.w_makespan
    _require(sum(prices) <= capacity, "The prices' sum exceeds K.")
    slopes = [given.w_energy * (given.busy[j] - given.floor[j]) + prices[j] for j in range(given.m)]
    dual = sum((p * r for p, r in zip(prices, given.ready, strict=True)), Fraction(0))
    for i in range(given.n):
        dual += _least(given, i, slopes)
    bound = _number(certificate, "bound")
    _require(bound <= dual, "The bound is above what its prices prove.")
    return bound


def _least(given: _Given, i: int, slopes: Sequence[Fraction]) -> Fraction:
    """The least p_ij·slope_j + lateness over the servers that the order may run on."""
    allowed = [j for j in range(given.m) if given.etc[i][j] is not None]
    _require(bool(allowed), f"Order {given.orders[i]} may run nowhere.")
    if given.dated:
        ends = {j: given.ready[j] + given.time(i, j) for j in allowed}
        return min(given.time(i, j) * slopes[j] + given.late(i, ends[j]) for j in allowed)
    times, one = _integers([given.etc[i][j] or 0.0 for j in allowed])
    factors, other = _integers([slopes[j] for j in allowed])
    return Fraction(min(map(int.__mul__, times, factors)), one * other)


def _integers(numbers: Sequence[float | Fraction]) -> tuple[list[int], int]:
    """Numerators over one denominator: those of floats are powers of two."""
    ratios = [x.as_integer_ratio() for x in numbers]
    one = max(denominator for _, denominator in ratios)
    return [top * (one // denominator) for top, denominator in ratios], one


def _check_gap(told: Document, cost: Fraction, bound: Fraction) -> None:
    if told.get("gap") is None:
        _require(bound <= 0 and cost != bound, "A gap is missing.")
        return
    _require(cost == bound or bound > 0, "There is no gap above a bound of 0 or less.")
    true = (cost - bound) / bound if cost != bound else Fraction(0)
    _require(abs(_number(told, "gap") - true) <= TOLERANCE * (1 + true), "The gap is wrong.")


def _assignment(given: _Given, told: Document) -> list[int]:
    placed = _part(told, "assignment")
    _require(len(placed) == given.n, f"{given.n} orders are due, {len(placed)} are placed.")
    columns = {name: j for j, name in enumerate(given.servers)}
    found = []
    for i, order in enumerate(given.orders):
        j = columns.get(str(placed.get(order)))
        if j is None:
            raise CertificateRejected(f"Order {order} is on no server of the instance.")
        _require(given.etc[i][j] is not None, f"Order {order} may not run where it is placed.")
        found.append(j)
    return found


class _Given:
    """An instance's document, in fractions."""

    def __init__(self, document: Document) -> None:
        self.orders = _names(document, "order_ids")
        self.servers = _names(document, "server_ids")
        self.n, self.m = len(self.orders), len(self.servers)
        rows = document.get("etc")
        _require(isinstance(rows, Sequence) and len(rows) == self.n, "etc has one row per order.")
        assert isinstance(rows, Sequence)
        self.etc = [_floats(row, "etc", self.m) for row in rows]
        self.busy = _numbers(document, "busy_w", self.m)
        self.idle = _numbers(document, "idle_w", self.m)
        self.ready = _numbers(document, "ready", self.m)
        self.after = _numbers(document, "sleep_after_s", self.m)
        self.sleep = _row(document.get("sleep_w"), "sleep_w", self.m)
        self.floor = [
            idle if asleep is None else asleep
            for idle, asleep in zip(self.idle, self.sleep, strict=True)
        ]
        _require(all(map(Fraction.__le__, self.floor, self.idle)), "Sleep costs more than idling.")
        self.w_energy = _number(document, "w_energy")
        self.w_makespan = _number(document, "w_makespan")
        self._check_weights(document)
        self.dated = document.get("deadlines") is not None
        self.due: list[Fraction | float] = [math.inf] * self.n
        self.weights = [Fraction(0)] * self.n
        if self.dated:
            self.due = [
                math.inf if d is None else d
                for d in _row(document["deadlines"], "deadlines", self.n)
            ]
            self.weights = _numbers(document, "lateness_weights", self.n)
            _require(all(w >= 0 for w in self.weights), "A weight of lateness is below 0.")

    def _check_weights(self, document: Document) -> None:
        penalty = _number(document, "penalty")
        _require(0 <= penalty <= 1, "The penalty is a number from 0 to 1.")
        weights = self.w_energy, self.w_makespan
        if document.get("normalise") is True:
            right = (weights[0] > 0) == (penalty < 1) and (weights[1] > 0) == (penalty > 0)
            _require(right and min(weights) >= 0, "The weights are not those of the penalty.")
        else:
            due = Fraction(1.0 - float(penalty)), penalty
            _require(weights == due, "The weights are not those of the penalty.")

    def time(self, i: int, j: int) -> Fraction:
        """p_ij of an allowed pair."""
        time = self.etc[i][j]
        assert time is not None
        return Fraction(time)

    def late(self, i: int, at: Fraction) -> Fraction:
        """What order i costs for ending at a time, in seconds."""
        due = self.due[i]
        if isinstance(due, float) or at <= due:
            return Fraction(0)
        return self.weights[i] * (at - due)

    @property
    def sha256(self) -> str:
        """The hash that a certificate names."""
        head = [self.n, self.m, self.orders, self.servers, self.dated]
        line = json.dumps(head, ensure_ascii=True, separators=(",", ":")) + "\n"
        hashed = hashlib.sha256(line.encode("ascii"))
        for times in self.etc:
            hashed.update(_bytes(times, math.inf))
        for row in (self.busy, self.idle, self.ready, self.sleep, self.after):
            hashed.update(_bytes(row, math.nan))
        if self.dated:
            hashed.update(_bytes(self.due, math.inf))
            hashed.update(_bytes(self.weights, math.nan))
        hashed.update(_bytes([self.w_energy, self.w_makespan], math.nan))
        return hashed.hexdigest()


def _bytes(row: Sequence[Fraction | float | None], absent: float) -> bytes:
    return struct.pack(f"<{len(row)}d", *(absent if x is None else float(x) for x in row))


def _document(given: Documented | Document) -> Document:
    return given if isinstance(given, Mapping) else given.document()


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise CertificateRejected(reason)


def _close(told: Document, name: str, true: Fraction) -> None:
    off = abs(_number(told, name) - true)
    _require(off <= TOLERANCE * abs(true), f"The {name} is not that of the assignment.")


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    if not isinstance(part, Mapping):
        raise CertificateRejected(f"The field {name} is missing.")
    return part


def _names(document: Document, name: str) -> list[str]:
    names = document.get(name)
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise CertificateRejected(f"The field {name} is missing.")
    texts = [str(each) for each in names]
    _require(len(set(texts)) == len(texts), f"{name} holds an id twice.")
    return texts


def _number(document: Document, name: str) -> Fraction:
    return _fraction(document.get(name), name)


def _numbers(document: Document, name: str, length: int) -> list[Fraction]:
    row = _row(document.get(name), name, length)
    return [_fraction(x, name) for x in row]


def _row(values: object, name: str, length: int) -> list[Fraction | None]:
    return [None if x is None else _fraction(x, name) for x in _listed(values, name, length)]


def _floats(values: object, name: str, length: int) -> list[float | None]:
    row = _listed(values, name, length)
    return [None if x is None else float(_finite(x, name)) for x in row]


def _listed(values: object, name: str, length: int) -> Sequence[object]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != length:
        raise CertificateRejected(f"{name} holds {length} numbers.")
    return values


def _fraction(value: object, name: str) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(_finite(value, name))


def _finite(value: object, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise CertificateRejected(f"{name} holds something that is no finite number.")
    return value
