from django.apps import AppConfig
from django.contrib.admin import apps


class ProjectConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  registers them


class AdminConfig(apps.AdminConfig):
    """The admin site behind the staff's own log-in, second factor included."""

    default_site = "config.admin.GuardedSite"
