-- One more report from %(sender)s in this hour, unless there are %(limit)s already: then no row comes back, and nothing is
-- counted. Parameters: sender, hour, limit (at least 1). Index: report_quota_once.
INSERT INTO prices_reportquota AS q (sender, hour, count)
VALUES (%(sender)s, %(hour)s, 1)
ON CONFLICT (sender, hour) DO UPDATE SET count = q.count + 1 WHERE q.count < %(limit)s
RETURNING count
