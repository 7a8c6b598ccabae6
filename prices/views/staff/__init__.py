"""The pages of people who log in: pharmacy staff and officials. Each view of theirs begins with `@signed_in`."""

from prices.views.staff.guard import open_to_all, signed_in
from prices.views.staff.sessions import person

__all__ = ["open_to_all", "person", "signed_in"]
