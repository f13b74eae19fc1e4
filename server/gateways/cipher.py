"""Personal values at rest and signatures, all from the one secret key by HKDF."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"lianyi", info=purpose.encode()).derive(secret.encode())


class AesCipher:
    """AES-256-GCM with a random nonce in front; keyed hashes are HMAC-SHA-256 with a key of their own."""

    def __init__(self, secret: str) -> None:
        self._aes = AESGCM(_derive(secret, "cipher"))
        self._hash_key = _derive(secret, "keyed-hash")

    def encrypt(self, text: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aes.encrypt(nonce, text.encode(), None)

    def decrypt(self, blob: bytes) -> str:
        return self._aes.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], None).decode()

    def keyed_hash(self, purpose: str, text: str) -> str:
        return hmac.new(self._hash_key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


class KeySigner:
    """HMAC for tickets, Ed25519 for passes; `key_id` names the public key in every pass."""

    def __init__(self, secret: str) -> None:
        self._mac_key = _derive(secret, "mac")
        self._private = Ed25519PrivateKey.from_private_bytes(_derive(secret, "pass"))
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self._public = self._private.public_key().public_bytes(*raw)
        self.key_id = hashlib.sha256(self._public).hexdigest()[:8]

    def mac(self, purpose: str, message: bytes) -> bytes:
        return hmac.new(self._mac_key, purpose.encode() + b"\0" + message, hashlib.sha256).digest()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def public_key(self) -> bytes:
        return self._public
