-- Which of the two logs may be changed after all: their guard is missing or off, or the app may update or delete.
-- Parameters: app, the app's role; owner, the owner's (where one role is both, only the guard protects).
SELECT log.name,
       EXISTS (
           SELECT FROM pg_trigger guard
           WHERE guard.tgrelid = log.name::regclass AND guard.tgname = 'audit_is_append_only' AND guard.tgenabled IN ('O', 'A')
       ) AS guarded,
       CASE WHEN %(app)s <> %(owner)s THEN has_table_privilege(%(app)s, log.name, 'UPDATE, DELETE, TRUNCATE') ELSE false END
           AS writable
FROM (VALUES ('pharmacies_auditevent'), ('pharmacies_auditseal')) log (name)
