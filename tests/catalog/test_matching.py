"""Candidates, decisions and what is remembered of them from one edition to the next."""

import io
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from catalog.insurance import classes
from catalog.matching import queue
from catalog.matching.candidates import Found, find
from catalog.matching.decisions import Refused, decide
from catalog.models import Drug, Edition, Listing, ListingMatch
from pharmacies.models import AuditEvent

from .. import factories as f
from ..factories import AT
from ..prices.live_worker import PATIENCE_S

TODAY = AT.date()


def made(name: str = "苯磺酸氨氯地平片", form: str = "片剂", **fields: Any) -> Drug:
    return f.drug(f.preparation(name, form), **fields)


def row(name: str = "氨氯地平", form: str = "口服常释剂型", **fields: Any) -> Listing:
    return f.listing(name, **{"dosage_form": form, "category_code": "XC08C", "names": [name]} | fields)


def run(edition: Edition | None = None, **fields: Any) -> Found:
    return find(edition=edition or f.edition(), at=AT, by="经办人", **fields)


def states(of: Drug) -> dict[str, str]:
    return {match.listing.generic_name: match.state for match in of.matches.select_related("listing")}


def accept(match: ListingMatch, **said: Any) -> bool:
    return decide(match=match, state="accepted", by="药师甲", at=AT, **said)


def reject(match: ListingMatch, **said: Any) -> bool:
    return decide(match=match, state="rejected", by="药师甲", at=AT, **said)


def next_year() -> Edition:
    valid = f.since(date(2027, 1, 1), date(2028, 1, 1))
    return Edition.objects.create(year=2027, document="医保发〔2026〕1号", valid=valid, state="ready")


# -- candidates -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_match_of_names_is_a_candidate_with_score_and_reason_and_counts_nowhere() -> None:
    drug, listing = made(), row()
    found = run()
    match = ListingMatch.objects.get()
    assert (match.drug, match.listing, match.state, match.reviewed_by) == (drug, listing, "candidate", "")
    assert match.score > 0.9
    assert "去掉盐基、酸根后名称相同" in match.reason
    assert (found.drugs, found.single, found.created) == (1, 1, 1)
    assert classes([drug], TODAY) == {}


@pytest.mark.django_db
def test_a_second_run_changes_nothing_and_leaves_no_audit_event() -> None:
    made(), made("别的药片"), row()
    run()
    before = list(ListingMatch.objects.values())
    again = run()
    assert (again.created, again.updated, again.removed, again.none) == (0, 0, 0, 1)
    assert list(ListingMatch.objects.values()) == before
    assert AuditEvent.objects.filter(action="match_drugs").count() == 1


@pytest.mark.django_db
def test_candidates_follow_the_product_and_the_rules() -> None:
    drug = made()
    old, new = row(), row("硝苯地平")
    run()
    drug.preparation = f.preparation("硝苯地平片", "片剂")
    drug.save()
    assert (run().created, states(drug)) == (1, {new.generic_name: "candidate"})
    ListingMatch.objects.update(score=0.1, reason="旧规则")
    assert run().updated == 1
    assert old.matches.count() == 0


@pytest.mark.django_db
def test_equal_rows_are_all_candidates_and_none_leads() -> None:
    drug = made("测试硝唑栓", "栓剂", code="XA01ABB037A001010180517")
    row("测试硝唑", "栓剂", category_code="")
    row("测试硝唑", "栓剂", category_code="")
    assert run().ambiguous == 1
    assert drug.matches.count() == 2
    waiting = queue.queue(f.edition())
    assert [each.leads for each in waiting] == [False, False]
    assert {each.rivals for each in waiting} == {2}


@pytest.mark.django_db
def test_only_the_drugs_asked_for_are_touched() -> None:
    one, other = made(), made()
    row()
    assert run(drugs=Drug.objects.filter(pk=one.pk)).drugs == 1
    assert (one.matches.count(), other.matches.count()) == (1, 0)
    ListingMatch.objects.all().delete()
    run()
    assert run(drugs=Drug.objects.filter(pk=other.pk)).removed == 0
    assert one.matches.count() == 1


@pytest.mark.django_db
def test_rows_stored_without_their_names_are_read_from_the_printed_name() -> None:
    drug = made("艾司奥美拉唑镁肠溶片", "片剂", code="XA02BCB037A001010180517")
    row("埃索美拉唑(艾司奥美拉唑)", names=[], category_code="XA02B")
    run()
    assert states(drug) == {"埃索美拉唑(艾司奥美拉唑)": "candidate"}


