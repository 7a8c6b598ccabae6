-- Does run %(run)s still vouch for all its shops: its snapshot mark stands, and no other feed than %(feed)s has signed
-- off one of them since?
SELECT NOT EXISTS (
    SELECT FROM prices_runpharmacy mine
    LEFT JOIN prices_pharmacyfeed f ON f.pharmacy_id = mine.pharmacy_id AND f.feed_id = %(feed)s
    WHERE mine.run_id = %(run)s
        AND (
            f.snapshot_run_id IS DISTINCT FROM %(run)s
            OR EXISTS (
                SELECT FROM prices_runpharmacy other
                JOIN prices_feedrun run ON run.id = other.run_id AND run.feed_id <> %(feed)s
                WHERE other.pharmacy_id = mine.pharmacy_id AND other.id > mine.id
            )
        )
)
