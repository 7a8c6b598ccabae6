"""Words of a case's pages: a product on one line, money from 分."""

from django import template

from catalog.models import Drug
from prices.money import yuan
from prices.views import words

register = template.Library()


@register.filter
def drug_words(drug: Drug) -> str:
    """`苯磺酸氨氯地平片 5mg×14片 · 辉瑞制药有限公司`."""
    kind = drug.preparation
    return f"{kind.generic_name} {kind.strength}×{drug.pack_count}{drug.unit} · {drug.manufacturer}"


@register.filter
def fen_words(fen: int) -> str:
    """`18.90 元`."""
    return words.money(yuan(fen))