# -- decisions --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_accepted_row_counts_and_is_never_touched_by_a_later_run() -> None:
    drug, _listing = made(), row()
    run()
    assert accept(drug.matches.get(), note="核对说明书")
    ListingMatch.objects.update(score=0.123)
    assert classes([drug], TODAY) == {drug.pk: "甲"}
    assert (run().settled, run().changed) == (1, 0)
    match = drug.matches.get()
    assert (match.state, match.reviewed_by, match.reviewed_at, match.note) == ("accepted", "药师甲", AT, "核对说明书")
    assert match.score == 0.123


@pytest.mark.django_db
def test_a_rejected_pair_is_not_proposed_again_and_its_rivals_are() -> None:
    drug = made("测试硝唑栓", "栓剂", code="XA01ABB037A001010180517")
    first, _second = (row("测试硝唑", "栓剂", category_code="") for _n in range(2))
    run()
    reject(drug.matches.get(listing=first))
    assert run().changed == 0
    assert {match.listing_id: match.state for match in drug.matches.all()}[first.pk] == "rejected"
    assert drug.matches.filter(state="candidate").count() == 1


@pytest.mark.django_db
def test_a_decision_leaves_an_audit_event_and_repeating_it_does_not() -> None:
    drug, _listing = made(), row()
    run()
    match = drug.matches.get()
    assert accept(match, note="核对") is True
    assert accept(match, note="再核对") is False
    event = AuditEvent.objects.get(action="decide_match")
    assert event.before
    assert event.after
    assert (event.before["state"], event.after["state"], event.reason) == ("candidate", "accepted", "核对")
    assert reject(match, note="看错了") is True
    assert states(drug) == {"氨氯地平": "rejected"}
    assert AuditEvent.objects.filter(action="decide_match").count() == 2


@pytest.mark.django_db
def test_a_row_nobody_proposed_may_be_accepted() -> None:
    drug, listing = made("络活喜"), row()
    assert accept(ListingMatch(drug=drug, listing=listing), note="商品名")
    assert drug.matches.get().reason == "人工指定"


@pytest.mark.django_db
def test_two_accepted_rows_must_say_the_same() -> None:
    drug = made()
    one, same = row(), row(category_code="XC08D")
    other = row(ins_class="乙")
    limited = row(restriction="限二级及以上医疗机构。")
    assert accept(ListingMatch(drug=drug, listing=one))
    assert accept(ListingMatch(drug=drug, listing=same))
    for contrary in (other, limited):
        with pytest.raises(Refused, match="请先把那一条判为不符") as refused:
            accept(ListingMatch(drug=drug, listing=contrary))
        assert refused.value.reason == "other_accepted"
    assert drug.matches.count() == 2
    for each in drug.matches.all():
        reject(each)
    assert accept(ListingMatch(drug=drug, listing=other))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "by", "note", "reason"),
    [
        ("candidate", "药师甲", "", "decision"),
        ("accepted", " ", "", "by"),
        ("accepted", "药师甲", "长" * 301, "too_long"),
        ("accepted", "人" * 151, "", "too_long"),
    ],
)
def test_a_decision_needs_a_verdict_a_person_and_a_short_note(state: str, by: str, note: str, reason: str) -> None:
    drug, listing = made(), row()
    with pytest.raises(Refused) as refused:
        decide(match=ListingMatch(drug=drug, listing=listing), state=state, by=by, at=AT, note=note)
    assert refused.value.reason == reason
    assert ListingMatch.objects.count() == 0


# -- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_decision_is_carried_to_the_equal_row_of_the_next_edition_with_its_reviewer() -> None:
    drug, _listing = made(), row(section="谈判西药", kind="谈判", ins_class="乙")
    run()
    accept(drug.matches.get(), note="核对说明书")
    moved = row(edition=next_year(), section="西药")
    found = run(moved.edition)
    match = moved.matches.get()
    assert (match.state, match.reviewed_by, match.reviewed_at) == ("accepted", "药师甲", AT)
    assert match.note == "沿用2026年版的审核：核对说明书"
    assert (found.carried, found.settled, run(moved.edition).changed) == (1, 1, 0)


@pytest.mark.django_db
def test_a_rejection_is_remembered_too_and_a_changed_name_or_form_is_not_carried() -> None:
    drug, listing = made(), row()
    run()
    reject(drug.matches.get())
    edition = next_year()
    same, renamed = row(edition=edition), row("氨氯地平Ⅱ", edition=edition)
    accept(ListingMatch(drug=drug, listing=row("氨氯地平", "缓释控释剂型")))
    find(edition=edition, at=AT + timedelta(days=1), by="经办人")
    assert {match.listing_id: match.state for match in drug.matches.filter(listing__edition=edition)} == {
        same.pk: "rejected"
    }
    assert renamed.matches.count() == 0
    assert listing.matches.get().note == ""


