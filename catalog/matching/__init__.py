"""Which row of the insured drug catalogue a product may belong to: candidates, the review of them, its memory.

`forms`, `salts`: data. `names`: a registered name taken apart. `rules`: which rows of an edition fit a product, how well
and why. `candidates`, `decisions`: the verbs that write `ListingMatch`, and the only ones. `queue`, `report`: what a
reviewer reads. A match of names is a candidate, never a fact: only what a person has accepted counts anywhere else.
"""
