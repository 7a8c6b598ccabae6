"""What people do at the pharmacy desk: prices edited and taken back, tokens, standing, the shop's own facts."""
