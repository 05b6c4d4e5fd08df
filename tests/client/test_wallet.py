# SPDX-License-Identifier: Apache-2.0
import base64
import errno
import json
import stat
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tests.client.identities import BEFORE_MS, IDENTITY, KEY, certificate

from pmcb_client.errors import IdentityNotFound, WalletError
from pmcb_client.gateway import Identity
from pmcb_client.wallet import Wallet


@pytest.fixture
def wallet(tmp_path):
    """A wallet a millisecond before its certificates expire."""
    return Wallet(tmp_path / "home" / "wallet", clock=lambda: BEFORE_MS)


def test_a_folder_that_others_can_write_into_is_refused(wallet):
    """They could put another identity in the place of ours."""
    wallet.put("receiver1", IDENTITY, KEY)
    for folder in (wallet.folder, wallet.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wallet.folder.chmod(0o777)
    for use in (lambda: wallet.get("receiver1"), lambda: wallet.put("other", IDENTITY, KEY)):
        with pytest.raises(WalletError, match="Others can write") as refused:
            use()
        assert "chmod 700" in refused.value.next_step


@pytest.mark.parametrize("label", ["", ".." + "/x", "a b", "ä", "x" * 65, "a/b", "a\n"])
def test_a_label_that_could_leave_the_folder_is_refused(wallet, label):
    """Letters, digits, dots, dashes and underscores, 1 to 64."""
    for use in (wallet.get, wallet.remove, lambda label: wallet.put(label, IDENTITY, KEY)):
        with pytest.raises(WalletError, match="label"):
            use(label)


def test_an_unknown_label_says_how_to_enrol(wallet):
    """For reading and for removing."""
    for use in (wallet.get, wallet.remove):
        with pytest.raises(IdentityNotFound, match="'nobody'") as caught:
            use("nobody")
        assert "pmcb id enroll" in caught.value.next_step
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_may_touch_is_refused(wallet, mode):
    """Read, write or search: the next step closes it."""
    wallet.put("me", IDENTITY, KEY)
    path = wallet.folder / "me.id"
    path.chmod(mode)
    with pytest.raises(WalletError, match="Others can read or change") as caught:
        wallet.get("me")
    assert caught.value.next_step == f"Run `chmod 600 {path}`."


def test_a_certificate_of_another_key_is_refused(wallet):
    """When stored, and when somebody exchanged it on disk."""
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(WalletError, match="does not match"):
        wallet.put("me", IDENTITY, other)
    assert wallet.list() == []
    wallet.put("me", IDENTITY, KEY)
    path = wallet.folder / "me.id"
    document = json.loads(path.read_text())
    document["credentials"]["certificate"] = certificate(other).decode()
    path.write_text(json.dumps(document))
    with pytest.raises(WalletError, match="does not match") as caught:
        wallet.get("me")
    assert "pmcb id enroll" in caught.value.next_step


def test_an_expired_certificate_is_refused(wallet):
    """From its last millisecond on."""
    wallet.put("me", IDENTITY, KEY)
    late = Wallet(wallet.folder, clock=lambda: BEFORE_MS + 1)
    with pytest.raises(WalletError, match="expired on 2027-01-01") as caught:
        late.get("me")
    assert "pmcb id enroll" in caught.value.next_step
    assert "renew" not in caught.value.next_step  # no CA renews it
    assert wallet.get("me").label == "me"


def test_an_expired_registrar_is_enrolled_again_by_the_network(wallet):
    """Its secret is the network's, which uses it as often as needed."""
    wallet.put("registrar.HospitalAMSP", IDENTITY, KEY)
    late = Wallet(wallet.folder, clock=lambda: BEFORE_MS + 1)
    with pytest.raises(WalletError, match="expired") as caught:
        late.get("registrar.HospitalAMSP")
    assert "pmcb network up" in caught.value.next_step


@pytest.mark.parametrize(
    "change",
    [
        lambda document: "half a file",
        lambda document: [],
        lambda document: document | {"version": 2},
        lambda document: document | {"mspId": 7},
        lambda document: document | {"credentials": None},
        lambda document: document | {"earlier": 7},
        lambda document: document | {"earlier": ["x"]},
        lambda document: document | {"earlier": [{"certificate": "x", "privateKey": "y"}]},
        lambda document: document | {"credentials": {"certificate": "x", "privateKey": "y"}},
        lambda document: document | {"credentials": document["credentials"] | {"privateKey": "y"}},
    ],
)
def test_a_damaged_file_is_refused(wallet, change):
    """With a sentence, and without what it holds."""
    wallet.put("me", IDENTITY, KEY)
    path = wallet.folder / "me.id"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(WalletError, match=r"me\.id is not an identity file"):
        wallet.get("me")


def test_half_a_file_is_refused(wallet):
    """A copy that broke off."""
    wallet.put("me", IDENTITY, KEY)
    path = wallet.folder / "me.id"
    path.write_text(path.read_text()[:100])
    with pytest.raises(WalletError, match="not an identity file"):
        wallet.get("me")


def test_a_write_that_fails_leaves_what_was_there(wallet, monkeypatch):
    """The old identity stays, and no temporary file."""
    wallet.put("me", IDENTITY, KEY)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        wallet.put("me", Identity("HospitalBMSP", certificate()), KEY)
    assert wallet.get("me").msp_id == "HospitalAMSP"
    assert [path.name for path in wallet.folder.iterdir()] == ["me.id"]


def test_a_key_of_another_curve_is_refused(wallet):
    """Fabric's identities here are P-256."""
    key = ec.generate_private_key(ec.SECP384R1())
    wallet.put("me", Identity("HospitalAMSP", certificate(key)), key)
    with pytest.raises(WalletError, match="not a P-256 key"):
        wallet.get("me")


def test_a_protected_key_needs_its_passphrase(wallet):
    """None, another, and an empty one are refused; the file holds no plain key."""
    with pytest.raises(WalletError, match="at least one"):
        wallet.put("me", IDENTITY, KEY, passphrase="")
    wallet.put("me", IDENTITY, KEY, passphrase="correct horse")
    with pytest.raises(WalletError, match="needs its passphrase"):
        wallet.get("me")
    for wrong in ("", "wrong horse"):
        with pytest.raises(WalletError, match="does not open"):
            wallet.get("me", passphrase=wrong)
    me = wallet.get("me", passphrase="correct horse")
    assert me.private_key.private_numbers() == KEY.private_numbers()
    assert "BEGIN PRIVATE KEY" not in (wallet.folder / "me.id").read_text()


def test_a_protected_key_is_pkcs8_under_scrypt(wallet):
    """The frame names PBES2, scrypt at N = 2^14, r = 8, p = 5, and AES-256-CBC."""
    wallet.put("me", IDENTITY, KEY, passphrase="correct horse")
    document = json.loads((wallet.folder / "me.id").read_text())
    lines = document["credentials"]["privateKey"].splitlines()
    assert lines[0] == "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    frame = base64.b64decode("".join(lines[1:-1]))
    assert bytes.fromhex("2a864886f70d01050d") in frame
    assert bytes.fromhex("2b06010401da47040b") in frame
    assert bytes.fromhex("02024000" + "020108" + "020105") in frame
    assert bytes.fromhex("60864801650304012a") in frame


def test_what_is_put_is_got(wallet):
    """Identity, key, signer, and who it is by its certificate."""
    wallet.put("me", IDENTITY, KEY)
    me = wallet.get("me")
    assert (me.label, me.identity) == ("me", IDENTITY)
    assert (me.msp_id, me.enrollment_id, me.role) == ("HospitalAMSP", "receiver1", "receiver")
    assert me.uid == "HospitalAMSP/receiver1"
    assert me.private_key.private_numbers() == KEY.private_numbers()
    assert "PRIVATE" not in repr(me)
    KEY.public_key().verify(me.signer(sha256(b"x").digest()), b"x", ec.ECDSA(SHA256()))


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"attrs": 7}', b'{"attrs": {"x": 1}}'])
def test_unreadable_attributes_are_no_attributes(wallet, value):
    """Who it is comes from the name then; the contract grants such a certificate nothing."""
    identity = Identity("HospitalAMSP", certificate(attributes=value))
    me = wallet.put("me", identity, KEY)
    assert (me.enrollment_id, me.role) == ("cn", "")


