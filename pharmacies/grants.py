"""Which database role may do what to which table; called by migrations only.

The role names are those of the connections: `default` is the app, `search` the read-only role. Where one role plays
all parts (a single DATABASE_URL) there is nothing to grant, and `manage.py check --database default` says so.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings

Operation = Callable[[Any, Any], None]


def _roles() -> tuple[str, str, str]:
    users = [settings.DATABASES[alias]["USER"] for alias in ("owner", "default", "search")]
    return users[0], users[1], users[2]


def _execute(schema_editor: Any, statement: str) -> None:
    schema_editor.execute(statement)


def app_writes_every_table(apps: Any, schema_editor: Any) -> None:
    """The app may read and write the rows of every table of this database, now and later."""
    owner, app, _ = _roles()
    if app == owner:
        return
    quote = schema_editor.quote_name
    for future in ("ALTER DEFAULT PRIVILEGES IN SCHEMA public ", ""):
        tables, sequences = ("TABLES", "SEQUENCES") if future else ("ALL TABLES", "ALL SEQUENCES")
        schema = "" if future else " IN SCHEMA public"
        _execute(schema_editor, f"{future}GRANT SELECT, INSERT, UPDATE, DELETE ON {tables}{schema} TO {quote(app)}")
        _execute(schema_editor, f"{future}GRANT USAGE, SELECT ON {sequences}{schema} TO {quote(app)}")


def _revoke(schema_editor: Any, privileges: str, tables: tuple[str, ...]) -> None:
    owner, app, _ = _roles()
    quote = schema_editor.quote_name
    for table in tables if app != owner else ():
        _execute(schema_editor, f"REVOKE {privileges} ON {quote(table)} FROM {quote(app)}")


def append_only(*tables: str) -> Operation:
    """The app may add rows to `tables` and read them, and nothing else."""

    def grant(apps: Any, schema_editor: Any) -> None:
        _revoke(schema_editor, "UPDATE, DELETE, TRUNCATE", tables)

    return grant


def never_deleted(*tables: str) -> Operation:
    """The app may add and change rows of `tables`, but a row once there stays."""

    def grant(apps: Any, schema_editor: Any) -> None:
        _revoke(schema_editor, "DELETE, TRUNCATE", tables)

    return grant


def searched(**columns: str) -> Operation:
    """The search role may read `table="*"` or `table="column, column"`, and no other table."""

    def grant(apps: Any, schema_editor: Any) -> None:
        owner, app, search = _roles()
        if search in {owner, app}:
            return
        quote = schema_editor.quote_name
        for table, names in columns.items():
            listed = "" if names == "*" else " (" + ", ".join(quote(name.strip()) for name in names.split(",")) + ")"
            _execute(schema_editor, f"GRANT SELECT{listed} ON {quote(table)} TO {quote(search)}")

    return grant
