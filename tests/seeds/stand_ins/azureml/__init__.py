"""Stands in for the Azure SDK, so that the configuration script runs unchanged and finds Fettle as its workspace."""
