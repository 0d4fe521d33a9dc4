"""How secrets are encrypted in an account's data ("m.secret_storage.v1.aes-hmac-sha2").

AES-256-CTR, then HMAC-SHA-256 over the ciphertext, with two keys that HKDF makes of the storage
key and the secret's name. Nothing here asks the homeserver; see `vault.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voip.matrix.http import Json
from voip.matrix.signatures import decode_base64

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
KNOWN_TEXT = bytes(32)
"""What is encrypted under an empty name so that a key can be told to be the right one."""
IV_LENGTH = 16


def describe(key: bytes) -> Json:
    """The content of `m.secret_storage.key.<id>`."""
    check = _encrypt(key, "", KNOWN_TEXT, _new_iv())
    return {"algorithm": ALGORITHM, "iv": check["iv"], "mac": check["mac"]}


def key_id(key: bytes) -> str:
    """The id under which we keep a key: always the same, so that a repeated start adds none."""
    return hashlib.sha256(b"key id" + key).hexdigest()[:32]


def is_key_of(key: bytes, description: Json) -> bool:
    """Whether a key is the one that is described."""
    if description.get("algorithm") != ALGORITHM:
        return False
    if "iv" not in description or "mac" not in description:
        return True  # "If these properties are not present, clients must assume the key is valid"
    try:
        check = _encrypt(key, "", KNOWN_TEXT, _iv(description["iv"]))
        return hmac.compare_digest(decode_base64(check["mac"]), decode_base64(description["mac"]))
    except ValueError:
        return False


def encrypt(key: bytes, name: str, secret: str) -> Json:
    """`{iv, ciphertext, mac}`."""
    return _encrypt(key, name, secret.encode(), _new_iv())


def decrypt(key: bytes, name: str, encrypted: object) -> str:
    """:raises ValueError: it was encrypted with another key, or is damaged."""
    if not isinstance(encrypted, dict):
        raise ValueError("No encrypted secret")  # noqa: TRY004 - one error
    ciphertext = decode_base64(encrypted.get("ciphertext"))
    aes_key, mac_key = _keys(key, name)
    mac = hmac.digest(mac_key, ciphertext, "sha256")
    if not hmac.compare_digest(mac, decode_base64(encrypted.get("mac"))):
        raise ValueError("The secret was encrypted with another key")
    return _ctr(aes_key, _iv(encrypted.get("iv")), ciphertext).decode()


def _encrypt(key: bytes, name: str, data: bytes, iv: bytes) -> Json:
    aes_key, mac_key = _keys(key, name)
    ciphertext = _ctr(aes_key, iv, data)
    mac = hmac.digest(mac_key, ciphertext, "sha256")
    parts = {"iv": iv, "ciphertext": ciphertext, "mac": mac}
    return {part: base64.b64encode(value).decode() for part, value in parts.items()}


def _keys(key: bytes, name: str) -> tuple[bytes, bytes]:
    both = HKDF(SHA256(), length=64, salt=bytes(32), info=name.encode()).derive(key)
    return both[:32], both[32:]


def _ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(AES(key), CTR(iv)).encryptor()  # in this mode decryption is the same
    return cipher.update(data) + cipher.finalize()


def _new_iv() -> bytes:
    """Bit 63 is 0, for implementations whose counters differ in how they carry over it."""
    iv = bytearray(secrets.token_bytes(IV_LENGTH))
    iv[8] &= 0x7F
    return bytes(iv)


def _iv(text: object) -> bytes:
    iv = decode_base64(text)
    if len(iv) != IV_LENGTH:
        raise ValueError("An initialization vector has 16 bytes")
    return iv
