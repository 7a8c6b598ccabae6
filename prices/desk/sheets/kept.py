"""What was made of an upload, kept beside its bytes: the sheet as read, the preview. Both can be made again."""

import io
from typing import Literal

import polars as pl
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from prices.models import Upload

What = Literal["sheet", "preview"]
KINDS: tuple[What, ...] = ("sheet", "preview")


def _name(upload: Upload, what: What) -> str:
    # A new preview is another file: whoever turns the pages of the old one is not disturbed.
    of = f"-{upload.previewed_at.timestamp():.6f}" if what == "preview" and upload.previewed_at else ""
    return f"uploads/{upload.pk // 1000}/{upload.pk}-{what}{of}.parquet"


def keep(upload: Upload, what: What, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=1)
    drop(upload, what)
    default_storage.save(_name(upload, what), ContentFile(buffer.getvalue()))


def load(upload: Upload, what: What) -> pl.DataFrame | None:
    """The frame, None if it is gone (made by a worker that was killed, or cleaned away)."""
    try:
        with default_storage.open(_name(upload, what)) as file:
            return pl.read_parquet(io.BytesIO(file.read()))
    except FileNotFoundError:
        return None


def drop(upload: Upload, what: What) -> None:
    default_storage.delete(_name(upload, what))
