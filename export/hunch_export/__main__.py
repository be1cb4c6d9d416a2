"""The hunch-export command."""

from hunch_export.write_bundle import main

main()
