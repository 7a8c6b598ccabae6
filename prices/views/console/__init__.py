"""The console of officials."""
