"""The sealed log: what was changed, removed, added or cut off by whoever owns the database is found and named."""

import hashlib
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import DatabaseError, connection, connections, transaction

from pharmacies import audit
from pharmacies.audit import heads, seals
from pharmacies.models import AuditEvent, AuditSeal, AuditUnsealed
from prices.tasks import seal_audit

from ..factories import AT
from .audit_world import DAY, as_owner, checked, found, sealed_days, write

pytestmark = pytest.mark.usefixtures("committed")


# -- sealing ----------------------------------------------------------------------------------------------------------


def test_an_untouched_log_has_no_problem() -> None:
    sealed_days(3, 1, 2)
    report = checked()
    assert (report.seals, report.events, report.waiting, report.problems) == (3, 6, 0, [])


def test_a_seal_leans_on_the_seal_before_it_and_holds_its_events_in_order() -> None:
    first, second = sealed_days(2, 3)
    one, two = AuditSeal.objects.order_by("number")
    assert (one.number, one.events, one.previous) == (1, first, "")
    assert (two.number, two.events, two.previous) == (2, second, one.digest)
    assert one.digest != two.digest
    assert not AuditUnsealed.objects.exists()


def test_nothing_new_makes_no_seal() -> None:
    sealed_days(1)
    assert seals.seal(at=AT) == 0
    assert AuditSeal.objects.count() == 1


def test_many_events_are_sealed_in_batches() -> None:
    write(7)
    assert seals.seal(at=AT, batch=3) == 7
    assert [len(seal.events) for seal in AuditSeal.objects.order_by("number")] == [3, 3, 1]
    assert checked(0).problems == []


def test_an_event_whose_transaction_is_open_is_sealed_when_it_has_ended() -> None:
    with transaction.atomic("owner"):
        with connections["owner"].cursor() as cursor:  # another editor, not done yet, with the lower number
            cursor.execute(
                "INSERT INTO pharmacies_auditevent (at, actor_name, action, subject, subject_id, reason) "
                "VALUES (now(), '王', 'slow', 'x', '1', '') RETURNING id"
            )
            slow = cursor.fetchone()[0]
            cursor.execute("INSERT INTO pharmacies_auditunsealed VALUES (%s)", [slow])
        (quick,) = write()
        assert slow < quick
        assert seals.seal(at=AT) == 1
    assert seals.seal(at=AT) == 1
    assert [seal.events for seal in AuditSeal.objects.order_by("number")] == [[quick], [slow]]
    heads.export()
    assert checked().problems == []


def test_an_event_that_was_rolled_back_leaves_no_gap() -> None:
    with transaction.atomic():
        audit.record(at=AT, by="李", action="look", subject="x", subject_id=1)
        transaction.set_rollback(True)
    sealed_days(1)
    assert checked().problems == []


def test_two_sealers_at_once_make_one_chain() -> None:
    write(60)

    def work() -> None:
        seals.seal(at=AT, batch=5)
        connections.close_all()

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(event for seal in AuditSeal.objects.all() for event in seal.events) == sorted(
        AuditEvent.objects.values_list("pk", flat=True)
    )
    heads.export()
    assert checked().problems == []


def test_another_digest_may_be_chosen_and_the_old_seals_still_hold(settings: Any) -> None:
    sealed_days(1)
    settings.AUDIT_DIGEST = "sm3" if "sm3" in hashlib.algorithms_available else "sha512"
    write()
    seals.seal(at=AT + DAY)
    heads.export()
    assert checked().problems == []
    assert AuditSeal.objects.get(number=2).algorithm == settings.AUDIT_DIGEST


def test_every_column_of_an_event_is_sealed() -> None:
    assert {field.column for field in AuditEvent._meta.concrete_fields} == set(seals.COLUMNS)


def test_the_task_seals_and_exports(settings: Any) -> None:
    write(2)
    assert seal_audit() == 2
    assert [head.number for head in heads.heads(settings.AUDIT_HEADS)] == [1]


# -- what is found ----------------------------------------------------------------------------------------------------

EDITS = {
    "at": "at + interval '1 second'",
    "actor_name": "'王'",
    "action": "'price.look'",
    "subject": "'y'",
    "subject_id": "'2'",
    "before": "'{}'",
    "after": """'{"price": "1.11"}'""",
    "reason": "'x'",
    "pharmacy_id": "1",
    "chain_id": "1",
    "area_id": "1",
}


@pytest.mark.parametrize("column", EDITS)
def test_a_changed_event_is_named(column: str) -> None:
    first, _ = sealed_days(3, 1)
    as_owner(f"UPDATE pharmacies_auditevent SET {column} = {EDITS[column]} WHERE id = {first[1]}")
    assert found() == [("edited", 1, first[1])]


def test_a_removed_event_is_named() -> None:
    first, _ = sealed_days(3, 1)
    as_owner(f"DELETE FROM pharmacies_auditevent WHERE id = {first[2]}")
    assert found() == [("gone", 1, first[2])]


def test_an_event_changed_together_with_its_digest_breaks_the_seal() -> None:
    (first,) = sealed_days(2)
    as_owner(f"UPDATE pharmacies_auditevent SET reason = 'x' WHERE id = {first[0]}")
    forged = seals.digests_of(first[:1], algorithm="sha256")[first[0]]
    as_owner(f"UPDATE pharmacies_auditseal SET digests[1] = '{forged}'")
    assert found() == [("seal", 1, None)]


