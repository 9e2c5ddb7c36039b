"""Names, addresses and numbers of people do not get beyond raw in clear."""

import hashlib
import hmac

import polars as pl
from polars.testing import assert_frame_equal

from assets.core.pseudonyms import key_fingerprint, pseudonym, pseudonymised
from schemas.registry import canonical
from tests.assets.core.company import Company

ACCOUNT = canonical("crm_account")
ACCOUNTS = {"columns": {"account_id": "id", "email": "mail", "name": "name", "city": "city"}}
ROWS = "id,mail,name,city\n1,a@b.c,Al,Oslo\n2,a@b.c,,Oslo\n3,,Bo,Oslo\n"


def test_a_pseudonym_is_a_keyed_hash() -> None:
    expected = hmac.new(b"key", "é@b.c".encode(), hashlib.sha256).hexdigest()[:32]
    assert pseudonym("é@b.c", "key") == expected
    assert pseudonym("é@b.c", "other") != expected


def test_a_key_can_be_told_from_another_without_being_told() -> None:
    assert key_fingerprint(None) is None
    assert key_fingerprint("a") == key_fingerprint("a") != key_fingerprint("b")
    assert "secret-key" not in str(key_fingerprint("secret-key"))


def frame(names: list[str | None]) -> pl.DataFrame:
    schema = ACCOUNT.polars_schema()
    given = {"name": names, "city": ["Oslo"] * len(names)}
    return pl.DataFrame(given, schema={"name": pl.String, "city": pl.String}).select(
        pl.col(name) if name in {"name", "city"} else pl.lit(None, schema[name]).alias(name)
        for name in schema
    )


def test_only_identity_and_contact_are_replaced() -> None:
    rows = frame(["Al", None, "Al"])
    found = pseudonymised(rows, ACCOUNT, "key")
    assert found["name"].to_list() == [pseudonym("Al", "key"), None, pseudonym("Al", "key")]
    assert_frame_equal(found.drop("name"), rows.drop("name"))


def test_without_a_key_they_are_blanked() -> None:
    rows = frame(["Al", None])
    found = pseudonymised(rows, ACCOUNT, None)
    assert found["name"].to_list() == [None, None]
    assert found.schema == rows.schema
    assert pseudonymised(frame([]), ACCOUNT, "key").schema == rows.schema


def test_core_with_a_key(company: Company) -> None:
    company.source("accounts", {"crm_account": ACCOUNTS})
    company.deliver("accounts", 0, ROWS)
    company.build("crm_account", "accounts", 0)
    found = company.accepted("crm_account", "accounts")
    mail = pseudonym("a@b.c", "secret")
    assert found["email"].to_list() == [mail, mail, None]
    assert found["name"].to_list() == [pseudonym("Al", "secret"), None, pseudonym("Bo", "secret")]
    assert found["city"].to_list() == ["Oslo"] * 3


def test_core_without_a_key(company: Company) -> None:
    company.document["privacy"] = {}
    company.source("accounts", {"crm_account": ACCOUNTS})
    company.deliver("accounts", 0, ROWS)
    company.build("crm_account", "accounts", 0)
    found = company.accepted("crm_account", "accounts")
    assert found.select("email", "name").null_count().row(0) == (3, 3)
    folder = company.lake.root / "core"
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"a@b.c" not in stored
