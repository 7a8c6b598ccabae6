"""The forms of the way in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from pharmacies.accounts import passwords
from pharmacies.models import User

CURRENT, NEW = "current-password", "new-password"


def password_field(label: Any, complete: str, *, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": complete, "spellcheck": "false"})
    return forms.CharField(label=label, max_length=200, strip=False, widget=widget, help_text=help_text)


class StaffForm(forms.Form):
    """Labels stand above fields, without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class LogInForm(StaffForm):
    username = forms.CharField(
        label=gettext_lazy("用户名"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    password = password_field(gettext_lazy("密码"), CURRENT)


class CodeForm(StaffForm):
    code = forms.CharField(
        label=gettext_lazy("6 位动态码"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-input", "autofocus": True}
        ),
    )


class AnotherPhoneForm(CodeForm):
    """Who changes the phone gives the password once more."""

    current = password_field(gettext_lazy("现在的密码"), CURRENT)
    field_order = ("current", "code")


class RecoveryForm(StaffForm):
    code = forms.CharField(
        label=gettext_lazy("恢复码"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "code-input"}
        ),
    )


class NewPasswordForm(StaffForm):
    """A new password, twice."""

    password = password_field(gettext_lazy("新密码"), NEW, help_text=gettext_lazy("至少 10 个字符，不能只有数字。"))
    again = password_field(gettext_lazy("再输一次"), NEW)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        passwords.check(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "password" in data and data["password"] != data.get("again"):
            self.add_error("again", ValidationError(gettext("两次输入的密码不一样。")))
        return data


class ChangePasswordForm(NewPasswordForm):
    current = password_field(gettext_lazy("现在的密码"), CURRENT)
    field_order = ("current", "password", "again")


class NewAccountForm(NewPasswordForm):
    username = forms.CharField(
        label=gettext_lazy("用户名"),
        max_length=30,
        min_length=2,
        help_text=gettext_lazy("以后用它登录。汉字、字母、数字都可以，也可以用手机号。"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=gettext_lazy("姓名"),
        max_length=60,
        help_text=gettext_lazy("真实姓名，会写进操作日志。"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("username", "name", "password", "again")

    def clean_password(self) -> str:
        """Judged with the name that stands beside it."""
        self.user.username = self.data.get("username", "")
        self.user.first_name = self.data.get("name", "")
        return super().clean_password()
