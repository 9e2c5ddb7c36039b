"""How names and texts stand in SQL, in every warehouse."""


def quoted(*names: str) -> str:
    """A name, or names with dots between, as SQL takes it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def text_literal(value: str) -> str:
    """A text as SQL takes it; backslashes are what they are."""
    return "'" + value.replace("'", "''") + "'"
