"""The insured drug catalogue (医保药品目录, NRDL) from its official PDF or a reviewed CSV.

`load` is the story; `pages` (a process of its own) and `layout` read the PDF, `rows` gives cells their meaning, `names`
and `standards` read the two cells that hold several things, `totals` counts, `store` writes.
"""
