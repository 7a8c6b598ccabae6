"""Reference data from files: parse (pure, strict) → plan (what differs) → apply, all or nothing in one transaction."""
