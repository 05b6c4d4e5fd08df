# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.client.identities import BEFORE_MS, IDENTITY, KEY, certificate

from pmcb_client.errors import WalletError
from pmcb_client.wallet import Wallet


@pytest.fixture
def wallet(tmp_path):
    """A wallet a millisecond before its certificates expire."""
    return Wallet(tmp_path / "home" / "wallet", clock=lambda: BEFORE_MS)


def renewed(wallet, passphrase=None):
    """A second certificate in the place of the first, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    held = wallet.get("me", passphrase=passphrase)
    return wallet.renew(held, certificate(key), key, passphrase=passphrase), key


def test_a_certificate_of_another_key_renews_nothing(wallet):
    """The file stays as it was."""
    me = wallet.put("me", IDENTITY, KEY)
    with pytest.raises(WalletError, match="does not match"):
        wallet.renew(me, certificate(), ec.generate_private_key(ec.SECP256R1()))
    assert wallet.get("me").identity == me.identity


def test_a_renewal_that_is_cut_off_leaves_the_old_one(wallet, monkeypatch):
    """Nothing is lost: the certificate held is in use until the new one is on disk."""
    me = wallet.put("me", IDENTITY, KEY)

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", die)
    with pytest.raises(KeyboardInterrupt):
        renewed(wallet)
    assert wallet.get("me").identity == me.identity
    assert [path.name for path in wallet.folder.iterdir()] == ["me.id"]


def test_renewed_keys_are_kept(wallet):
    """The newest first, each with its certificate: what was sealed to them still opens."""
    wallet.put("me", IDENTITY, KEY)
    _, second = renewed(wallet)
    made, third = renewed(wallet)
    stored = wallet.get("me")
    assert stored.identity == made.identity
    assert [pair.certificate_pem for pair in stored.earlier] == [
        pair.certificate_pem for pair in made.earlier
    ]
    assert made.private_key.private_numbers() == third.private_numbers()
    kept = [pair.private_key.private_numbers() for pair in stored.earlier]
    assert kept == [second.private_numbers(), KEY.private_numbers()]
    assert made.earlier[1].certificate_pem == IDENTITY.certificate_pem
    assert "PRIVATE" not in repr(made)
    wallet.put("me", IDENTITY, KEY)
    assert wallet.get("me").earlier == ()


def test_renewed_keys_stay_under_the_passphrase(wallet):
    """No plain key reaches the file."""
    wallet.put("me", IDENTITY, KEY, passphrase="correct horse")
    renewed(wallet, "correct horse")
    with pytest.raises(WalletError, match="needs its passphrase"):
        wallet.get("me")
    assert len(wallet.get("me", passphrase="correct horse").earlier) == 1
    assert "BEGIN PRIVATE KEY" not in (wallet.folder / "me.id").read_text()
