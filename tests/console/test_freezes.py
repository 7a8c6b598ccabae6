"""本期定稿 on its pages: asked for, watched while a worker does it, read, and not taken away before it is there."""

import pytest
from django.test import Client

from pharmacies.models import AuditEvent
from prices.models import Freeze, Freezing
from prices.monitoring import compliance, freezing
from tests import factories as f
from tests.console.leads_world import as_official
from tests.console.tables_world import as_user, frozen, rows_of
from tests.console.test_tables import HERE, text
from tests.factories import AT
from tests.monitoring.reporting_world import sent, weekly

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def officer(client: Client, db: None) -> Client:
    return as_official(client, f.wuchang())


def october() -> None:
    shop = f.pharmacy("甲店")
    f.report(weekly(), shop, AT)
    f.rebuild_today()
    sent(shop, AT.replace(month=10, day=5))
    compliance.work_out(AT)


def test_a_reviewer_has_a_month_frozen_once_and_others_read_it(client: Client) -> None:
    october()
    reviewer = as_official(client, f.wuchang(), "reviewer")
    assert '<option value="2026-10">' in text(reviewer.get(f"{HERE}/freezes"))
    answer = reviewer.post(f"{HERE}/freezes", {"month": "2026-10", "note": "十月"})
    asked = Freezing.objects.get()
    page = f"{HERE}/freezes/asked/{asked.pk}"
    assert answer.headers["Location"] == page
    assert reviewer.post(f"{HERE}/freezes", {"month": "2026-10"}).headers["Location"] == page
    freezing.run(asked.pk, clock=lambda: AT)
    made = Freeze.objects.get()
    assert f'href="{HERE}/freezes/{made.pk}"' in text(reviewer.get(page))
    assert made.sha256 in text(reviewer.get(f"{HERE}/freezes/{made.pk}"))
    for kept in made.tables.all():
        assert text(reviewer.get(f"{HERE}/freezes/{made.pk}?name={kept.name}"))
    again = reviewer.post(f"{HERE}/freezes", {"month": "2026-10"})
    assert again.status_code == 409
    assert "已经定稿" in again.content.decode()
    assert reviewer.post(f"{HERE}/freezes", {"month": "x"}).status_code == 404
    officer = as_official(Client(), f.wuchang())
    assert officer.post(f"{HERE}/freezes", {"month": "2026-09"}).status_code == 403
    rows = rows_of(officer.get(f"{HERE}/freezes/{made.pk}?name=compliance-areas&format=csv"))
    assert rows[1][:4] == ["武昌区", "1", "4", "1"]


def test_a_month_that_is_being_frozen_is_shown_as_such_and_cannot_be_taken_away_as_final(client: Client) -> None:
    """The page asks again by itself, without JavaScript too; it has no tables, and there is no report of that month."""
    october()
    reviewer = as_official(client, f.wuchang(), "reviewer")
    page = reviewer.post(f"{HERE}/freezes", {"month": "2026-10", "note": "十月"}).headers["Location"]
    for state, words in (("waiting", "排队中"), ("running", "正在定稿")):
        Freezing.objects.update(state=state, progress=40)
        shown = text(reviewer.get(page))
        assert words in shown
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in shown
        assert 'hx-trigger="every 3s"' in shown
        assert 'value="40"' in shown
        assert "format=" not in shown
        every = text(reviewer.get(f"{HERE}/freezes"))
        assert 'hx-trigger="every 3s"' in every
        assert words in every
        assert "还没有定稿的月份。" in every
        assert '<option value="2026-10">' not in every
    pk = page.rpartition("/")[2]
    for address in (f"{page}?format=csv", f"{HERE}/report.docx?freeze={pk}", f"{HERE}/freezes/{pk}"):
        answer = reviewer.get(address)
        assert "attachment" not in answer.headers.get("Content-Disposition", "")
        assert answer.status_code == (200 if address.startswith(page) else 404)


def test_a_month_that_could_not_be_frozen_says_why_and_is_asked_again_with_one_press(client: Client) -> None:
    october()
    reviewer = as_official(client, f.wuchang(), "reviewer")
    page = reviewer.post(f"{HERE}/freezes", {"month": "2026-10", "note": "十月"}).headers["Location"]
    Freezing.objects.update(state="failed", failure="gave_up", finished_at=AT)
    shown = text(reviewer.get(page))
    assert "处理三次均未完成" in shown
    assert "http-equiv" not in shown
    assert "hx-trigger" not in shown
    assert '<input type="hidden" name="month" value="2026-10"><input type="hidden" name="note" value="十月">' in shown
    assert "未完成" in text(reviewer.get(f"{HERE}/freezes"))
    assert 'name="note"' not in text(as_official(Client(), f.wuchang()).get(page))
    again = reviewer.post(f"{HERE}/freezes", {"month": "2026-10", "note": "十月"}).headers["Location"]
    freezing.run(Freezing.objects.latest("pk").pk, clock=lambda: AT)
    assert again != page
    shown = text(reviewer.get(page))
    assert f"{HERE}/freezes/{Freeze.objects.get().pk}" in shown
    assert 'name="note"' not in shown


def test_a_month_that_is_being_frozen_elsewhere_is_not_found(officer: Client) -> None:
    asked = Freezing.objects.create(
        area=f.hongshan(), month=AT.date().replace(month=10, day=1), at=AT, by=as_user(officer)
    )
    assert officer.get(f"{HERE}/freezes/asked/{asked.pk}").status_code == 404


@pytest.mark.parametrize("language", ["", "/en"])
def test_a_frozen_table_that_was_changed_is_not_shown_and_not_handed_out(officer: Client, language: str) -> None:
    made = frozen(f.wuchang(), by=as_user(officer), spoilt=True)
    here = f"{language}{HERE}/freezes/{made.pk}"
    for query in ("", "?name=brief", "?format=csv"):
        answer = officer.get(f"{here}{query}")
        assert answer.status_code == 409
        assert 'class="warn"' in answer.content.decode()
        assert "9 家" not in answer.content.decode()
    answer = officer.get(f"{language}{HERE}/report.docx?freeze={made.pk}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{here}?name=brief")
    assert not AuditEvent.objects.filter(action__startswith="console.").exists()


def test_a_freeze_of_another_area_is_not_found(officer: Client) -> None:
    made = frozen(f.hongshan(), by=as_user(officer))
    assert officer.get(f"{HERE}/freezes/{made.pk}").status_code == 404
    assert officer.get(f"{HERE}/report.docx?freeze={made.pk}").status_code == 404
