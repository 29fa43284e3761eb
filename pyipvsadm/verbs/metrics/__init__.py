"""`metrics`: the table as Prometheus takes it, once, into a file or by HTTP; alerting rules and a dashboard for it."""
