-- What: of every index of a table, in the order of creation: its name, the statement that drops it, and the one that
--       makes the same again; the index of a key goes and comes with its constraint.
-- Parameters: table_name text.
SELECT c.relname,
    CASE WHEN k.oid IS NULL THEN format('DROP INDEX %%s', i.indexrelid::regclass)
        ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', i.indrelid::regclass, k.conname) END,
    CASE WHEN k.oid IS NULL THEN pg_get_indexdef(i.indexrelid)
        ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', i.indrelid::regclass, k.conname,
            pg_get_constraintdef(k.oid)) END
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = %(table_name)s::regclass
ORDER BY i.indexrelid
