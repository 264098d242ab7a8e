"""Alert and recording rules: model, templates, alert states, routing. Does no I/O; the clock is passed in."""
