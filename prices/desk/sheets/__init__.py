"""Spreadsheets at the desk: read, mapped, matched, previewed row by row, applied as one run, taken back."""
