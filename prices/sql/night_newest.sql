-- Answers: the newest day that each part of the night's work has written, as one row: the roll-up of prices, the sweep, the
--   reporting of the month, the landings of procurement prices, the figures of the areas. Null where it never wrote.
-- Plan: the newest entry of an index each; the landings are all of one night, any will do.
SELECT (SELECT max(last) FROM prices_rollup),
    (SELECT "on" FROM prices_screening WHERE kind = 'sweep' ORDER BY "on" DESC, id DESC LIMIT 1),
    (SELECT through FROM prices_reportermonth ORDER BY month DESC LIMIT 1),
    (SELECT "on" FROM prices_landing LIMIT 1),
    (SELECT max("on") FROM prices_areafigure)
