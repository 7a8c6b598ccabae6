"""A month that was frozen, with one small table; who looks; and what a page's files hold."""

import csv
import hashlib
import io
import json
from datetime import date
from typing import Any

from pharmacies.models import Region, User
from prices.models import Freeze, FrozenTable
from prices.monitoring.tables import Column, Table, stored
from tests.factories import AT


def brief() -> Table:
    columns = (Column("about", "事项"), Column("text", "内容"))
    return Table("brief", "专报", columns, [{"about": "报送", "text": "共 3 家。"}], "由各表的数生成。", AT)


def frozen(area: Region, *, by: User, month: date = date(2026, 9, 1), spoilt: bool = False) -> Freeze:
    """As the verb leaves it; `spoilt`: as if somebody had then changed a number behind its back."""
    text = json.dumps(stored(brief()), ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    whole = hashlib.sha256(digest.encode()).hexdigest()
    made = Freeze.objects.create(area=area, month=month, at=AT, by=by, sha256=whole)
    text = text.replace("3 家", "9 家") if spoilt else text
    FrozenTable.objects.create(freeze=made, position=0, name="brief", title="专报", rows=1, content=text, sha256=digest)
    return made


def as_user(client: Any) -> User:
    """Who is logged in there."""
    return User.objects.get(pk=client.session["_auth_user_id"])


def rows_of(answer: Any) -> list[list[str]]:
    """The rows of a CSV answer, header first."""
    assert answer.status_code == 200, answer.status_code
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))
