"""`metrics`: exports the table to Prometheus, on stdout, to a file or by HTTP, with alerting rules and a dashboard."""
