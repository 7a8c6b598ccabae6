"""The first person of a place has nobody to be invited by, and who is locked out for good has nobody to ask."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import access
from pharmacies.access import Place, Role
from pharmacies.accounts import invitations, people
from pharmacies.importers.command import operator
from pharmacies.models import Chain, Invitation, Pharmacy, Region, User


class Command(BaseCommand):
    help = _("开一张邀请单：请人加入一个地区、连锁或药店，或让人重设密码和手机；7 天内有效，只能用一次")

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--pharmacy", metavar="CODE", help=_("药店的机构代码"))
        where.add_argument("--chain", metavar="NAME", help=_("连锁企业的名称"))
        where.add_argument("--area", metavar="ADCODE", help=_("地区代码"))
        where.add_argument("--reset", metavar="USERNAME", help=_("给这个账号开重置单"))
        parser.add_argument("--role", choices=Role.values, help=_("角色"))
        parser.add_argument("--name", default="", help=_("被邀请人的姓名"))
        parser.add_argument("--url", default="", help=_("网站地址，如 https://yaobi.example：打印完整的链接"))
        parser.add_argument("--by", metavar="NAME", default=operator(), help=_("操作人（默认为登录名）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        invitation = _reset(options) if options["reset"] else _invitation(options)
        token = invitations.token(invitation)
        link = f"{options['url'].rstrip('/')}/staff/invitation/{token}"
        if options["json"]:
            self.stdout.write(
                json.dumps({"token": token, "link": link, "expires_at": invitation.expires_at.isoformat()})
            )
        else:
            self.stdout.write(_("链接（只能用一次）：%(link)s") % {"link": link})


def _reset(options: dict[str, Any]) -> Invitation:
    user = User.objects.filter(username=people.stored_name(options["reset"])).first()
    if user is None:
        raise CommandError(_("没有这个账号：%(name)s") % {"name": options["reset"]})
    return invitations.invite_back(user=user, by=options["by"], at=timezone.now())


def _invitation(options: dict[str, Any]) -> Invitation:
    if not options["role"] or not options["name"]:
        raise CommandError(_("请写明 --role 和 --name"))
    place, role, at = _place(options), Role(options["role"]), timezone.now()
    if role not in access.FITS[type(place)]:
        raise CommandError(_("这里没有“%(role)s”这个角色") % {"role": role.label})
    try:
        return invitations.invite(place=place, role=role, name=options["name"], by=options["by"], at=at)
    except ValidationError as error:
        raise CommandError("; ".join(error.messages)) from error


def _place(options: dict[str, Any]) -> Place:
    found: Place | None
    if options["pharmacy"]:
        found = Pharmacy.objects.filter(code=options["pharmacy"]).first()
    elif options["chain"]:
        found = Chain.objects.filter(name=options["chain"]).first()
    else:
        found = Region.objects.valid(access.day(timezone.now())).filter(code=options["area"]).first()
    if found is None:
        named = options["pharmacy"] or options["chain"] or options["area"]
        raise CommandError(_("没有找到：%(name)s") % {"name": named})
    return found
