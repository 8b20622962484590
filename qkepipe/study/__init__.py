"""Studies: configuration, cases, plan of the jobs, execution and stages."""
