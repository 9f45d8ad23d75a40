"""TLS 1.3 by hand (RFC 8446): records that no library would send, on a connection one began."""

import hashlib
import hmac
import os
import pathlib
import socket
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives.ciphers import aead

ALERT, HANDSHAKE, APPLICATION_DATA = 21, 22, 23
KEY_UPDATE_REQUESTED = b"\x18\0\0\x01\x01"
USER_CANCELED = b"\x01\x5a"


def record(kind, content):
    """A record before encryption begins."""
    return struct.pack(">BHH", kind, 0x0301, len(content)) + content


def client_hello():
    """The ClientHello of Python's own client: the handshake message alone."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()[5:]
    raise AssertionError("a handshake without a server")


class RecordWriter:
    """Encrypts what it is told on a new connection to the admission listener."""

    def __init__(self, gate, receive_buffer=0):
        with tempfile.TemporaryDirectory() as folder:
            keys = pathlib.Path(folder) / "keys"
            context = gate.tls_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.keylog_filename = str(keys)
            self._connection = gate.connect(context=context, receive_buffer=receive_buffer)
            [secret] = [
                bytes.fromhex(line.split()[2]) for line in keys.read_text().splitlines()
                if line.startswith("CLIENT_TRAFFIC_SECRET_0")]
        suite = self._connection.cipher()[0]
        self._hash = hashlib.sha384 if suite.endswith("SHA384") else hashlib.sha256
        self._cipher = aead.ChaCha20Poly1305 if "CHACHA" in suite else aead.AESGCM
        self._key_length = 16 if "AES_128" in suite else 32
        self._use(secret)
        self.socket = socket.socket(fileno=os.dup(self._connection.fileno()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self._connection.close()

    def _use(self, secret):
        self._secret, self._sequence = secret, 0
        self._aead = self._cipher(self._derive(b"key", self._key_length))
        self._nonce = int.from_bytes(self._derive(b"iv", 12), "big")

    def _derive(self, label, length):
        """HKDF-Expand-Label without a context (RFC 8446 §7.1), of one block."""
        label = b"tls13 " + label
        info = struct.pack(">HB", length, len(label)) + label + b"\0\x01"
        return hmac.new(self._secret, info, self._hash).digest()[:length]

    def seal(self, kind, content):
        """An encrypted record."""
        head = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(content) + 17)
        nonce = (self._nonce ^ self._sequence).to_bytes(12, "big")
        self._sequence += 1
        return head + self._aead.encrypt(nonce, content + bytes([kind]), head)

    def key_update(self):
        """A KeyUpdate that asks for another; what follows is under the new key."""
        sealed = self.seal(HANDSHAKE, KEY_UPDATE_REQUESTED)
        self._use(self._derive(b"traffic upd", self._hash().digest_size))
        return sealed
