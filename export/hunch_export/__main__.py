"""The hunch-export command."""

from hunch_export.cli import main

raise SystemExit(main())
