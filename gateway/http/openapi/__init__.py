"""The description of the HTTP API: what each route takes and answers. Knows no resource and no store."""
