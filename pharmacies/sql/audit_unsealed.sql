-- Which events of the log are in no seal and do not wait for one: written past `audit.record`, or freed of their seal.
-- Parameters: none. Reads both logs whole; for `check_audit`.
SELECT event.id
FROM pharmacies_auditevent event
WHERE NOT EXISTS (SELECT FROM pharmacies_auditunsealed waiting WHERE waiting.event_id = event.id)
  AND event.id NOT IN (SELECT unnest(events) FROM pharmacies_auditseal)
ORDER BY event.id
