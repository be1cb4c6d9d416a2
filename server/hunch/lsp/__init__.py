"""The language server: a skin over ``hunch.live``. The only code that knows the Language Server Protocol."""
