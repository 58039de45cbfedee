"""Writes a token file (docs/data.md holds its layout byte by byte)."""
import struct
import zlib

import numpy as np

from optfleet.prepare.files import replacing

MAGIC = b"OPTFTOK\x01"
HEADER_BYTES = 128
_HEADER = struct.Struct("<8sIIqQQQQQ32sQI16x")  # 124 bytes; the checksum of these follows
assert _HEADER.size == HEADER_BYTES - 4


def dtype_for(vocab_size: int):
    return np.dtype("u1") if vocab_size <= 1 << 8 else np.dtype("<u2") if vocab_size <= 1 << 16 else np.dtype("<u4")


class TokenFileWriter:
    """Takes documents in order; `close` writes table and header. Use within `token_file`."""

    def __init__(self, file, encoder):
        self._file = file
        self._encoder = encoder
        self._dtype = dtype_for(encoder.vocab_size)
        self._sum = 0
        self._lengths = []
        self._bytes = []
        self.tokens = 0
        self.documents = 0
        self.utf8_bytes = 0
        file.write(bytes(HEADER_BYTES))

    def add(self, tokens, lengths, utf8_bytes) -> None:
        """Tokens of documents side by side, with the tokens and bytes of each."""
        self._write(tokens.astype(self._dtype, copy=False).tobytes())
        self._lengths.append(lengths.astype("<u8"))
        self._bytes.append(utf8_bytes.astype("<u8"))
        self.tokens += len(tokens)
        self.documents += len(lengths)
        self.utf8_bytes += int(utf8_bytes.sum())

    def _write(self, data: bytes) -> None:
        self._sum = zlib.crc32(data, self._sum)
        self._file.write(data)

    def close(self) -> None:
        self._write(bytes(-self._file.tell() % 8))
        table_at = self._file.tell()
        table = np.zeros((self.documents + 1, 2), "<u8")
        if self.documents:
            table[1:, 0] = np.cumsum(np.concatenate(self._lengths))
            table[1:, 1] = np.cumsum(np.concatenate(self._bytes))
        self._write(table.tobytes())
        encoder = self._encoder
        header = _HEADER.pack(MAGIC, self._dtype.itemsize, encoder.vocab_size, encoder.end_of_text, self.documents, self.tokens,
                              self.utf8_bytes, HEADER_BYTES, table_at, encoder.fingerprint, self._file.tell(), self._sum)
        self._file.seek(0)
        self._file.write(header + struct.pack("<I", zlib.crc32(header)))


def token_file(path, encoder, fill):
    """Calls `fill` with a writer; the file appears when all is written. Returns the writer, for its counts."""
    with replacing(path) as file:
        writer = TokenFileWriter(file, encoder)
        fill(writer)
        writer.close()
    return writer
