"""The pages of the catalogue's editions: the one in force, the next, and what changes between them."""

from datetime import date

import pytest
from django.utils import timezone

from tests import factories
from tests.factories import AT

pytestmark = pytest.mark.django_db
RESTRICTION = "限二级及以上医疗机构；限“明确诊断”的患者。"


@pytest.fixture
def two(monkeypatch):
    """2026, in force, and 2027: one row new, one gone, one moved, one of another class, one newly restricted."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    now, following = factories.edition(2026), factories.edition(2027)
    both = {"甲药": ({}, {"ins_class": "乙"}), "限药": ({}, {"restriction": RESTRICTION}), "同药": ({}, {})}
    moved = ({"section": "谈判西药", "kind": "谈判", "ins_class": "乙"}, {"ins_class": "乙"})
    for name, (was, becomes) in (both | {"常药": moved}).items():
        factories.listing(name, edition=now, dosage_form="片剂", **was)
        factories.listing(name, edition=following, dosage_form="片剂", **becomes)
    factories.listing("去药", edition=now, dosage_form="丸剂")
    factories.listing("新药", edition=following, dosage_form="注射剂", restriction="限成人。")
    return now, following


def rows(response) -> list[tuple[str, str]]:
    return [(row["kind"], row["name"]) for row in response.context["rows"]]


def test_the_edition_in_force_stands_beside_the_next(client, two):
    shown = client.get("/catalogue").context["shown"]
    assert [(each.edition.year, each.state, each.total) for each in shown] == [(2026, "current", 5), (2027, "next", 5)]
    page = client.get("/catalogue").content.decode()
    assert "2026年1月1日至2026年12月31日" in page
    assert "下一年版，还没有生效" in page
    assert page.count("医保发〔2025〕33号") == 2


def test_rows_of_one_number_are_one_drug(client, two):
    for row, form in ((1, "片剂"), (2, "胶囊剂")):
        factories.listing("两形药", edition=two[0], number="77", row=row, dosage_form=form)
    assert client.get("/catalogue").context["shown"][0].total == 6


def test_an_edition_that_is_not_ready_is_nowhere(client, two):
    two[1].state = "loading"
    two[1].save()
    assert len(client.get("/catalogue").context["shown"]) == 1
    assert "现在没有两个年版可以比" in client.get("/catalogue/changes").content.decode()
    assert client.get("/catalogue/changes?from=2026&to=2027").status_code == 200


def test_at_midnight_of_the_new_year_the_next_edition_is_the_one_in_force(client, two, monkeypatch):
    for minute, expected in (("2026-12-31T23:59:59", 2026), ("2027-01-01T00:00:00", 2027)):
        moment = timezone.datetime.fromisoformat(f"{minute}+08:00")
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        response = client.get("/catalogue")
        assert response.context["shown"][0].edition.year == expected
        assert [row.year for row in response.context["past"]] == ([2026] if expected == 2027 else [])


def test_every_kind_of_change_is_listed_and_counted(client, two):
    response = client.get("/catalogue/changes")
    assert rows(response) == [
        ("new", "新药"),
        ("gone", "去药"),
        ("moved", "常药"),
        ("class", "甲药"),
        ("restriction", "限药"),
    ]
    assert [(each.label, each.many) for each in response.context["filters"]] == [
        ("全部", 5),
        ("新增", 1),
        ("不再列入", 1),
        ("所在部分变化", 1),
        ("甲乙类变化", 1),
        ("限定支付范围变化", 1),
    ]
    assert "同药" not in response.content.decode()


def test_one_kind_alone_is_shown_when_it_is_chosen(client, two):
    assert rows(client.get("/catalogue/changes?from=2026&to=2027&kind=class")) == [("class", "甲药")]
    assert len(rows(client.get("/catalogue/changes?kind=nothing"))) == 5


def test_texts_are_the_documents_own_and_before_stands_before_after(client, two):
    by_kind = {row["kind"]: row for row in client.get("/catalogue/changes").context["rows"]}
    assert by_kind["restriction"]["texts"] == (("原来", "没有限定"), ("改为", RESTRICTION))
    assert by_kind["new"]["texts"] == (("限定支付范围", "限成人。"),)
    assert (by_kind["class"]["was"], by_kind["class"]["becomes"]) == ("医保甲类", "医保乙类")
    assert (by_kind["moved"]["was"], by_kind["moved"]["becomes"]) == ("协议期内谈判药品部分（西药）", "西药部分")
    assert (by_kind["gone"]["was"], by_kind["gone"]["becomes"]) == ("医保甲类 · 西药部分", "")


def test_the_page_says_that_the_comparison_is_ours_and_when_the_next_begins(client, two, monkeypatch):
    page = client.get("/catalogue/changes").content.decode()
    assert "不是官方的调整说明；以目录原文为准" in page
    assert "2027 年版从 2027年1月1日起生效，在那以前还按现行年版" in page
    later = timezone.datetime(2027, 1, 2, 9, tzinfo=factories.SHANGHAI)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "在那以前" not in client.get("/catalogue/changes").content.decode()


def test_the_same_two_editions_can_be_read_the_other_way(client, two):
    assert ("gone", "新药") in rows(client.get("/catalogue/changes?from=2027&to=2026"))


@pytest.mark.parametrize("query", ["from=2026&to=2026", "from=1999&to=2026", "from=2026", "page=2", "page=0", "page=x"])
def test_editions_and_pages_that_are_not_there_are_not_found(client, two, query):
    assert client.get(f"/catalogue/changes?{query}").status_code == 404


def test_about_leads_to_the_editions(client):
    assert 'href="/catalogue"' in client.get("/about/prices").content.decode()
    assert 'href="/en/catalogue"' in client.get("/en/about/prices").content.decode()


def test_editions_a_year_apart_are_asked_for_by_year(client, two):
    factories.edition(2025)
    response = client.get("/catalogue/changes")
    assert (response.context["before"].year, response.context["after"].year) == (2026, 2027)
    assert date(2025, 1, 1) in factories.edition(2025).valid
