"""What became of a run, told to whoever sent it: counts, a sentence, the refused rows in their own columns."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from prices.ingest import reasons
from prices.models import FeedRun

State = FeedRun.State
COUNTS = ("rows", "accepted", "changed", "unchanged", "withdrawn", "refused")
REMARKS = ("line", "reason", "advice")


def counts(run: FeedRun) -> dict[str, Any]:
    """The run as its sender sees it."""
    numbers = {name: getattr(run, name) for name in COUNTS}
    return {"run": run.pk, "state": run.state, **numbers, "seconds": round(run.seconds, 2)}


def exit_status(run: FeedRun) -> int:
    """0 done, 1 failed, refused or superseded, 3 held for a person."""
    return {State.PUBLISHED: 0, State.HELD: 3}.get(State(run.state), 1)


def rejections_csv(run: FeedRun, *, cell: Callable[[object], object] = lambda value: value) -> Iterator[str]:
    """The refused rows, line by line of a CSV: the sender's own columns, then line, reason, advice. `cell` is what a
    spreadsheet is given of each: a program gets its own cells back letter for letter."""
    columns = [name for name in run.columns if name not in REMARKS]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*map(cell, columns), *REMARKS])
    for row in run.rejections.order_by("line").iterator():
        own = [cell(row.raw.get(name, "")) for name in columns]
        writer.writerow([*own, row.line, reasons.says(row.reasons), reasons.advice(row.reasons)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def tell(command: BaseCommand, run: FeedRun, *, as_json: bool, errors: Path | None, beside: Path | None) -> None:
    """Print what became of the run; its refused rows go to a file. What needs doing goes to stderr, in one line."""
    if as_json:
        command.stdout.write(json.dumps(counts(run)))
    else:
        command.stdout.write(
            _(
                "批次 %(run)d %(state)s：%(rows)d 行，接受 %(accepted)d（变动 %(changed)d，未变 %(unchanged)d），下架 %(withdrawn)d，退回 %(refused)d"
            )
            % {**counts(run), "state": run.get_state_display()}
        )
        for note in run.notes:
            command.stdout.write(note)
    if run.refused:
        command.stderr.write(
            _("退回的 %(n)d 行写在 %(place)s") % {"n": run.refused, "place": _write(run, errors, beside)}
        )
    if run.state == State.HELD:
        command.stderr.write(
            _("整批待确认：%(why)s。核实后运行 release_run %(run)d 或 refuse_run %(run)d，并写明 --by 与 --reason")
            % {"why": "；".join(run.notes), "run": run.pk}
        )
    elif exit_status(run):
        command.stderr.write(
            run.error or _("批次 %(run)d 未发布：%(state)s") % {"run": run.pk, "state": run.get_state_display()}
        )


def _write(run: FeedRun, wanted: Path | None, beside: Path | None) -> Path:
    places = [wanted] if wanted else [settings.VAR / "errors" / f"run-{run.pk}.csv"]
    if not wanted and beside:
        places.insert(0, beside.with_name(f"{beside.stem}.errors.csv"))
    for place in places:
        try:
            if place is not wanted:
                place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("".join(rejections_csv(run)), encoding="utf-8-sig", newline="")
        except OSError:
            continue
        return place
    raise CommandError(_("退回的行无法写到 %(place)s：请用 --errors 指定可写的文件") % {"place": places[-1]})
