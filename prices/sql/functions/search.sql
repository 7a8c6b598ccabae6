-- Answers a question by the plan that `prices.search.plans` has chosen.
CREATE FUNCTION search_offers(plan text, q search_question, sort text) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20 AS $$
BEGIN
    CASE
        WHEN plan = 'nearest_walk' THEN RETURN QUERY SELECT * FROM search_nearest_walk(q);
        WHEN plan = 'cell_walk' THEN RETURN QUERY SELECT * FROM search_price_walk(q, false);
        WHEN plan = 'price_walk' THEN RETURN QUERY SELECT * FROM search_price_walk(q, true);
        WHEN plan = 'value' THEN RETURN QUERY SELECT * FROM search_value(q);
        WHEN plan = 'frontier' THEN RETURN QUERY SELECT * FROM search_frontier(q);
        WHEN sort = 'frontier' THEN
            RETURN QUERY SELECT * FROM search_frontier_among(q, ARRAY(SELECT w FROM search_all(plan, q) w));
        ELSE RETURN QUERY SELECT * FROM search_in_order(plan, q, sort);
    END CASE;
END $$;
