"""The pages of people who log in: pharmacy staff and officials."""
