from django.apps import AppConfig


class PharmaciesConfig(AppConfig):
    name = "pharmacies"
    verbose_name = "药店与地区"
    default_auto_field = "django.db.models.BigAutoField"
