"""The generated catalogue of a measurement: loaded once, again when what it is made by has changed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connections

import catalog
from catalog.generated import load, products
from catalog.models import Drug

MADE_BY = ("generated/*.py", "names.py", "common_names.py", "traditional.py", "pinyin.py", "products.py")


def ready(count: int, say: Callable[[str], None]) -> None:
    """Have exactly `count` generated products in the database. Whatever else the catalogue held is gone."""
    stamp = Path(settings.VAR) / "catalogue-made"
    wanted = f"{count} {_digest()}"
    if stamp.exists() and stamp.read_text() == wanted and Drug.objects.count() == count:
        return
    stamp.unlink(missing_ok=True)
    say(f"generating {count:,} products …")
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE catalog_drug, catalog_preparation, catalog_searchname CASCADE")
    load(products(count))
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE catalog_drug, catalog_preparation, catalog_searchname")
    stamp.write_text(wanted)


def _digest() -> str:
    folder = Path(catalog.__file__).parent
    total = hashlib.sha256()
    for path in sorted(path for pattern in MADE_BY for path in folder.glob(pattern)):
        total.update(path.read_bytes())
    return total.hexdigest()
