# SPDX-License-Identifier: Apache-2.0
"""Mutants that no call can tell from the original, each with the reason."""

_ANY_CACHE = "how many certificates are remembered changes no answer"
_ANY_CHUNK = "how many keys one message asks for changes no answer"
_NAME_READ = "a malformed name already shows when it is taken from the certificate"
_NO_LENGTH = "no list has fewer than no values"
_ALL_THERE = "a published task has all its subtasks"
_ODD = "1, 3 or 5 verifiers never halve"
_NO_ORGS = "Governance itself refuses an empty list of organisations"

EQUIVALENT: dict[str, str] = {
    "_caller.py read_caller: name.rfc4514_string() -> pass": _NAME_READ,
    "_caller.py read_caller: maxsize=4096 -> maxsize=4097": _ANY_CACHE,
    "_caller.py read_caller: maxsize=4096 -> maxsize=4095": _ANY_CACHE,
    "_claims.py : _SINGLE_READS = 8 -> _SINGLE_READS = 9": _ANY_CHUNK,
    "_claims.py : _SINGLE_READS = 8 -> _SINGLE_READS = 7": _ANY_CHUNK,
    "_claims.py : _CHUNK = 64 -> _CHUNK = 65": _ANY_CHUNK,
    "_claims.py : _CHUNK = 64 -> _CHUNK = 63": _ANY_CHUNK,
    "_governance.py : ListOf(Match(NAME, 'an MSP id'), 1, 64)"
    " -> ListOf(Match(NAME, 'an MSP id'), 0, 64)": _NO_ORGS,
    "_grants.py Scope: ListOf(_ID, 0, MAX_GRANTED) -> ListOf(_ID, -1, MAX_GRANTED)": _NO_LENGTH,
    "_grants.py Scope: MapOf(_DEVICE, _COMMANDS, 0, MAX_GRANTED)"
    " -> MapOf(_DEVICE, _COMMANDS, -1, MAX_GRANTED)": _NO_LENGTH,
    '_histories.py : ListOf(Match(NAME, "a key\'s attribute"), 0, 3)'
    ' -> ListOf(Match(NAME, "a key\'s attribute"), -1, 3)': _NO_LENGTH,
    "_rewards.py _decision: 2 * found.count(word) > len(record.verifiers)"
    " -> 2 * found.count(word) >= len(record.verifiers)": _ODD,
    "_sharing.py DealSpec: ListOf(Json(ShareItem), 0, MAX_SLOTS)"
    " -> ListOf(Json(ShareItem), -1, MAX_SLOTS)": _NO_LENGTH,
    "_tasks.py TaskSpec: ListOf(_UID, 0, 5) -> ListOf(_UID, -1, 5)": _NO_LENGTH,
    "_tasks.py load_subtasks: data -> True": _ALL_THERE,
}
