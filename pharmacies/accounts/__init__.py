"""Coming in: passwords, the second factor, recovery codes, invitations, locks. Verbs; nothing here knows of HTTP."""
