"""A fast proof that a delimited text quotes by the book (RFC 4180), chunk by chunk.

The engine accepts more than the book: a quote that is never closed swallows the rest of the file,
and text behind a closing quote joins the field, both without an error. Where every quote opens
at the start of a field or closes at the end of one, neither can be. The proof goes by parity: in
a text by the book the quotes open and close in turn, a doubled one being a close and an open.
"""

from typing import Any

_TAIL_BYTES = 2
"""The last byte, not looked at yet, and the one before it."""


class QuoteGuard:
    """Looks at every quote of a text.

    Attributes:
        is_by_the_book: False once a quote stands where the book has none. The text may still be
            sound (`5" pipe` unquoted): somebody must look at it closely.
    """

    def __init__(self, delimiter: str, quote: str) -> None:
        import numpy as np

        self._quote = ord(quote)
        self._is_border = np.zeros(256, dtype=bool)
        self._is_border[[ord(delimiter), ord("\n"), ord("\r"), self._quote]] = True
        self._tail = b"\n"
        self._count = 0
        self.is_by_the_book = True

    def feed(self, chunk: bytes) -> None:
        """Look at the next chunk; its last byte waits for the one that follows it."""
        if self.is_by_the_book:
            self._look(self._tail + chunk)
            self._tail = (self._tail + chunk[-_TAIL_BYTES:])[-_TAIL_BYTES:]

    def finish(self) -> None:
        """Look at the last byte, and whether all quotes are closed."""
        if self.is_by_the_book:
            self._look(self._tail + b"\n")
            self.is_by_the_book = self.is_by_the_book and self._count % 2 == 0

    def _look(self, window: bytes) -> None:
        import numpy as np

        if self._quote not in window[1:-1]:
            return
        codes: Any = np.frombuffer(window, dtype=np.uint8)
        places = np.flatnonzero(codes[1:-1] == self._quote) + 1
        first_closing = 1 - self._count % 2
        closing, opening = places[first_closing::2], places[1 - first_closing :: 2]
        self._count += len(places)
        self.is_by_the_book = bool(
            self._is_border[codes[opening - 1]].all() and self._is_border[codes[closing + 1]].all()
        )
