"""Member prices (会员价) of a sheet: what they replaced is remembered with the run, and put back when it is taken back.

The history of prices holds shelf prices only, so the sheet's own record (`MemberChange`) is all there is to go back to.
"""

from typing import Any

import polars as pl
from django.db import connection

from pharmacies.models import Pharmacy
from prices.models import FeedRun, Upload
from prices.sql import statement

KEY = ["pharmacy_id", "drug_id"]


def remember(run: FeedRun, rows: pl.DataFrame) -> dict[str, int]:
    """Write down what the member prices among the rows to send (`preview.PREVIEW`) are about to replace. What the upload
    counts of it: `member`, rows with a member price, and `replaced`, those that say something new. In a transaction."""
    said = rows.select(*KEY, pl.col("delivery").struct.field("member").fill_null("").alias("total"))
    said = said.filter(pl.col("total") != "")
    asked = said.drop_nulls().unique(KEY, keep="first", maintain_order=True)
    parameters: dict[str, Any] = {
        "run": run.pk,
        "drugs": asked["drug_id"].to_list(),
        "pharmacies": asked["pharmacy_id"].to_list(),
        "totals": asked["total"].to_list(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("sheet_members"), parameters)
        return {"member": said.height, "replaced": cursor.rowcount}


def remembered(upload: Upload) -> bool:
    """Whether the upload is of the time since which what it replaced is written down."""
    return "replaced" in upload.counts


def put_back(run: FeedRun) -> tuple[int, int]:
    """The member prices that the run replaced stand there again, as they were said then. How many, and how many stay
    because they were said anew since. In a transaction."""
    changed = run.member_changes.values("pharmacy_id")
    # In the order in which publishing locks them: whoever publishes about the same shops waits, or is waited for.
    shops = Pharmacy.objects.select_for_update(no_key=True).filter(pk__in=changed).order_by("pk")
    if not list(shops.values_list("pk", flat=True)):
        return 0, 0
    with connection.cursor() as cursor:
        cursor.execute(statement("sheet_members_back"), {"run": run.pk})
        returned, left = cursor.fetchone()
    return returned, left
