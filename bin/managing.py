"""bin/manage: one management command, with the private services up for as long as it runs."""

import contextlib

import install
import place as places
from application import Application, environment, external
from keeper import Services

# These say what they want of the schema themselves, or need none.
WITHOUT_MIGRATING = {
    "collectstatic",
    "compilemessages", "help", "makemessages", "makemigrations", "migrate", "squashmigrations", "version",
}  # fmt: skip


def manage(arguments: list[str]) -> int:
    """The command's exit status. Somebody else's database is never migrated unasked."""
    place = places.find()
    private = not external()
    programs = install.install(place, services=private)
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(Services(place, programs)) if private else None
        application = Application(place, environment(place, programs, services), private=private)
        name = arguments[0] if arguments else "help"
        if private and name not in WITHOUT_MIGRATING and not name.startswith("-") and "--help" not in arguments:
            application.migrate()
        if name == "migrate":
            application.forget_migrations()
        status = application.run(*arguments)
    return status if status >= 0 else 128 - status