def test_a_registrar_without_attributes_is_known_by_its_name(wallet):
    """The bootstrap registrar's certificate has none."""
    identity = Identity("HospitalAMSP", certificate(attributes=None, common_name="admin"))
    registrar = wallet.put("registrar.HospitalAMSP", identity, KEY)
    assert (registrar.enrollment_id, registrar.role) == ("admin", "")


def test_files_have_the_layout_of_the_node_sdk_and_are_private(wallet):
    """0700 and 0600, whatever the umask; no temporary file stays."""
    wallet.put("me", IDENTITY, KEY)
    path = wallet.folder / "me.id"
    assert stat.S_IMODE(wallet.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(wallet.folder.iterdir()) == [path]
    document = json.loads(path.read_text())
    assert (document["version"], document["mspId"], document["type"]) == (
        1,
        "HospitalAMSP",
        "X.509",
    )
    assert set(document["credentials"]) == {"certificate", "privateKey"}


def test_a_second_put_replaces_and_remove_removes(wallet):
    """Labels are listed in order; a folder that is not there yet is empty."""
    assert wallet.list() == []
    wallet.put("b", IDENTITY, KEY)
    wallet.put("a", IDENTITY, KEY)
    newer = ec.generate_private_key(ec.SECP256R1())
    wallet.put("a", Identity("HospitalBMSP", certificate(newer)), newer)
    assert wallet.list() == ["a", "b"]
    assert wallet.get("a").msp_id == "HospitalBMSP"
    wallet.remove("a")
    assert wallet.list() == ["b"]
