"""At the same moment: what two, or thirty, do at once."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from pharmacies.access import Role
from pharmacies.accounts import invitations, locks
from pharmacies.accounts.invitations import Unusable
from pharmacies.models import User
from tests import factories as f
from tests.factories import AT


def test_of_thirty_attempts_at_once_three_are_looked_at(committed: None) -> None:
    def one(_: int) -> float:
        try:
            return locks.attempt(account="li", address="10.0.0.1", at=AT).total_seconds()
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        waits = list(pool.map(one, range(30)))
    assert waits.count(0) == 3


def test_of_two_who_use_a_slip_at_once_one_gets_in(committed: None) -> None:
    invited = invitations.invite(place=f.pharmacy(), role=Role.EDITOR, name="王", by="店长", at=AT)
    users = [User.objects.create_user(f"p{n}") for n in range(4)]

    def one(user: User) -> bool:
        try:
            return bool(invitations.accept(invitation=invited, user=user, at=AT))
        except Unusable:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, users)) == [False, False, False, True]
