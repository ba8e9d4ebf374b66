"""The plugin system: hook specifications, discovery, states, registries, typed hook calls, migrations per owner."""
