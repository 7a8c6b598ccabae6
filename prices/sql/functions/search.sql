-- Answers a question by the plan that `prices.search.plans` has chosen.
CREATE FUNCTION search_offers(plan text, q search_question, by_price boolean) RETURNS SETOF search_row
LANGUAGE plpgsql STABLE ROWS 20 AS $$
BEGIN
    CASE plan
        WHEN 'nearest_walk' THEN RETURN QUERY SELECT * FROM search_nearest_walk(q);
        WHEN 'near_first' THEN RETURN QUERY SELECT * FROM search_near_first(q, by_price);
        WHEN 'drug_first' THEN RETURN QUERY SELECT * FROM search_drug_first(q, by_price);
        WHEN 'cell_walk' THEN RETURN QUERY SELECT * FROM search_cell_walk(q);
        WHEN 'price_walk' THEN RETURN QUERY SELECT * FROM search_price_walk(q);
        WHEN 'value' THEN RETURN QUERY SELECT * FROM search_value(q);
        WHEN 'value_of_few' THEN RETURN QUERY SELECT * FROM search_value_of_few(q);
        WHEN 'frontier_of_few' THEN RETURN QUERY SELECT * FROM search_frontier_of_few(q);
        WHEN 'frontier' THEN RETURN QUERY SELECT * FROM search_frontier(q);
    END CASE;
END $$;
