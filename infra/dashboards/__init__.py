"""Dashboards: written once as panels, made into files for Grafana and into pages that Prometheus serves itself."""
