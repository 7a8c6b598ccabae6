"""药比三家 (Yaobi): the Django project's configuration."""

__version__ = "0.1.0"
