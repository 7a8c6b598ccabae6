-- Answers: how many pharmacies are designated for 双通道, counted up to `most`.
-- Relies on: pharmacytoday_dual_channel.
SELECT count(*) FROM (SELECT FROM pharmacies_pharmacytoday WHERE designations & 2 <> 0 LIMIT %(most)s) counted
