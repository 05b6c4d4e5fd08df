# SPDX-License-Identifier: Apache-2.0
"""The institution's keys on disk."""

import pytest

from pmcb_services.retrieval import errors
from pmcb_services.retrieval.keys import StoreKeys


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "not json", '{"format": "pmcb-store-keys-1", "secret": "zz"}',
     '{"format": "pmcb-store-keys-1", "secret": "00"}', '{"format": "x", "secret": ""}'],
)  # fmt: skip
def test_files_that_hold_no_keys_are_refused(tmp_path, text):
    """Without a word of what they hold."""
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(errors.KeyMismatch):
        StoreKeys.load(path)
    with pytest.raises(errors.KeyMismatch, match="cannot be read"):
        StoreKeys.load(tmp_path / "none.json")


def test_keys_are_read_back_and_only_their_owner_may(tmp_path):
    """Mode 0600 from the beginning; a file that is there is never overwritten."""
    keys, path = StoreKeys.generate(), tmp_path / "keys.json"
    keys.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert StoreKeys.load(path) == keys
    with pytest.raises(FileExistsError):
        StoreKeys.generate().save(path)
    assert StoreKeys.load(path) == keys


def test_secrets_are_not_shown():
    """Nor do stores and purposes share a key."""
    keys = StoreKeys(bytes(range(32)))
    assert "secret" not in repr(keys)
    assert str(keys.secret) not in repr(keys)
    derived = {keys.derive(store, purpose) for store in "ab" for purpose in ("root", "audit")}
    assert len(derived) == 4
    assert keys.fingerprint != StoreKeys.generate().fingerprint
