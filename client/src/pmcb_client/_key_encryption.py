# SPDX-License-Identifier: Apache-2.0
"""A private key under a passphrase: PKCS#8, PBES2 with scrypt and AES-256-CBC.

``cryptography`` reads this form and writes only PBKDF2 with 2,048 rounds, which a graphics card
tries millions of times a second; so the frame (RFC 5958, RFC 8018, RFC 7914) is written here.
"""

import base64
import secrets
import textwrap

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

# OWASP's figures for scrypt in the shape with the least memory that OpenSSL's readers still open.
_N, _R, _P = 2**14, 8, 5
_SALT_BYTES = 16

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_PBES2 = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13
_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
_AES_256_CBC = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42


def encrypt_private_key(key: ec.EllipticCurvePrivateKey, passphrase: bytes) -> bytes:
    """PEM of ``key`` ("ENCRYPTED PRIVATE KEY"); takes about 0.2 s, which is its purpose."""
    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    salt, vector = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(16)
    secret = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    parameters = _der(_OCTETS, salt) + _number(_N) + _number(_R) + _number(_P)
    derivation = _der(_SEQUENCE, _SCRYPT + _der(_SEQUENCE, parameters))
    scheme = _der(_SEQUENCE, _AES_256_CBC + _der(_OCTETS, vector))
    algorithm = _der(_SEQUENCE, _PBES2 + _der(_SEQUENCE, derivation + scheme))
    frame = _der(_SEQUENCE, algorithm + _der(_OCTETS, sealed))
    lines = textwrap.wrap(base64.b64encode(frame).decode(), 64)
    label = "ENCRYPTED PRIVATE KEY"
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def _number(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
