-- Is the word of run %(run)s, or of a run that confirmed it, still the last about each of its shops, and does the feed's
-- snapshot mark stand there? Whoever has signed off one of them since, another feed or this one, ends it.
WITH chain AS (
    SELECT id FROM prices_feedrun WHERE id = %(run)s OR confirms_id = %(run)s
)
SELECT NOT EXISTS (
    SELECT FROM prices_runpharmacy mine
    LEFT JOIN prices_pharmacyfeed f ON f.pharmacy_id = mine.pharmacy_id AND f.feed_id = %(feed)s
    WHERE mine.run_id = %(run)s
        AND (
            f.snapshot_run_id IS NULL
            OR f.snapshot_run_id NOT IN (SELECT id FROM chain)
            OR EXISTS (
                SELECT FROM prices_runpharmacy other
                WHERE other.pharmacy_id = mine.pharmacy_id AND other.id > mine.id
                    AND other.run_id NOT IN (SELECT id FROM chain)
            )
        )
)
