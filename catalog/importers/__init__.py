"""Products, lists and reference prices from CSV; the shape is that of `pharmacies.importers`."""
