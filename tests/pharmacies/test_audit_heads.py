"""The heads of the log outside the database, the command that compares, and what the log refuses to hold."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.utils import timezone

from pharmacies import audit
from pharmacies.audit import heads, seals
from pharmacies.models import AuditEvent

from ..factories import AT, chain, pharmacy
from .audit_world import DAY, as_owner, sealed_days, write

pytestmark = pytest.mark.usefixtures("committed")


# -- heads ------------------------------------------------------------------------------------------------------------


def test_every_day_keeps_its_last_seal_as_its_head(settings: Any) -> None:
    sealed_days(1, 1)
    write()
    seals.seal(at=AT + DAY + timedelta(hours=1))
    heads.export()
    kept = {head.day: head.number for head in heads.heads(settings.AUDIT_HEADS)}
    assert kept == {"2026-11-21": 1, "2026-11-22": 3}


def test_days_that_were_missed_get_their_heads(settings: Any) -> None:
    for number in range(3):
        write()
        seals.seal(at=AT + number * DAY)
    assert heads.export() == 3
    assert heads.export() == 0
    assert [file.name for file in sorted(settings.AUDIT_HEADS.iterdir())] == [
        "2026-11-21.json",
        "2026-11-22.json",
        "2026-11-23.json",
    ]


def test_midnight_is_that_of_shanghai(settings: Any) -> None:
    write()
    seals.seal(at=AT.replace(hour=7, minute=59))  # the evening before in UTC
    heads.export()
    assert [head.day for head in heads.heads(settings.AUDIT_HEADS)] == ["2026-11-21"]


# -- the command ------------------------------------------------------------------------------------------------------


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("check_audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_checked() -> None:
    write(2)
    seals.seal(at=timezone.now())
    heads.export()
    write()
    assert said() == "一致：核对了 1 个封存、2 条日志；1 条等待封存\n"
    assert json.loads(said("--json")) == {"events": 2, "seals": 1, "waiting": 1, "problems": []}


def test_an_empty_log_is_in_order() -> None:
    assert "0 条日志" in said()


def test_the_command_names_what_is_wrong_and_fails() -> None:
    (first,) = sealed_days(2)
    as_owner(f"UPDATE pharmacies_auditevent SET actor_name = '王' WHERE id = {first[1]}")
    with pytest.raises(CommandError, match=f"日志 {first[1]} 在封存 1 之后被改动"):
        said()


def test_the_command_compares_with_a_copy_of_the_heads(tmp_path: Path) -> None:
    sealed_days(1, 1)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in configured.AUDIT_HEADS.glob("*.json"):
        (copy / file.name).write_bytes(file.read_bytes())
    assert said("--heads", str(copy))
    as_owner("DELETE FROM pharmacies_auditseal WHERE number = 2", "DELETE FROM pharmacies_auditevent WHERE id > 1")
    for file in configured.AUDIT_HEADS.glob("2026-11-22.json"):
        file.unlink()  # whoever cut the log could write here too
    assert said()
    with pytest.raises(CommandError, match="尾部被截去"):
        said("--heads", str(copy))
    with pytest.raises(CommandError, match="没有这个文件夹"):
        said("--heads", str(tmp_path / "nowhere"))


# -- what is in it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(audit.SECRET))
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_secret_is_refused(name: str, where: str) -> None:
    secret: dict[str, Any] = {where: {name: "x"}}
    with pytest.raises(ValueError, match=name):
        write(**secret)
    assert not AuditEvent.objects.exists()


def test_an_event_knows_its_place() -> None:
    shop, chained = pharmacy(), chain()
    for place in (shop, chained, shop.division):
        write(place=place)
    kept = [(event.pharmacy, event.chain, event.area) for event in AuditEvent.objects.order_by("pk")]
    assert kept == [(shop, None, None), (None, chained, None), (None, None, shop.division)]
