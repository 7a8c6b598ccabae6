"""A draft of a rule, the days to try it on, and the decision: forms made from what a detector says of its parameters."""

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prices.monitoring import detectors
from prices.monitoring.parameters import Absurd, Bounded
from prices.monitoring.rules import LONGEST_REASON
from prices.views.staff.forms import StaffForm

PREFIX = "p_"
DAY_INPUT = {"type": "date"}


class DraftForm(StaffForm):
    """One field for each parameter; `draft` is what they make, after `is_valid`."""

    draft: Bounded

    def __init__(self, *args: Any, detector: str, hidden: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parameters: type[Bounded] = detectors.MODULES[detector].Parameters
        for each in fields(self.parameters):
            self.fields[PREFIX + each.name] = _field(each.metadata)
        options = ((True, _("启用")), (False, _("停用")))
        self.fields["active"] = forms.TypedChoiceField(
            label=_("状态"), choices=options, coerce=lambda text: text == "True"
        )
        if hidden:
            for field in self.fields.values():
                field.widget = forms.HiddenInput()

    @classmethod
    def of(cls, detector: str, parameters: Bounded, active: bool, **kwargs: Any) -> "DraftForm":
        """Filled in with what there is."""
        initial: dict[str, Any] = {PREFIX + key: value for key, value in parameters.stated().items()}
        return cls(detector=detector, initial=initial | {"active": active}, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            stated = {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}
            try:
                self.draft = self.parameters.read(stated)
            except Absurd as absurd:
                for problem in absurd.problems:
                    self.add_error(None, problem)
        return data


def _field(about: Any) -> forms.Field:
    label, unit = about["label"], about["unit"]
    if about["type"] is str:
        return forms.ChoiceField(label=label, choices=list(about["options"].items()))
    whole = about["type"] is int
    attributes = {"step": "1" if whole else "any", "inputmode": "numeric" if whole else "decimal"}
    field: type[forms.Field] = forms.IntegerField if whole else forms.FloatField
    return field(
        label=label,
        help_text=_("%(low)s 到 %(high)s %(unit)s")
        % {"low": f"{about['low']:g}", "high": f"{about['high']:g}", "unit": unit},
        widget=forms.NumberInput(attrs=attributes),
    )


class DaysForm(StaffForm):
    """Which past days a back-test looks at."""

    first = forms.DateField(label=_("从"), widget=forms.DateInput(attrs=DAY_INPUT, format="%Y-%m-%d"))
    last = forms.DateField(label=_("到"), widget=forms.DateInput(attrs=DAY_INPUT, format="%Y-%m-%d"))

    @classmethod
    def proposed(cls, today: date, known: date | None) -> "DaysForm":
        """The 90 days up to yesterday, as far as they were worked out."""
        last = today - timedelta(days=1)
        first = max(last - timedelta(days=89), min(known or last, last))
        return cls(initial={"first": first, "last": last})


class DecisionForm(StaffForm):
    """From when on, why, by which document."""

    on = forms.DateField(label=_("从哪天起"), widget=forms.DateInput(attrs=DAY_INPUT, format="%Y-%m-%d"))
    reason = forms.CharField(
        label=_("理由"), max_length=LONGEST_REASON, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    document = forms.CharField(
        label=_("文件（可不填）"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