def test_a_chain_that_was_written_anew_does_not_fit_the_heads_outside() -> None:
    first, *_rest = sealed_days(1, 1, 1)
    as_owner(f"UPDATE pharmacies_auditevent SET reason = 'x' WHERE id = {first[0]}")
    previous = ""
    for seal in AuditSeal.objects.order_by("number"):
        seal.previous, seal.digests = previous, [seals.digests_of(seal.events, algorithm="sha256")[seal.events[0]]]
        previous = seals.digest_of_seal(seal)
        as_owner(
            f"UPDATE pharmacies_auditseal SET previous = '{seal.previous}', digests = ARRAY['{seal.digests[0]}'], "
            f"digest = '{previous}' WHERE number = {seal.number}"
        )
    assert found() == [("head", 1, None), ("head", 2, None), ("head", 3, None)]


def test_a_missing_seal_is_named_with_the_events_it_freed() -> None:
    _, second, _ = sealed_days(1, 2, 1)
    as_owner("DELETE FROM pharmacies_auditseal WHERE number = 2")
    assert found() == [("forged", None, second[0]), ("forged", None, second[1]), ("gap", 2, None), ("head", 2, None)]


def test_a_cut_tail_is_found_against_the_heads_outside() -> None:
    _, second, third = sealed_days(1, 1, 1)
    as_owner(
        "DELETE FROM pharmacies_auditseal WHERE number > 1",
        f"DELETE FROM pharmacies_auditevent WHERE id IN ({second[0]}, {third[0]})",
    )
    assert found() == [("tail", 2, None), ("tail", 3, None)]


def test_a_cut_tail_that_grew_again_is_found_and_the_evidence_is_not_overwritten(settings: Any) -> None:
    sealed_days(1, 1)
    kept = [file.read_text() for file in sorted(settings.AUDIT_HEADS.glob("*.json"))]
    as_owner("DELETE FROM pharmacies_auditseal WHERE number = 2", "DELETE FROM pharmacies_auditevent WHERE id > 1")
    write(2)
    seals.seal(at=AT + DAY, batch=1)
    with pytest.raises(heads.BrokenLog, match="2026-11-22"):
        heads.export()
    assert [file.read_text() for file in sorted(settings.AUDIT_HEADS.glob("*.json"))] == kept
    assert found() == [("head", 2, None)]


def test_an_event_written_past_the_verb_is_named() -> None:
    sealed_days(1)
    as_owner(
        "INSERT INTO pharmacies_auditevent (at, actor_name, action, subject, subject_id, reason) "
        "VALUES (now(), '王', 'forged', 'x', '1', '')"
    )
    assert found() == [("forged", None, AuditEvent.objects.get(action="forged").pk)]


def test_an_event_that_is_sealed_twice_is_named() -> None:
    (first,) = sealed_days(1)
    AuditUnsealed.objects.create(event_id=first[0])
    seals.seal(at=AT)
    heads.export()
    assert found() == [("twice", 2, first[0])]


def test_a_missing_head_is_named() -> None:
    sealed_days(1, 1)
    (configured.AUDIT_HEADS / "2026-11-21.json").unlink()
    assert [(problem.kind, "2026-11-21" in problem.text) for problem in checked().problems] == [("head", True)]


@pytest.mark.parametrize("said", ["", "{", "[]", '{"day": "2026-11-21"}', '{"day":"2026-11-20","number":1}'])
def test_a_head_that_cannot_be_read_is_named(said: str) -> None:
    sealed_days(1)
    file = configured.AUDIT_HEADS / "2026-11-21.json"
    file.unlink()
    file.write_text(said, encoding="utf-8")
    assert [(problem.kind, "2026-11-21.json" in problem.text) for problem in checked().problems] == [("head", True)]
    with pytest.raises(heads.UnreadableHead):
        heads.export()


def test_a_guard_that_is_off_is_named() -> None:
    sealed_days(1)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE pharmacies_auditseal DISABLE TRIGGER audit_is_append_only")
    try:
        (problem,) = checked().problems
        assert problem.kind == "guard"
        assert "pharmacies_auditseal" in problem.text
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE pharmacies_auditseal ENABLE TRIGGER audit_is_append_only")


def test_a_grant_that_lets_the_app_change_the_log_is_named() -> None:
    app = connection.settings_dict["USER"]
    sealed_days(1)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'GRANT UPDATE ON pharmacies_auditevent TO "{app}"')
    try:
        assert [problem.kind for problem in checked().problems] == ["guard"]
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f'REVOKE UPDATE ON pharmacies_auditevent FROM "{app}"')
    assert checked().problems == []


# -- append-only ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["default", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pharmacies_auditseal SET digest = 'x'",
        "DELETE FROM pharmacies_auditseal",
        "TRUNCATE pharmacies_auditseal",
        "UPDATE pharmacies_auditevent SET reason = 'x'",
        "DELETE FROM pharmacies_auditevent",
        "TRUNCATE pharmacies_auditevent CASCADE",
    ],
)
def test_neither_the_app_nor_the_owner_can_change_the_log(role: str, statement: str) -> None:
    sealed_days(1)
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), connections[role].cursor() as cursor:
        cursor.execute(statement)
    assert checked().problems == []


def test_only_the_guard_stands_between_the_owner_and_the_log() -> None:
    sealed_days(1)
    with pytest.raises(DatabaseError, match="append-only"), connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM pharmacies_auditseal")
