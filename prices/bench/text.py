"""Finding a drug among 170,000: how long, and whether what was meant stands first.

Times are those of the statements, from sending to the last row, on the search connection: what PostgreSQL takes and
the socket. The alternative is what is usually written: three `icontains` over the names, ordered by name.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q

from catalog import search
from catalog.models import Drug
from prices.bench import Measured, Report, catalogue, measured
from prices.bench.clock import timed
from prices.bench.queries import Query, queries

PRODUCTS = 170_000
PAGE, SUGGESTIONS = 20, 8
NAIVE_EVERY = 8
"""The alternative reads the whole catalogue for each question: every eighth is enough to know it by."""

Ask = Callable[[str], Sequence[Any]]


def run(options: dict[str, Any], say: Callable[[str], Any]) -> Report:
    """On its catalogue; the report names each query of which the first hit is not the expected one."""
    catalogue.ready(PRODUCTS, say)
    say("measuring …")
    rows, missed = measure()
    return Report(rows, [*table(rows), *missed], {"missed": missed})


def table(rows: list[Measured]) -> list[str]:
    lines = [f"{'case':<26}{'system':<11}{'runs':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}  right"]
    for row in rows:
        right = f"  {row.right} of {row.asked}" if row.asked else ""
        times = "".join(f"{value:9.1f}" for value in (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms))
        lines.append(f"{row.case:<26}{row.system:<11}{row.runs:6}{times}{right}")
    return lines


def measure() -> tuple[list[Measured], list[str]]:
    """The rows of the report, and one sentence for each query of which the first hit is not the expected one."""
    asked = queries()
    typed = list(dict.fromkeys(beginning for query in asked for beginning in beginnings(query.text)))
    systems: list[tuple[str, str, Ask, list[str]]] = [
        ("suggestions while typing", "yaobi", lambda q: search.suggest(q, limit=SUGGESTIONS), typed),
        ("suggestions while typing", "icontains", lambda q: by_icontains(q, SUGGESTIONS), typed[::NAIVE_EVERY]),
        ("search, products", "yaobi", lambda q: search.drugs(q, limit=PAGE), texts(asked)),
        ("search, products", "icontains", lambda q: by_icontains(q, PAGE), texts(asked[::NAIVE_EVERY])),
        ("search, preparations", "yaobi", lambda q: search.preparations(q, limit=PAGE), texts(asked)),
    ]
    for _case, _system, ask, _texts in systems:
        ask("阿莫西林")  # plans, caches, imports
    rows = []
    for case, system, ask, words in systems:
        judged = (asked[::NAIVE_EVERY] if system == "icontains" else asked) if case == "search, products" else []
        right = sum(not missed(query, ask) for query in judged) if judged else None
        rows.append(measured(case, system, [took(ask, text) for text in words], right=right, asked=len(judged) or None))
    return rows, [sentence for query in asked if (sentence := missed(query, systems[2][2]))]


def texts(asked: list[Query]) -> list[str]:
    return [query.text for query in asked]


def beginnings(text: str) -> list[str]:
    """What the field holds while somebody types."""
    return [text[:length] for length in range(1, len(text) + 1)]


def missed(query: Query, ask: Ask) -> str:
    """What stands first instead of the expected, "" when it is that."""
    found = ask(query.text)
    if query.answered_by(found[0] if found else None):
        return ""
    wanted = " ".join(part for part in (query.generic_name, query.strength, query.manufacturer) if part)
    first = f"{found[0].preparation} ({found[0].manufacturer})" if found else "nothing"
    return f"{query.kind}: {query.text} -> {first}, not {wanted}"


def by_icontains(q: str, limit: int) -> list[Drug]:
    """The naive search: any of three names holds every word."""
    rows = Drug.objects.using(settings.SEARCH_DATABASE).select_related("preparation")
    for word in q.split():
        rows = rows.filter(
            Q(preparation__generic_name__icontains=word)
            | Q(trade_name__icontains=word)
            | Q(manufacturer__icontains=word)
        )
    return list(rows.order_by("preparation__generic_name", "code")[:limit]) if q.split() else []


def took(ask: Ask, text: str) -> float:
    """Milliseconds that the statements of one question take."""
    return timed(lambda: ask(text)).statements_ms
