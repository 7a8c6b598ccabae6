"""A character that no database takes is no reason for a page of the chain or the tills to fail."""

import pytest
from django.test import Client

from pharmacies.models import Membership, User
from prices.desk import tills
from tests import factories as f
from tests.factories import since
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db


def test_nul_is_left_out_of_what_is_asked_and_written(client: Client) -> None:
    chain, boss = f.chain(), User.objects.create_user("boss")
    f.pharmacy(chain=chain)
    Membership.objects.create(user=boss, chain=chain, role="head_office", valid=since())
    page = f"/chain/{chain.pk}"
    sign_in(client, boss)
    for address, status in {
        f"{page}/prices/%00": 404,
        f"{page}/prices?q=%00": 200,
        f"{page}/prices?region=%00": 200,
        f"{page}/shops?q=%00": 200,
    }.items():
        assert client.get(address).status_code == status, address
    assert client.post(f"{page}/prices/%00", {"price": "1"}).status_code == 404
    assert client.post(f"{page}/prices/%00/withdraw").status_code == 404
    typed = {"name": "一号\x00收银\u202e台", "mode": "delta", "cadence": "7"}
    assert client.post(f"{page}/tokens", typed).status_code == 200
    assert tills.tills(chain).get().name == "一号收银台"
