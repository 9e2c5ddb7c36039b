"""Compressed files give the same rows, and damaged, hostile or unclear ones are refused."""

import bz2
import gzip
import io
import zipfile

import pytest

from tests.assets.raw.extract.conftest import Bench

TEXT = "a,b\n" + "".join(f"{i},{i * 7919 % 1000}\n" for i in range(2_000))


def zipped(members: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_gzip_by_its_ending(bench: Bench) -> None:
    assert len(bench.rows(gzip.compress(TEXT.encode()), path="a.csv.gz")) == 2_000
    assert bench.result.files[0].source_file == "a.csv.gz"


def test_gzip_of_several_parts(bench: Bench) -> None:
    content = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    assert bench.rows(content, path="a.gz") == [("1",), ("2",)]


def test_gzip_by_configuration(bench: Bench) -> None:
    content = gzip.compress(b"a\n1\n")
    assert bench.rows(content, compression="gzip") == [("1",)]


def test_an_ending_can_be_overruled(bench: Bench) -> None:
    assert bench.rows("a\n1\n", path="a.gz", compression="none") == [("1",)]


def test_compressed_file_read_as_text(bench: Bench) -> None:
    assert "compression: gzip" in bench.refusal(gzip.compress(b"a\n"))
    assert "compression: zip" in bench.refusal(zipped({"a.csv": "a\n"}))


def test_gzip_that_is_not_gzip(bench: Bench) -> None:
    message = bench.refusal("a\n1\n", path="a.csv.gz")
    assert message.startswith("a.csv.gz: this is not gzip")


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.999])
def test_gzip_that_is_cut_short(bench: Bench, kept: float) -> None:
    content = gzip.compress(TEXT.encode())
    message = bench.refusal(content[: int(len(content) * kept)], path="a.csv.gz")
    assert "cut short" in message


def test_gzip_with_a_flipped_byte(bench: Bench) -> None:
    content = bytearray(gzip.compress(TEXT.encode()))
    content[len(content) // 2] ^= 0xFF
    assert bench.refusal(bytes(content), path="a.csv.gz").startswith("a.csv.gz")


def test_empty_gzip(bench: Bench) -> None:
    assert "the file is empty" in bench.refusal(gzip.compress(b""), path="a.csv.gz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_with_one_file(bench: Bench, compression: int) -> None:
    content = zipped({"x/a.csv": TEXT}, compression=compression)
    assert len(bench.rows(content, path="a.zip")) == 2_000
    assert bench.result.files[0].source_file == "a.zip!x/a.csv"


def test_zip_made_on_a_mac(bench: Bench) -> None:
    content = zipped({"a.csv": "a\n1\n", "__MACOSX/._a.csv": "shadow", "empty/": ""})
    assert bench.rows(content, path="a.zip") == [("1",)]


def test_zip_with_several_files_needs_a_member(bench: Bench) -> None:
    content = zipped({"accounts.csv": "a\n1\n", "leads.csv": "a\n2\n"})
    message = bench.refusal(content, path="a.zip")
    assert "holds several files" in message
    assert "accounts.csv, leads.csv" in message
    assert bench.rows(content, path="a.zip", member="lead*") == [("2",)]
    assert bench.result.files[0].source_file == "a.zip!leads.csv"


@pytest.mark.parametrize(("member", "count"), [("*.csv", 2), ("orders.csv", 0)])
def test_a_member_that_is_not_one(bench: Bench, member: str, count: int) -> None:
    content = zipped({"accounts.csv": "a\n1\n", "leads.csv": "a\n2\n"})
    message = bench.refusal(content, path="a.zip", member=member)
    assert f"the archive has {count} files for '{member}'" in message
    assert "accounts.csv, leads.csv" in message


def test_empty_zip(bench: Bench) -> None:
    assert "the archive is empty" in bench.refusal(zipped({}), path="a.zip")


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "x/../../a.csv", "..\\a.csv"])
def test_a_member_that_escapes(bench: Bench, name: str) -> None:
    message = bench.refusal(zipped({name: "a\n1\n"}), path="a.zip")
    assert "holds a path that escapes it" in message


def test_zip_that_is_not_zip(bench: Bench) -> None:
    assert "not a zip archive" in bench.refusal("a\n1\n", path="a.zip")


def test_zip_that_is_cut_short(bench: Bench) -> None:
    assert "cut short" in bench.refusal(zipped({"a.csv": TEXT})[:-100], path="a.zip")


def test_zip_whose_checksum_is_wrong(bench: Bench) -> None:
    content = zipped({"a.csv": TEXT}, compression=zipfile.ZIP_STORED)
    broken = content.replace(b"\n5,595\n", b"\n5,596\n")
    assert broken != content
    assert "is damaged" in bench.refusal(broken, path="a.zip")


def test_encrypted_zip(bench: Bench) -> None:
    content = bytearray(zipped({"a.csv": "a\n1\n"}))
    content[6] |= 1  # the flag in the local header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "the archive is encrypted" in bench.refusal(bytes(content), path="a.zip")


def test_zip_with_an_unknown_compression(bench: Bench) -> None:
    content = bytearray(zipped({"a.csv": "a\n1\n"}))
    content[8] = 97
    content[content.index(b"PK\x01\x02") + 10] = 97
    assert "not supported" in bench.refusal(bytes(content), path="a.zip")


def test_larger_than_allowed(bench: Bench) -> None:
    message = bench.refusal(TEXT, max_uncompressed_bytes=1_000)
    assert "unpacks to more than is allowed" in message
    assert "1,000 bytes" in message


def test_gzip_bomb(bench: Bench) -> None:
    row = b"a" * 999 + b"\n"
    content = gzip.compress(b"header\n" + row * 90_000, compresslevel=9)
    message = bench.refusal(content, path="a.csv.gz")
    assert "looks like a bomb" in message


def test_zip_bomb_whose_sizes_lie(bench: Bench) -> None:
    content = bytearray(zipped({"a.csv": "header\n" + ("a" * 999 + "\n") * 90_000}))
    place = content.index(b"PK\x01\x02")
    content[place + 20 : place + 24] = (2**31).to_bytes(4, "little")  # claims it hardly shrank
    message = bench.refusal(bytes(content), path="a.zip")
    assert message.startswith("a.zip!a.csv")


def test_ordinary_repetitive_csv_passes(bench: Bench) -> None:
    content = "a,b,c\n" + "open,2024-03-01,Zürich\n" * 500_000
    assert len(bench.rows(gzip.compress(content.encode()), path="a.csv.gz")) == 500_000


def test_missing_file(bench: Bench) -> None:
    from assets.raw.extract.resolve import resolve_files
    from assets.raw.extract.to_parquet import extract_to_parquet
    from schemas.errors import ExtractError
    from tests.assets.raw.extract.conftest import LOGICAL_DATE

    path = bench.write("a.csv", "a\n")
    options = bench.options()
    files = resolve_files(options, LOGICAL_DATE)
    path.unlink()
    with pytest.raises(ExtractError, match=r"a\.csv: the file cannot be opened"):
        extract_to_parquet(files, options, LOGICAL_DATE, target=bench.target, scratch=bench.scratch)


def test_other_compressions_are_no_text(bench: Bench) -> None:
    assert bench.refusal(bz2.compress(TEXT.encode())).startswith("a.csv, line ")
