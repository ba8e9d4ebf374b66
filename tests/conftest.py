"""Tests of the whole core; the fixtures come from the plugin `platform_core.testing.pytest_plugin`."""

from hypothesis import settings

# The default deadline of 0.2 s an example fails on a busy machine and says nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
