"""Pages of officials: the fixtures of those who log in."""

from tests.staff.conftest import clock, in_chinese, plain_static_files

__all__ = ["clock", "in_chinese", "plain_static_files"]
