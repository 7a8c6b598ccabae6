"""The bytes as received, compressed, named by their digest: what every attempt starts from."""

import gzip
import hashlib
import zlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from prices.models import FeedRun, Upload


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _name(sha256: str) -> str:
    return f"feeds/{sha256[:2]}/{sha256}.gz"


def save(data: bytes) -> str:
    """Store a delivery and return its sha256. The same bytes are stored once; what a killed writer left is replaced."""
    sha256 = digest(data)
    name = _name(sha256)
    if not _is_whole(name, sha256):
        default_storage.delete(name)
        default_storage.save(name, ContentFile(gzip.compress(data, compresslevel=1, mtime=0)))
    return sha256


def _is_whole(name: str, sha256: str) -> bool:
    if not default_storage.exists(name):
        return False
    try:
        with default_storage.open(name) as file:
            return digest(gzip.decompress(file.read())) == sha256
    except (OSError, EOFError, zlib.error):
        return False


def load(received: FeedRun | Upload) -> bytes:
    """The bytes of a run or an upload, proven to be those received."""
    with default_storage.open(_name(received.sha256)) as file:
        data = gzip.decompress(file.read())
    if digest(data) != received.sha256:
        raise OSError(f"stored file of {received} does not match its digest")
    return data


def holds(sha256: str) -> bool:
    return bool(default_storage.exists(_name(sha256)))


def forget(sha256: str) -> bool:
    """Remove the bytes; False if they are gone already."""
    if not default_storage.exists(_name(sha256)):
        return False
    default_storage.delete(_name(sha256))
    return True
