"""Celery: two queues, `small` (edits, pushes) and `bulk` (files), each with its own worker, and one beat."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("yaobi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
