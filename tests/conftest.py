"""Tests of the whole core; the fixtures come from the plugin `platform_core.testing.pytest_plugin`."""
