"""How names stand in SQL, in every warehouse."""


def quoted(*names: str) -> str:
    """A name, or names with dots between, as SQL takes it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
