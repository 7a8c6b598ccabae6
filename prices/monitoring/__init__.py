"""Who watches: detectors, leads, cases, citizens' reports, figures. Nothing here writes a price."""
