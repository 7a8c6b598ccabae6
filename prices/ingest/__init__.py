"""The one door for prices: receive, read, check, publish (docs/walk.md). Nothing else writes an `Offer`."""
