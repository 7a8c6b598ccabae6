"""What most pharmacies of an area ask for a drug: worked out every night, kept by day, asked by pages and the API."""
