-- What must always hold of offers, changes and runs. Each paragraph begins with its promise and selects what breaks it.

-- ! 每个零售价都有药品、药店、报送和批次
SELECT o.drug_id, o.pharmacy_id, o.feed_id, o.run_id
FROM prices_offer o
LEFT JOIN catalog_drug d ON d.id = o.drug_id
LEFT JOIN pharmacies_pharmacy p ON p.id = o.pharmacy_id
LEFT JOIN prices_feedrun r ON r.id = o.run_id AND r.feed_id = o.feed_id
LEFT JOIN prices_feed f ON f.id = o.feed_id
WHERE d.id IS NULL OR p.id IS NULL OR f.id IS NULL OR (r.id IS NULL AND NOT f.generated)

-- ! 每个零售价都记着它药店的分格
SELECT o.drug_id, o.pharmacy_id, o.cell, p.cell AS pharmacy_cell
FROM prices_offer o
JOIN pharmacies_pharmacy p ON p.id = o.pharmacy_id
WHERE p.cell <> o.cell

-- ! 其他来源价有药品、药店和批次
SELECT o.drug_id, o.pharmacy_id, o.kind, o.run_id
FROM prices_sourceprice o
LEFT JOIN catalog_drug d ON d.id = o.drug_id
LEFT JOIN pharmacies_pharmacy p ON p.id = o.pharmacy_id
LEFT JOIN prices_feedrun r ON r.id = o.run_id
WHERE d.id IS NULL OR p.id IS NULL OR r.id IS NULL

-- ! 每个价格变动属于一个已签收的批次药店
SELECT c.drug_id, c.pharmacy_id, c.run_id
FROM prices_pricechange c
LEFT JOIN prices_runpharmacy s ON s.run_id = c.run_id AND s.pharmacy_id = c.pharmacy_id
WHERE s.id IS NULL

-- ! 价格变动首尾相接，最后一个就是现在的零售价
SELECT drug_id, pharmacy_id, old_fen, before_fen, new_fen, shown_fen
FROM (
    SELECT c.drug_id, c.pharmacy_id, c.old_fen, c.new_fen, c.xid, c.id,
        lag(c.new_fen) OVER offer AS before_fen,
        lead(c.id) OVER offer IS NULL AS last,
        CASE WHEN o.state = 1 THEN o.price_fen END AS shown_fen
    FROM prices_pricechange c
    LEFT JOIN prices_offer o USING (drug_id, pharmacy_id)
    WINDOW offer AS (PARTITION BY c.drug_id, c.pharmacy_id ORDER BY c.xid, c.id)
) chain
WHERE old_fen IS DISTINCT FROM before_fen OR (last AND new_fen IS DISTINCT FROM shown_fen)

-- ! 每个申报的零售价都有来历
SELECT o.drug_id, o.pharmacy_id
FROM prices_offer o
JOIN prices_feed f ON f.id = o.feed_id AND NOT f.generated
WHERE NOT EXISTS (
    SELECT FROM prices_pricechange c WHERE c.drug_id = o.drug_id AND c.pharmacy_id = o.pharmacy_id)

-- ! 已发布批次的数目等于其药店之和
SELECT r.id, r.rows, r.accepted, r.changed, r.unchanged, r.withdrawn, r.refused
FROM prices_feedrun r
LEFT JOIN LATERAL (
    SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(changed), 0) AS changed,
        coalesce(sum(unchanged), 0) AS unchanged, coalesce(sum(withdrawn), 0) AS withdrawn
    FROM prices_runpharmacy WHERE run_id = r.id
) s ON true
WHERE r.state = 'published'
    AND ((r.accepted, r.changed, r.unchanged, r.withdrawn) IS DISTINCT FROM
            (s.accepted, s.changed, s.unchanged, s.withdrawn)
        OR r.rows <> r.accepted + r.refused
        OR r.refused <> (SELECT count(*) FROM prices_rejection WHERE run_id = r.id))

-- ! 报送记录指向已签收的批次
SELECT f.pharmacy_id, f.feed_id, f.last_run_id, f.snapshot_run_id
FROM prices_pharmacyfeed f
WHERE NOT EXISTS (SELECT FROM prices_runpharmacy WHERE pharmacy_id = f.pharmacy_id AND run_id = f.last_run_id)
    OR (f.snapshot_run_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM prices_runpharmacy WHERE pharmacy_id = f.pharmacy_id AND run_id = f.snapshot_run_id))

-- ! 变动分区齐全（默认分区应为空）
SELECT drug_id, pharmacy_id, received_at FROM prices_pricechange_default

-- ! 每个地区药价有药品和地区
SELECT p.drug_id, p.region_id, p."on"
FROM prices_areaprice p
LEFT JOIN catalog_drug d ON d.id = p.drug_id
LEFT JOIN pharmacies_region r ON r.id = p.region_id
WHERE d.id IS NULL OR r.id IS NULL

-- ! 地区药价只在有变化的日子才有一行
SELECT drug_id, region_id, "on", count
FROM (
    SELECT drug_id, region_id, "on", count,
        ROW(mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln) AS said,
        lag(ROW(mode_fen, min_fen, q1_fen, median_fen, q3_fen, max_fen, count, mad_ln))
            OVER (PARTITION BY drug_id, region_id ORDER BY "on") AS said_before
    FROM prices_areaprice
) series
WHERE said IS NOT DISTINCT FROM said_before OR (said_before IS NULL AND count = 0)

-- ! 现行地区药价不超出这种药报过的价格和报过价的药店
SELECT p.drug_id, p.region_id, p."on", p.min_fen, p.max_fen, p.count, seen.lowest, seen.highest, seen.shops
FROM (
    SELECT DISTINCT ON (drug_id, region_id) * FROM prices_areaprice ORDER BY drug_id, region_id, "on" DESC
) p
LEFT JOIN (
    SELECT drug_id, min(fen) AS lowest, max(fen) AS highest, count(*) FILTER (WHERE shown) AS shops
    FROM (
        SELECT drug_id, price_fen AS fen, true AS shown FROM prices_offer
        UNION ALL
        SELECT drug_id, unnest(ARRAY[old_fen, new_fen]), false FROM prices_pricechange
    ) prices
    GROUP BY drug_id
) seen USING (drug_id)
WHERE p.count > 0
    AND (seen.shops IS NULL OR p.count > seen.shops OR p.min_fen < seen.lowest OR p.max_fen > seen.highest)
