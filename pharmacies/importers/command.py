"""The face that all `import_*` commands share: arguments, exit status, the error file, one JSON line or a summary.

Exit status 0 done, 1 refused (one line on stderr says what to do, nothing was changed), 2 wrong usage.
"""

import csv
import getpass
import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem, RowProblem, column_key, read_bytes
from pharmacies.importers.outcome import Outcome, Progress, quiet

_OURS = ("line", "reason", "advice")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help=_("要导入的文件"))
    parser.add_argument("--dry-run", action="store_true", help=_("只检查并统计，不写入"))
    parser.add_argument("--errors", metavar="FILE", type=Path, help=_("错误清单写到此文件（默认在输入文件旁）"))
    parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
    parser.add_argument("--by", metavar="NAME", default=operator(), help=_("操作人（默认为登录名）"))


def run(command: BaseCommand, options: dict[str, Any], load: Callable[..., Outcome], **more: Any) -> None:
    """Read the file, call `load` with it, tell what came of it. Raises `CommandError` when the file is refused.

    `load` takes `data`, `at`, `by`, `dry_run` and `progress`, and what the command has beyond those (`more`).
    """
    started = time.monotonic()
    try:
        usual = {"at": timezone.now(), "by": options["by"], "dry_run": options["dry_run"], "progress": progress()}
        outcome = load(data=read_bytes(options["file"]), **usual | more)
    except FileProblem as problem:
        raise CommandError(str(problem)) from problem
    if options["json"]:
        command.stdout.write(_json_line(outcome, time.monotonic() - started))
    else:
        _summary(command, outcome, dry_run=options["dry_run"])
    if outcome.problems:
        raise CommandError(_refusal(outcome, options["file"], options["errors"]))


def _json_line(outcome: Outcome, seconds: float) -> str:
    counts = {name: getattr(outcome, name) for name in ("rows", "created", "updated", "unchanged", "refused")}
    return json.dumps({**counts, "seconds": round(seconds, 2)})


def _summary(command: BaseCommand, outcome: Outcome, *, dry_run: bool) -> None:
    for note in outcome.notes:
        command.stdout.write(note)
    if outcome.problems:
        return
    counts = _("共 %(rows)d 行：新增 %(created)d，更新 %(updated)d，未变 %(unchanged)d") % {
        "rows": outcome.rows,
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
    }
    if outcome.removed:
        counts += _("；文件不再列出而移除 %(removed)d") % {"removed": outcome.removed}
    command.stdout.write(counts + (_("（试运行，未写入）") if dry_run else ""))


def _refusal(outcome: Outcome, file: Path, errors: Path | None) -> str:
    first = outcome.problems[0]
    return _("%(n)d 行有误，没有导入任何内容；第 %(line)d 行：%(advice)s；全部错误见 %(errors)s，改正后重新导入") % {
        "n": outcome.refused,
        "line": first.line,
        "advice": first.advice,
        "errors": write_errors(outcome.problems, file, errors),
    }


# -- the error file ---------------------------------------------------------------------------------------------------


def write_errors(problems: Iterable[RowProblem], file: Path, wanted: Path | None) -> Path:
    """The rows' own columns plus line, reason, advice; beside the input, or under var/errors where that fails."""
    name = f"{file.stem}.errors.csv"
    places = [wanted] if wanted else [file.with_name(name), settings.VAR / "errors" / name]
    for place in places:
        try:
            if place is not wanted:
                place.parent.mkdir(parents=True, exist_ok=True)
            _write_csv(list(problems), place)
        except OSError as error:
            failure = error
        else:
            return place
    raise CommandError(
        _("错误清单无法写到 %(place)s（%(error)s）：请用 --errors 指定可写的文件")
        % {"place": places[-1], "error": failure.strerror}
    )


def _write_csv(problems: list[RowProblem], place: Path) -> None:
    # A corrected error file may come back as input: its last round's remarks are not the row's own columns.
    columns = list(dict.fromkeys(name for problem in problems for name in problem.raw if column_key(name) not in _OURS))
    with place.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([*columns, *_OURS])
        for problem in problems:
            own = [problem.raw.get(name, "") for name in columns]
            writer.writerow([*own, problem.line, problem.reason, problem.advice])


# -- who and how far --------------------------------------------------------------------------------------------------


def operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "operator"


def progress() -> Progress:
    """A bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        return quiet

    def show(what: str, done: int, total: int) -> None:
        share = done / total if total else 1.0
        end = "\n" if done >= total else ""
        print(f"\r{what} [{'#' * int(share * 30):<30}] {done}/{total}", end=end, file=sys.stderr, flush=True)

    return show
