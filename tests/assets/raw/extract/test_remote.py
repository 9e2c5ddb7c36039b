"""Files in object stores and on web servers are staged, read and cleared away."""

import base64
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
import pytest
from fsspec import AbstractFileSystem

from assets.raw.extract import remote
from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.to_parquet import extract_to_parquet
from schemas.config.files import FileOptions
from schemas.errors import ExtractError
from tests.assets.raw.extract.conftest import LINEAGE, LOGICAL_DATE, Bench

SECRET = "open-sesame-0123456789"  # noqa: S105 — an invented one, to look for in messages


@pytest.fixture
def memory() -> Iterator[AbstractFileSystem]:
    store = fsspec.filesystem("memory")
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def test_memory(bench: Bench, memory: AbstractFileSystem) -> None:
    memory.pipe("/bucket/crm/20240331/b.csv", b"a\n2\n")
    memory.pipe("/bucket/crm/20240331/a.csv", b"a\n1\n")
    memory.pipe("/bucket/crm/20240330/a.csv", b"a\n0\n")
    frame = bench.extract(root="memory://bucket/crm", path="{date:%Y%m%d}/*.csv")
    assert frame.drop("_logical_date").rows() == [
        ("1", "20240331/a.csv", 1),
        ("2", "20240331/b.csv", 1),
    ]


@pytest.mark.parametrize("path", ["a.csv", "*.csv"])
def test_nothing_there(bench: Bench, memory: AbstractFileSystem, path: str) -> None:
    assert resolve_files(bench.options(root="memory://bucket", path=path), LOGICAL_DATE) == []


def test_a_remote_file_that_changes_meanwhile(bench: Bench, memory: AbstractFileSystem) -> None:
    memory.pipe("/bucket/a.csv", b"a\n1\n")
    options = bench.options(root="memory://bucket")
    files = resolve_files(options, LOGICAL_DATE)
    memory.pipe("/bucket/a.csv", b"a\n1\n2\n")
    with pytest.raises(ExtractError, match=r"a\.csv: the file changed while being read"):
        extract_to_parquet(files, options, LOGICAL_DATE, target=bench.target, scratch=bench.scratch)
    assert list(bench.scratch.iterdir()) == []
    assert not bench.target.exists()


def test_a_remote_file_larger_than_allowed(bench: Bench, memory: AbstractFileSystem) -> None:
    memory.pipe("/bucket/a.csv", b"a\n" + b"1\n" * 100)
    message = bench.refusal(root="memory://bucket", max_uncompressed_bytes=50)
    assert "the file is larger than allowed" in message


def test_an_unknown_kind_of_storage(bench: Bench) -> None:
    with pytest.raises(ExtractError, match="the storage failed or refused"):
        resolve_files(bench.options(root="floppy://a"), LOGICAL_DATE)


