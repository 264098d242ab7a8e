"""The store: samples, series and everything else that must survive, in one SQLite file. Knows no HTTP."""
