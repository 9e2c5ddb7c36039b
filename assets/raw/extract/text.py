"""From plain bytes to sound UTF-8: encodings, byte-order marks, and bytes that are no text.

Knows nothing of records.
"""

import codecs
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assets.raw.extract.unpack import PlainBytes
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 4 * 1024**2

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Longest first where one begins like another."""

_ARCHIVE_MARKS = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip"}
_WIDE_NUL_SHARE = 0.4
"""More NUL bytes than this at a place are no damage but two or four bytes a character."""

_SAMPLE_BYTES = 4_000
_NUL_PATTERNS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
}
"""At which of each four bytes NUL is usual → the encoding."""

_CARRIAGE_RETURN = ord("\r")
_WIDE = ("utf-16", "utf-32")


def utf8_chunks(
    plain: PlainBytes, options: FileOptions, notes: list[str], *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[bytes]:
    """Give a file's text as UTF-8, each chunk whole characters, the byte-order mark removed.

    Args:
        plain: The file.
        options: The encoding.
        notes: Takes a remark where the encoding looks wrong though every byte can be read.
        chunk_bytes: How much to read at a time.

    Raises:
        ExtractError: The file is empty, is in another encoding, or is no text.
    """
    converter = _Utf8(plain.source_file, options, notes)
    chunk = _without_mark(plain.read(chunk_bytes), plain.source_file, options)
    while chunk:
        yield converter.convert(chunk)
        chunk = plain.read(chunk_bytes)
    yield converter.convert(b"")


class _Utf8:
    """Turns the chunks of one file into checked UTF-8."""

    def __init__(self, name: str, options: FileOptions, notes: list[str]) -> None:
        self._name = name
        self._options = options
        self._notes = notes
        self._decoder = codecs.getincrementaldecoder(options.encoding)(errors="strict")
        self._is_utf8 = options.encoding == "utf-8"
        self._is_wide = options.encoding.startswith(_WIDE)
        self._may_be_utf8 = not options.encoding.startswith("utf")
        self._is_first = True
        self._line = 1

    def convert(self, chunk: bytes) -> bytes:
        """The next chunk as UTF-8; an empty one ends the file."""
        if self._may_be_utf8 and not chunk.isascii():
            self._may_be_utf8 = False
            _note_if_utf8(chunk, self._options, self._notes)
        where = (self._name, self._line)
        if not self._is_wide and b"\0" in chunk:
            raise _has_nul(chunk, self._options, where=where)
        if self._is_utf8 and chunk.isascii() and chunk and not self._decoder.getstate()[0]:
            text = chunk
        else:
            text = _decode(self._decoder, chunk, self._options, where=where)
        if self._is_first and not self._is_utf8:
            text = text.removeprefix(codecs.BOM_UTF8)
        self._is_first = False
        if self._is_wide and b"\0" in text:
            raise _has_nul(text, self._options, where=where)
        self._line += _count_lines(text)
        return text


class ChunkFile(io.RawIOBase):
    """A file to read from, over chunks of bytes of whatever size.

    A read gives all that is asked for, up to the end, but never ends between the two characters
    of a Windows line end: Arrow's reader loses the second of them if it stands in a quoted field
    (apache/arrow#51368).
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")
        self._held_back = b""

    def readable(self) -> bool:
        """Always: it is for reading."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer, less a last carriage return."""
        view = memoryview(buffer).cast("B")
        filled = len(self._held_back)
        view[:filled] = self._held_back
        self._held_back = b""
        while filled < len(view):
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return filled
                self._rest = memoryview(chunk)
            count = min(len(view) - filled, len(self._rest))
            view[filled : filled + count] = self._rest[:count]
            self._rest = self._rest[count:]
            filled += count
        if filled > 1 and view[filled - 1] == _CARRIAGE_RETURN:
            self._held_back = b"\r"
            filled -= 1
        return filled


def text_lines(chunks: Iterator[bytes]) -> io.TextIOWrapper:
    """Physical lines of UTF-8 chunks, their line ends (any of the three) as they are."""
    raw = io.BufferedReader(ChunkFile(chunks), buffer_size=1024**2)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _without_mark(chunk: bytes, name: str, options: FileOptions) -> bytes:
    """Check what the file begins with against the configured encoding; remove a UTF-8 mark."""
    if not chunk:
        raise ExtractError(
            "the file is empty",
            where=name,
            found="0 bytes",
            mend="see why the export wrote nothing; an extract without rows still has a header",
        )
    for mark, kind in _ARCHIVE_MARKS.items():
        if chunk.startswith(mark):
            raise ExtractError(
                f"the file is compressed ({kind})", where=name, mend=f"set `compression: {kind}`"
            )
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if chunk.startswith(mark):
            if not options.encoding.startswith(encoding):
                raise _other_encoding(name, options, f"a byte-order mark of {encoding}", encoding)
            return chunk.removeprefix(codecs.BOM_UTF8)
    if options.encoding.startswith(_WIDE) and b"\0" not in chunk:
        raise _other_encoding(name, options, "no byte that this encoding would have", "utf-8")
    return chunk


def _decode(
    decoder: codecs.IncrementalDecoder,
    chunk: bytes,
    options: FileOptions,
    *,
    where: tuple[str, int],
) -> bytes:
    try:
        return decoder.decode(chunk, final=not chunk).encode()
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(options.encoding, errors="replace")
        name, line = where
        line += _count_lines(before.encode(errors="replace"))
        shown = error.object[error.start : error.start + 1].hex()
        raise ExtractError(
            f"the file is not {options.encoding}",
            where=f"{name}, line {line}",
            found=f"byte 0x{shown}",
            mend="set `encoding`: latin-1 or cp1252 for most older Western exports",
        ) from error
    except UnicodeEncodeError as error:
        name, line = where
        raise ExtractError(
            "the text holds half a character (a lone surrogate)",
            where=f"{name}, at or after line {line}",
            mend="have the file exported as UTF-8",
        ) from error


def _has_nul(text: bytes, options: FileOptions, *, where: tuple[str, int]) -> ExtractError:
    name, line = where
    line += _count_lines(text[: text.index(b"\0")])
    likely = _wide_encoding(text[:_SAMPLE_BYTES])
    if line == 1 and likely is not None:
        return _other_encoding(name, options, "a NUL byte in most characters", likely)
    return ExtractError(
        "the file holds NUL bytes, which no text has",
        where=f"{name}, line {line}",
        found="byte 0x00",
        mend="the file is damaged or no text file: check `format`, and fetch it again",
    )


def _wide_encoding(sample: bytes) -> str | None:
    """Which encoding of two or four bytes a character a text without mark is in, if any."""
    shares = [sample[place::4].count(0) / max(len(sample) / 4, 1) for place in range(4)]
    is_nul = tuple(share > _WIDE_NUL_SHARE for share in shares)
    return _NUL_PATTERNS.get(is_nul)


def _other_encoding(name: str, options: FileOptions, found: str, likely: str) -> ExtractError:
    return ExtractError(
        f"the file is not {options.encoding}",
        where=f"{name}, line 1",
        found=found,
        mend=f"set `encoding: {likely}`",
    )


def _note_if_utf8(chunk: bytes, options: FileOptions, notes: list[str]) -> None:
    """Any bytes can be read as Latin-1, but hardly any Latin-1 text as UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(chunk)
    except UnicodeDecodeError:
        return
    notes.append(f"the text also reads as UTF-8: is `encoding: {options.encoding}` right?")


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") or text.count(b"\r")