@pytest.mark.django_db
def test_what_was_said_about_the_new_edition_itself_is_not_overwritten_by_memory() -> None:
    drug, _listing = made(), row()
    run()
    accept(drug.matches.get())
    new = row(edition=next_year())
    decide(match=ListingMatch(drug=drug, listing=new), state="rejected", by="药师乙", at=AT)
    run(new.edition)
    assert (new.matches.get().state, new.matches.get().reviewed_by) == ("rejected", "药师乙")


@pytest.mark.django_db
def test_two_accepted_rows_that_no_longer_say_the_same_are_for_a_person_again() -> None:
    drug = made()
    accept(ListingMatch(drug=drug, listing=row()))
    accept(ListingMatch(drug=drug, listing=row("氨氯地平片", "")))
    edition = next_year()
    row(edition=edition)
    row("氨氯地平片", "", edition=edition, ins_class="乙")
    assert run(edition).carried == 0
    assert not drug.matches.filter(listing__edition=edition, state="accepted").exists()


@pytest.mark.django_db
def test_equal_rows_of_the_new_edition_are_told_apart_by_their_category_or_not_at_all() -> None:
    drug = made()
    accept(ListingMatch(drug=drug, listing=row(category_code="XC08C")))
    edition = next_year()
    target = row(edition=edition, category_code="XC08C")
    row(edition=edition, category_code="XC09X")
    run(edition)
    assert target.matches.get().state == "accepted"
    twice = Edition.objects.create(
        year=2028, document="下一年", valid=f.since(date(2028, 1, 1), date(2029, 1, 1)), state="ready"
    )
    row(edition=twice, category_code="XC08C")
    row(edition=twice, category_code="XC08C")
    assert run(twice).carried == 0
    assert set(drug.matches.filter(listing__edition=twice).values_list("state", flat=True)) == {"candidate"}


# -- the queue --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_queue_is_ordered_by_offers_then_by_how_many_rows_fit_then_by_score() -> None:
    row()
    row("测试硝唑", "栓剂", category_code="")
    row("测试硝唑", "栓剂", category_code="")
    sure, sold = made("氨氯地平片"), made()
    torn = made("盐酸测试硝唑栓", "栓剂", code="XA01ABB037A001010180517")
    settled = made()
    run()
    accept(settled.matches.get())
    waiting = queue.queue(f.edition(), offers={sold.pk: 9})
    assert [each.match.drug for each in waiting] == [sold, torn, torn, sure]
    assert [each.offers for each in waiting] == [9, 0, 0, 0]
    assert [each.leads for each in waiting] == [True, False, False, True]
    assert [each.match.drug for each in queue.queue(f.edition(), limit=2)] == [torn, torn, sure]


@pytest.mark.django_db
def test_the_review_table_keeps_formulas_as_texts_and_leaves_the_decision_empty() -> None:
    made(manufacturer="=cmd()", code="XC08CAB037A001010180517"), row()
    run()
    target = io.StringIO()
    assert queue.write_csv(queue.queue(f.edition()), f.edition(), target) == 1
    header, line = target.getvalue().splitlines()
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert (cells["manufacturer"], cells["decision"], cells["leads"]) == ("'=cmd()", "", "是")
    assert (cells["edition"], cells["drug_code"], cells["class"]) == ("2026", "XC08CAB037A001010180517", "甲")


# -- at once ----------------------------------------------------------------------------------------------------------


def at_once(*works: Any) -> list[BaseException]:
    """Run them in threads that start together; what they raised."""
    start, problems = Barrier(len(works)), []

    def guarded(work: Any) -> None:
        try:
            start.wait(timeout=PATIENCE_S)
            work()
        except BaseException as problem:  # noqa: BLE001  # told to the test that waits
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_S)
    return problems


def test_two_runs_at_once_write_each_candidate_once(committed: None) -> None:
    row()
    for _n in range(30):
        made()
    edition = f.edition()
    assert at_once(lambda: run(edition), lambda: run(edition)) == []
    assert ListingMatch.objects.count() == 30
    assert AuditEvent.objects.filter(action="match_drugs").count() == 1


def test_two_people_cannot_accept_contrary_rows_at_once(committed: None) -> None:
    drug, one, other = made(), row(), row(ins_class="乙")
    problems = at_once(
        lambda: accept(ListingMatch(drug=drug, listing=one)), lambda: accept(ListingMatch(drug=drug, listing=other))
    )
    assert [type(problem) for problem in problems] == [Refused]
    assert ListingMatch.objects.filter(state="accepted").count() == 1
