"""People of the demo: log-ins for each role, drawn once for each installation and told by `bin/serve`.

They come in by the verbs everybody comes in by: invited, joined. Without a second factor where `SECOND_FACTOR` is off.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Count

from pharmacies.access import Place, Role
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Pharmacy, Region, User
from prices.models import Feed

BY = "demo"
COUNTY = "420106"
HERE_FOR = timedelta(days=20)
"""So long the people have been at work when the demo is loaded."""


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    role: Role
    place: Place
    address: str

    def line(self, password: str) -> str:
        return f"{self.role.label}  {self.username}  {password}   {self.address}  {self.place}"


def open_accounts(*, at: datetime, notes: Path) -> None:
    """Give each person an account, or a new password where the notes are gone; write both into `notes` (0600).

    A newer version of the demo may have more people: then all are written anew.
    """
    everybody = people()
    names = {person.username for person in everybody}
    if notes.exists() and User.objects.filter(username__in=names).count() == len(names):
        return
    with transaction.atomic():
        lines = [person.line(_open(person, at=at)) for person in everybody]
    draft = notes.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    draft.replace(notes)


def people() -> list[Person]:
    """Two at a shop of its own, one at the largest chain, two officials of the county and one of the province."""
    county = Region.objects.get(code=COUNTY)
    alone = Pharmacy.objects.filter(chain=None, kind=Pharmacy.Kind.PHARMACY, division=county, today__ranked=True)
    shop = alone.filter(feeds__in=Feed.objects.filter(scope=Feed.Scope.PHARMACIES)).order_by("code").first()
    shop = shop or alone.order_by("code").first()
    chain = Chain.objects.annotate(shops=Count("pharmacies")).order_by("-shops", "pk").first()
    province = Region.objects.get(code=county.code[:2] + "0000")
    if shop is None or chain is None:
        raise ValueError("the demo province has no shop of its own or no chain")
    desk = f"/desk/{shop.code}"
    return [
        Person("luru", "演示录入员", Role.EDITOR, shop, desk),
        Person("dianzhang", "演示店长", Role.MANAGER, shop, desk),
        Person("zongbu", "演示总部管理员", Role.HEAD_OFFICE, chain, f"/chain/{chain.pk}"),
        Person("jingban", "演示经办人", Role.OFFICER, county, f"/console/{county.code}"),
        Person("shenhe", "演示审核人", Role.REVIEWER, county, f"/console/{county.code}"),
        Person("fabu", "演示发布人", Role.PUBLISHER, province, f"/console/{province.code}"),
    ]


def _open(person: Person, *, at: datetime) -> str:
    password = "-".join(secrets.token_hex(2) for _part in range(3))
    known = User.objects.filter(username=person.username).first()
    if known is not None:
        invitations.come_back(invitation=invitations.invite_back(user=known, by=BY, at=at), password=password, at=at)
        return password
    joined = at - HERE_FOR
    invitation = invitations.invite(place=person.place, role=person.role, name=person.name, by=BY, at=joined)
    invitations.accept_new(
        invitation=invitation, username=person.username, name=person.name, password=password, at=joined
    )
    return password
