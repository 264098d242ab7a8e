"""From selectors to samples: the latest at each step, windows, subqueries. Knows no function."""
