"""The demo province: facts to generate it from, and where its outlines come from."""
