"""What is unusual about a price: one function each, on plain arrays; no database."""
