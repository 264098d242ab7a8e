"""PromQL: parser, printer and vectorised evaluator over a series source that it declares. Does no I/O."""
