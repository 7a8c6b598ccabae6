"""Tokens for tills: made, shown once, renewed, ended, used in the right pharmacy only; the sandbox leaves nothing."""

from typing import Any

import pytest
from django.test import Client

from pharmacies.models import AuditEvent, Membership
from prices.desk import sandbox, tills
from prices.ingest import store
from prices.ingest.receive import Refused, receive
from prices.ingest.runs import process
from prices.models import Feed, FeedRun, Offer, Rejection
from tests import factories as f
from tests.factories import AT, since
from tests.staff.desk_world import Desk, desk, shown
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
HEADER = "drug_code,price,stock\n"


@pytest.fixture
def here() -> Desk:
    made = desk()
    Membership.objects.create(user=made.editor, pharmacy=made.shop, role="manager", valid=since())
    return made


@pytest.fixture
def manager(client: Client, here: Desk) -> Client:
    return sign_in(client, here.editor)


def till(here: Desk, name: str = "一号收银台") -> tuple[Feed, str]:
    return tills.create(here.shop, name=name, mode="delta", cadence_days=7, by=here.editor, at=AT)


def push(client: Client, feed: Feed, token: str, data: str, call: str = "runs") -> Any:
    return client.post(
        f"/api/v1/feeds/{feed.slug}/{call}",
        data={"rows": [dict(zip(("drug_code", "price"), data.split(","), strict=True))]},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )


def test_a_token_is_shown_once_and_prices_come_in_with_it(manager: Client, here: Desk) -> None:
    address = f"/desk/{here.shop.code}/tokens"
    page = manager.post(address, {"name": "一号收银台", "mode": "delta", "cadence": "7"}).content.decode()
    feed = tills.tills(here.shop).get()
    token = page.partition('id="new-token" tabindex="0">')[2].partition("<")[0]
    assert token.startswith("yaobi_")
    assert token not in manager.get(address).content.decode()
    answer = push(Client(), feed, token, f"{here.drug.code},19.80")
    assert answer.status_code == 202
    process(answer.json()["run"])
    assert shown(here.drug, here.shop) == "19.80/"
    feed.refresh_from_db()
    assert feed.token_used_at is not None
    assert "还没有用过" not in manager.get(address).content.decode()


