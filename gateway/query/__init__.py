"""What the gateway puts under the query language: the series of its store. Evaluates nothing itself."""
