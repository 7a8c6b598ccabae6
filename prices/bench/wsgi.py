"""The product's web process with two addresses more (`prices.bench.urls`)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "prices.bench.urls"
application = get_wsgi_application()
