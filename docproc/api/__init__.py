"""The service's face over HTTP: an app factory, wiring at the edge, one file of routes a noun."""
