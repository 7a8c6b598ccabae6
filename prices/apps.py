from django.apps import AppConfig


class PricesConfig(AppConfig):
    name = "prices"
    verbose_name = "价格"
    default_auto_field = "django.db.models.BigAutoField"
