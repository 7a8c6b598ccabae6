"""Start-up checks: what would go wrong silently is refused here, with a hint."""
