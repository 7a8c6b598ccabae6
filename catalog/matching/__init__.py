"""Which row of the insured drug catalogue a product may belong to: candidates, the review of them, its memory.

`forms`, `salts`: data. `text`, `names`: a registered name, one writing of it, taken apart. `rules`: which rows of an
edition fit a product, how well and why. `candidates` proposes, `decisions` records what a person said, `memory` brings
that to the next edition; the importer of editions sends matches of a changed row back to review, nothing else writes
them. `queue`, `review`, `report`: what a reviewer reads and hands in. A match of names is a candidate, never a fact: only
what a person has accepted counts anywhere else.
"""