def test_a_token_speaks_for_its_own_pharmacy_only(here: Desk) -> None:
    other = f.pharmacy()
    feed, token = till(here)
    answer = Client().post(
        f"/api/v1/feeds/{feed.slug}/runs",
        data={"rows": [{"pharmacy_code": other.code, "drug_code": here.drug.code, "price": "1.00"}]},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    process(answer.json()["run"])
    assert Rejection.objects.get().reasons == ["pharmacy_out_of_scope"]
    assert not Offer.objects.filter(pharmacy_id=other.pk).exists()


def test_a_renewed_token_ends_the_old_one(here: Desk) -> None:
    feed, old = till(here)
    new = tills.rotate(here.shop, feed, by=here.editor, at=AT)
    assert push(Client(), feed, old, f"{here.drug.code},19.80").status_code == 404
    assert push(Client(), feed, new, f"{here.drug.code},19.80").status_code == 202


def test_an_ended_token_lets_nothing_in_and_can_be_put_to_use_again(here: Desk) -> None:
    feed, old = till(here)
    tills.revoke(here.shop, feed, by=here.editor, at=AT)
    assert push(Client(), feed, old, f"{here.drug.code},19.80").status_code == 404
    new = tills.rotate(here.shop, feed, by=here.editor, at=AT)
    assert push(Client(), feed, new, f"{here.drug.code},19.80").status_code == 202


def test_everything_about_tokens_is_in_the_log_but_never_the_token(here: Desk) -> None:
    feed, token = till(here)
    renewed = tills.rotate(here.shop, feed, by=here.editor, at=AT)
    tills.revoke(here.shop, feed, by=here.editor, at=AT)
    events = AuditEvent.objects.filter(subject="prices.Feed").order_by("pk")
    assert [event.action for event in events] == ["till.create", "till.rotate", "till.revoke"]
    assert {event.pharmacy for event in events} == {here.shop}
    told = " ".join(f"{event.before} {event.after} {event.reason}" for event in events)
    assert token not in told
    assert renewed not in told


def test_the_desk_feed_and_feeds_of_several_pharmacies_are_not_the_shops_to_manage(manager: Client, here: Desk) -> None:
    here.submit(here.edit("19.00"))
    both = f.feed("both", scope="pharmacies")
    both.pharmacies.set([here.shop, f.pharmacy()])
    assert list(tills.tills(here.shop)) == []
    for slug in ("both", "till", f"desk-{here.shop.code.lower()}"):
        for verb in ("rotate", "revoke", "try"):
            assert manager.post(f"/desk/{here.shop.code}/tokens/{slug}/{verb}").status_code == 404


@pytest.mark.parametrize("typed", [{"name": " "}, {"mode": "sometimes"}, {"cadence": "0"}, {"cadence": "x"}])
def test_a_form_that_makes_no_sense_says_why(manager: Client, here: Desk, typed: dict[str, str]) -> None:
    sent = {"name": "一号收银台", "mode": "delta", "cadence": "7"} | typed
    answer = manager.post(f"/desk/{here.shop.code}/tokens", sent)
    assert answer.status_code == 422
    assert not tills.tills(here.shop).exists()


def test_two_tills_of_one_name_are_refused_and_numbers_go_on(here: Desk) -> None:
    first, _ = till(here)
    with pytest.raises(tills.TillProblem, match="已有名为"):
        till(here)
    second, _ = till(here, "二号收银台")
    assert (first.slug, second.slug) == (f"till-{here.shop.code.lower()}-1", f"till-{here.shop.code.lower()}-2")


def test_a_chains_till_speaks_for_all_its_shops() -> None:
    here, chain = desk(), f.chain()
    here.shop.chain = chain
    here.shop.save()
    feed, token = tills.create(chain, name="总部", mode="delta", cadence_days=1, by=here.editor, at=AT)
    answer = Client().post(
        f"/api/v1/feeds/{feed.slug}/runs",
        data={"rows": [{"pharmacy_code": here.shop.code, "drug_code": here.drug.code, "price": "19.80"}]},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    process(answer.json()["run"])
    assert shown(here.drug, here.shop) == "19.80/"
    assert list(tills.tills(here.shop)) == []


# -- the sandbox ------------------------------------------------------------------------------------------------------


def test_trying_says_what_would_happen_and_leaves_nothing(here: Desk) -> None:
    feed, _ = till(here)
    data = f"{HEADER}{here.drug.code},19.80,in\nXX,1.00,in\n".encode()
    tried = sandbox.try_delivery(feed, data, format="csv", mode=None, at=AT)
    assert tried.state == "published"
    assert [tried.counts[name] for name in ("accepted", "changed", "refused")] == [1, 1, 1]
    assert [(line, says) for line, _raw, says, _do in tried.refused] == [(3, "药品代码不在产品库里")]
    assert not FeedRun.objects.filter(feed=feed).exists()
    assert shown(here.drug, here.shop) == "18.90/in"


def test_what_was_tried_is_not_taken_for_delivered(here: Desk) -> None:
    feed, _ = till(here)
    data = f"{HEADER}{here.drug.code},19.80,in\n".encode()
    sandbox.try_delivery(feed, data, format="csv", mode=None, at=AT)
    process(receive(feed=feed, data=data, at=AT, channel="push").pk)
    assert shown(here.drug, here.shop) == "19.80/in"


def test_no_file_of_a_trial_stays_on_the_disk_and_none_that_was_delivered_goes(here: Desk) -> None:
    feed, _ = till(here)
    tried, broken, delivered = (f"{HEADER}{here.drug.code},{price},in\n".encode() for price in ("19.10", "x", "19.80"))
    receive(feed=feed, data=delivered, at=AT, channel="push")
    for data in (tried, broken, delivered, b"a,b\n1,2\n"):
        sandbox.try_delivery(feed, data, format="csv", mode=None, at=AT)
        assert store.holds(store.digest(data)) is (data == delivered)


def test_a_key_that_is_used_for_something_else_leaves_no_file(here: Desk) -> None:
    feed, _ = till(here)
    one, other = (f"{HEADER}{here.drug.code},{price},in\n".encode() for price in ("19.10", "19.20"))
    receive(feed=feed, data=one, at=AT, channel="push", idempotency_key="k")
    with pytest.raises(Refused, match="另一份内容"):
        receive(feed=feed, data=other, at=AT, channel="push", idempotency_key="k")
    assert not store.holds(store.digest(other))


def test_a_broken_file_and_a_large_one_are_told(here: Desk) -> None:
    feed, _ = till(here)
    tried = sandbox.try_delivery(feed, b"a,b\n1,2\n", format="csv", mode=None, at=AT)
    assert tried.state == "failed"
    assert "缺少列" in tried.error
    with pytest.raises(Refused, match="最多"):
        sandbox.try_delivery(feed, b"x" * (sandbox.MAX_BYTES + 1), format="csv", mode=None, at=AT)


def test_the_api_answers_a_trial_at_once(here: Desk) -> None:
    feed, token = till(here)
    answer = push(Client(), feed, token, f"{here.drug.code},1.35", "sandbox")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["refused"]) == ("published", 1)
    assert answer.json()["rejections"][0]["reason"] == "像是一片（一粒）的价格"
    assert push(Client(), feed, "wrong", f"{here.drug.code},1.35", "sandbox").status_code == 404
    assert not FeedRun.objects.filter(feed=feed).exists()


def test_the_page_tries_pasted_rows(manager: Client, here: Desk) -> None:
    feed, _ = till(here)
    address = f"/desk/{here.shop.code}/tokens/{feed.slug}/try"
    page = manager.post(address, {"rows": f"{HEADER}{here.drug.code},19.80,in\nXX,1.00,in\n"}).content.decode()
    assert "会公示" in page
    assert "第 3 行" in page
    assert manager.post(address, {"rows": ""}).status_code == 422


def test_head_office_makes_tokens_for_all_its_shops(client: Client) -> None:
    here, chain = desk(), f.chain()
    here.shop.chain = chain
    here.shop.save()
    Membership.objects.create(user=here.editor, chain=chain, role="head_office", valid=since())
    office = sign_in(client, here.editor)
    address = f"/chain/{chain.pk}/tokens"
    page = office.post(address, {"name": "总部系统", "mode": "snapshot", "cadence": "1"}).content.decode()
    assert "yaobi_" in page
    feed = tills.tills(chain).get()
    rows = f"pharmacy_code,{HEADER}{here.shop.code},{here.drug.code},19.80,in\n"
    assert "会公示" in office.post(f"{address}/{feed.slug}/try", {"rows": rows}).content.decode()
    assert office.post(f"{address}/{feed.slug}/revoke")["Location"] == address
    assert office.post(f"/desk/{here.shop.code}/tokens/{feed.slug}/rotate").status_code == 404
    assert shown(here.drug, here.shop) == "18.90/in"
