"""Settings of the shop, read once at the start."""

SMTP_HOST = "localhost"
SENDER = "shop@example.org"
KEEP_BACKUPS_DAYS = 30


def load_settings(path):
    """Read the settings file and put defaults in where it says nothing."""
    with open(path, "rb") as file:
        given = tomllib.load(file)
    return {"server": {"port": 8080}, "mail": {"host": SMTP_HOST}} | given


def setting_from_environment(name, default):
    """An environment variable wins over the file."""
    return os.environ.get(f"SHOP_{name.upper()}", default)