class Handler(SimpleHTTPRequestHandler):
    """A folder behind a password."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        expected = base64.b64encode(f"crm:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self.send_error(401)
            return None
        return super().send_head()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(bench: Bench) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(bench.root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def authorization(secret: str) -> dict[str, str]:
    token = base64.b64encode(f"crm:{secret}".encode()).decode()
    return {"headers": f'{{"Authorization": "Basic {token}"}}'}


def test_a_web_server(bench: Bench, web: str) -> None:
    bench.write("x/a 1.csv", "a\n" + "1\n" * 100_000)
    frame = bench.extract(root=f"{web}/x", path="a 1.csv", storage_options=authorization(SECRET))
    assert frame.height == 100_000
    assert set(frame["_source_file"]) == {"a 1.csv"}


def test_a_file_missing_on_a_web_server(bench: Bench, web: str) -> None:
    options = bench.options(root=web, storage_options=authorization(SECRET))
    assert resolve_files(options, LOGICAL_DATE) == []


def test_a_refused_password_is_no_missing_file(bench: Bench, web: str) -> None:
    wrong = authorization("wrong-" + SECRET)
    message = bench.refusal("a\n1\n", root=web, storage_options=wrong)
    assert message.startswith("a.csv: the storage failed or refused")
    assert "401" in message


def test_a_server_that_is_down_is_no_missing_file(bench: Bench) -> None:
    message = bench.refusal("a\n1\n", root=f"http://crm:{SECRET}@127.0.0.1:9")
    assert "the storage failed or refused" in message
    assert SECRET not in message


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, Any]]:
    moto_server = pytest.importorskip("moto.server")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "endpoint_url": f"http://{host}:{port}",
        "key": "some-access-key",
        "secret": SECRET,
        "use_listings_cache": False,
    }
    server.stop()


@pytest.mark.filterwarnings("default")  # other people's clients; not what is tested here
def test_an_object_store(bench: Bench, store: dict[str, Any]) -> None:
    system = fsspec.filesystem("s3", **store, skip_instance_cache=True)
    system.mkdir("extracts")
    system.pipe("extracts/crm/b.csv", b"a\n2\n")
    system.pipe("extracts/crm/a.csv", b"a\n1\n")
    system.pipe("extracts/crm/deeper/c.csv", b"a\n3\n")
    given = {"root": "s3://extracts/crm", "path": "*.csv", "storage_options": store}
    assert bench.extract(**given).drop("_logical_date").rows() == [
        ("1", "a.csv", 1),
        ("2", "b.csv", 1),
    ]
    files = resolve_files(bench.options(**given), LOGICAL_DATE)
    etag = system.info("extracts/crm/a.csv")["ETag"]
    assert files[0].fingerprint == f"4-{etag}"
    system.pipe("extracts/crm/d.csv", b"a\n4\n")
    assert bench.extract(**given).drop(LINEAGE).rows() == [("1",), ("2",), ("4",)]
    assert bench.extract(**given | {"path": "**/c.csv"}).height == 1
    assert resolve_files(bench.options(**given | {"path": "none.csv"}), LOGICAL_DATE) == []


@pytest.mark.filterwarnings("default")
def test_an_object_store_that_is_down(bench: Bench) -> None:
    given = {"endpoint_url": "http://127.0.0.1:9", "key": "some-access-key", "secret": SECRET}
    message = bench.refusal(root="s3://extracts", path="a.csv", storage_options=given)
    assert "the storage failed or refused" in message
    assert SECRET not in message
    assert "some-access-key" not in message


def options(**secrets: str) -> FileOptions:
    return FileOptions.model_validate(
        {"root": "s3://x", "path": "a", "format": "csv", "storage_options": secrets}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"bad key {SECRET}!", "bad key ***!"),
        ("GET https://me:pass@host/x", "GET https://***@host/x"),
        ("https://host/x?X-Amz-Signature=abc refused", "https://host/x?*** refused"),
        ("true is no key", "true is no key"),
    ],
)
def test_secrets_are_taken_out_of_messages(text: str, expected: str) -> None:
    assert remote.redact(text, options(key=SECRET, anon="true")) == expected


def test_an_error_that_holds_a_secret_is_not_kept_as_the_cause() -> None:
    given = options(key=SECRET)
    with pytest.raises(ExtractError) as caught, remote.remote_errors("a.csv", given):
        raise RuntimeError(SECRET)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    with pytest.raises(ExtractError) as caught, remote.remote_errors("a.csv", given):
        raise RuntimeError("harmless")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_missing_package_is_named() -> None:
    with (
        pytest.raises(ExtractError, match="the package for this kind of storage"),
        remote.remote_errors("gs://…", options()),
    ):
        raise ImportError("Please install gcsfs")


def test_downloads_are_cleared_away(
    bench: Bench, memory: AbstractFileSystem, tmp_path: Path
) -> None:
    memory.pipe("/bucket/a.csv", b"a\n1\n")
    given = bench.options(root="memory://bucket")
    (file,) = resolve_files(given, LOGICAL_DATE)
    with remote.local_copy(file, given, tmp_path / "scratch") as copy:
        assert copy.read_bytes() == b"a\n1\n"
        assert copy.is_relative_to(tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []
