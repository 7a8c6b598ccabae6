import pytest

from pharmacies import audit
from pharmacies.models import AuditEvent, User

from ..factories import AT


def test_an_event_without_a_transaction_is_a_mistake_of_the_caller(committed: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(at=AT, by="李", action="look", subject="x", subject_id=1)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_an_event_names_the_person_even_after_a_change_of_name() -> None:
    user = User.objects.create_user("li")
    audit.record(at=AT, by=user, action="look", subject="x", subject_id=1)
    User.objects.update(username="wang")
    assert (AuditEvent.objects.get().actor, AuditEvent.objects.get().actor_name) == (user, "li")
