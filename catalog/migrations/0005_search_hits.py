from django.db import migrations

# How each of some words stands to each name that holds it; the searches of catalog/sql begin with it.
# words: [{number, latin, short, grams, whole, equal, begins, holds}], LIKE patterns over catalog_searchname.lines.
# tier: the place in catalog.search.RANKS; part: the word is not the whole name; size: characters of the name's core, 0 for a
# short word, of which the names with most products come first.
HITS = """
CREATE FUNCTION catalog_hits(words jsonb)
RETURNS TABLE (
    number integer, kind varchar, text varchar, products integer, size integer, part boolean, tier integer
)
LANGUAGE sql STABLE AS $$
    SELECT
        word.number, name.kind, name.text, name.products,
        CASE WHEN word.short THEN 0 ELSE name.length END::integer,
        name.lines NOT LIKE word.whole,
        CASE
            WHEN name.kind = 'maker' THEN CASE WHEN name.lines LIKE word.begins THEN 7 ELSE 8 END
            WHEN name.lines LIKE word.equal THEN CASE WHEN word.latin THEN 3 ELSE 1 END
            WHEN name.lines LIKE word.begins THEN CASE WHEN word.latin THEN 5 ELSE 2 END
            WHEN word.latin THEN 6
            ELSE 4
        END
    FROM jsonb_to_recordset(words) AS word (
        number integer, latin boolean, short boolean, grams text[], whole text, equal text, begins text, holds text
    )
    JOIN catalog_searchname AS name ON name.grams @> word.grams AND name.lines LIKE word.holds
$$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_search_names")]

    operations = [migrations.RunSQL(HITS, "DROP FUNCTION catalog_hits(jsonb)")]
