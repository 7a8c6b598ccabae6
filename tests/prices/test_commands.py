"""The commands about feeds, as an operator and other people's scripts call them: output, exit status, files left."""

import csv as csv_module
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pharmacies.models import AuditEvent
from prices.models import Feed, FeedRun, Offer
from tests import factories as f
from tests.prices.deliveries import csv, shown

pytestmark = pytest.mark.django_db
KEYS = ["run", "state", "rows", "accepted", "changed", "unchanged", "withdrawn", "refused", "seconds"]


def run(*arguments: str, **options: Any) -> tuple[int, str, str]:
    """Exit status, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err, **options)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def shop():
    return f.pharmacy()


@pytest.fixture
def drug():
    return f.drug()


def write(folder: Path, *rows: str) -> str:
    path = folder / "prices.csv"
    path.write_bytes(csv(*rows))
    return str(path)


def test_add_feed_prints_its_token_once(shop):
    status, out, _err = run("add_feed", "till", "--pharmacy", shop.code, "--cadence", "1d")
    token = out.removeprefix("token: ").strip()
    feed = Feed.objects.get()
    assert (status, feed.scope, feed.mode, feed.cadence.days) == (0, "pharmacies", "delta", 1)
    assert token
    assert token not in feed.token_hash


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--chain", "没有这家"], "没有这家"),
        (["--pharmacy", "P42010699999"], "P42010699999"),
        (["--all", "--url", "https://example.com/prices.csv"], "--every"),
    ],
)
def test_a_feed_for_nobody_is_refused(arguments, words):
    status, _out, err = run("add_feed", "till", *arguments)
    assert status == 1
    assert words in err
    assert not Feed.objects.exists()


def test_a_slug_is_used_once():
    run("add_feed", "till", "--all")
    assert run("add_feed", "till", "--all")[0] == 1


def test_ingest_feed_prints_one_json_line_and_leaves_the_refused_rows(shop, drug, tmp_path):
    run("add_feed", "till", "--all")
    file = write(tmp_path, f"{shop.code},{drug.code},12.60", f"{shop.code},{drug.code}9,abc")
    status, out, _err = run("ingest_feed", "till", file, "--json")
    told = json.loads(out)
    assert status == 0
    assert list(told) == KEYS
    assert [told[key] for key in KEYS[1:8]] == ["published", 2, 1, 1, 0, 0, 1]
    with (tmp_path / "prices.errors.csv").open(encoding="utf-8-sig") as left:
        rows = list(csv_module.DictReader(left))
    assert list(rows[0]) == ["pharmacy_code", "drug_code", "price", "line", "reason", "advice"]
    assert (rows[0]["price"], rows[0]["line"]) == ("abc", "3")


def test_a_dry_run_tells_what_would_happen_and_leaves_nothing(shop, drug, tmp_path):
    run("add_feed", "till", "--all")
    status, out, _err = run(
        "ingest_feed", "till", write(tmp_path, f"{shop.code},{drug.code},12.60"), "--dry-run", "--json"
    )
    assert (status, json.loads(out)["changed"]) == (0, 1)
    assert not FeedRun.objects.exists()
    assert not Offer.objects.exists()


def test_a_held_run_exits_with_3_and_is_released_by_name(shop, tmp_path):
    run("add_feed", "till", "--all")
    good = [f"{shop.code},{f.drug().code},9.00" for _ in range(20)]
    status, out, err = run("ingest_feed", "till", write(tmp_path, *good, *["x,y,z"] * 4), "--json")
    held = json.loads(out)
    assert (status, held["state"]) == (3, "held")
    assert f"release_run {held['run']}" in err
    status, out, _err = run("release_run", str(held["run"]), "--by", "张丽", "--reason", "已核实", "--json")
    assert (status, json.loads(out)["accepted"]) == (0, 20)
    assert AuditEvent.objects.get(action="run.release").actor_name == "张丽"
    assert run("refuse_run", str(held["run"]), "--by", "张丽", "--reason", "晚了")[0] == 1


def test_a_broken_file_fails_the_run_with_one_line(tmp_path):
    run("add_feed", "till", "--all")
    path = tmp_path / "prices.csv"
    path.write_text("药店,价格\n1,2\n", encoding="utf-8")
    status, out, err = run("ingest_feed", "till", str(path), "--json")
    assert (status, json.loads(out)["state"]) == (1, "failed")
    assert "缺少列" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("content", "words"), [(None, "找不到"), (b"", "空的")])
def test_no_file_or_an_empty_one_leaves_no_run(content, words, tmp_path):
    run("add_feed", "till", "--all")
    path = tmp_path / "prices.csv"
    if content is not None:
        path.write_bytes(content)
    status, _out, err = run("ingest_feed", "till", str(path))
    assert status == 1
    assert words in err
    assert not FeedRun.objects.exists()


def test_an_unknown_feed_says_how_to_make_one(tmp_path):
    status, _out, err = run("ingest_feed", "nobody", write(tmp_path, "a,b,1"))
    assert (status, "add_feed" in err) == (1, True)


def test_check_prices_finds_an_offer_without_history(shop, drug, tmp_path):
    run("add_feed", "till", "--all")
    run("ingest_feed", "till", write(tmp_path, f"{shop.code},{drug.code},12.60"))
    assert run("check_prices")[0] == 0
    f.offer(f.drug(), shop, "9.00", by=Feed.objects.get(), run_id=FeedRun.objects.get().pk)
    status, _out, err = run("check_prices")
    assert status == 1
    assert "来历" in err


def test_check_prices_finds_a_price_changed_behind_its_back(shop, drug, tmp_path):
    run("add_feed", "till", "--all")
    run("ingest_feed", "till", write(tmp_path, f"{shop.code},{drug.code},12.60"))
    Offer.objects.update(price_fen=1)
    assert run("check_prices")[0] == 1


def test_a_slip_is_listed_and_accepted_by_name(shop, drug, tmp_path):
    run("add_feed", "till", "--all")
    run("ingest_feed", "till", write(tmp_path, f"{shop.code},{drug.code},12.60"))
    run("ingest_feed", "till", write(tmp_path, f"{shop.code},{drug.code},126.00"))
    refused = FeedRun.objects.latest("pk").rejections.get()
    assert run("settle_row", str(refused.pk), "--accept")[0] == 1, "nobody said so"
    status, _out, _err = run("settle_row", str(refused.pk), "--accept", "--by", "张丽", "--reason", "新包装")
    assert status == 0
    assert shown(drug, shop) == "126.00"
