"""What may not be written to a log: a query string can hold a person's position or the drug they look for, and the
address of an invitation lets somebody in."""

import logging
import re

_QUERY = re.compile(r"\?[^\s\"']*=[^\s\"']*")
_SLIP = re.compile(r"(/staff/invitation/)[^\s\"'?]+")


class WithoutQuery(logging.Filter):
    """Cuts every query string, and the token of an invitation, out of a record, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _SLIP.sub(r"\1…", _QUERY.sub("?…", record.getMessage()))
        record.args = None
        if record.exc_info:
            # Exception texts repeat SQL parameters and URLs: keep the frames, drop the values.
            kind = record.exc_info[0]
            frames = logging.Formatter().formatException(record.exc_info).splitlines()
            kept = [line for line in frames if line.startswith(("Traceback", "  File", "    "))]
            record.exc_text = "\n".join([*kept, kind.__name__ if kind else "exception"])
        return True
