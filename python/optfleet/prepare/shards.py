"""A shard holds the encoded documents of one chunk: a line of JSON, then tokens per document, UTF-8 bytes per document, tokens.

It appears whole or not at all, so after a kill the shards that are there are those that are done.
"""
import dataclasses
import json
import pathlib
import zlib

import numpy as np

from optfleet.prepare.documents import documents_of
from optfleet.prepare.errors import PrepareError
from optfleet.prepare.files import replacing
from optfleet.prepare.token_file import dtype_for

_TEXTS_AT_ONCE = 256


@dataclasses.dataclass(frozen=True)
class Shard:
    lengths: np.ndarray  # tokens of each document, end of text included; 0: it was empty and is left out
    bytes: np.ndarray    # UTF-8 bytes of each document
    tokens: np.ndarray


def path_of(folder: pathlib.Path, number: int) -> pathlib.Path:
    return folder / f"shard-{number:06d}"


def encode_chunk(chunk, reading, encoder) -> Shard:
    end = np.array([encoder.end_of_text] if encoder.end_of_text >= 0 else [], np.int64)
    dtype = dtype_for(encoder.vocab_size)
    lengths, sizes, parts = [], [], []
    for texts in _batches(documents_of(chunk, reading)):
        for text, ids in zip(texts, encoder.encode(texts)):
            parts += [ids.astype(dtype), end.astype(dtype)] if text else []
            lengths.append(len(ids) + len(end) if text else 0)
            sizes.append(len(text.encode()))
    tokens = np.concatenate(parts) if parts else np.zeros(0, dtype)
    return Shard(np.array(lengths, "<u8"), np.array(sizes, "<u8"), tokens)


def _batches(texts):
    batch = []
    for text in texts:
        batch.append(text)
        if len(batch) == _TEXTS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def write(path: pathlib.Path, shard: Shard) -> None:
    data = shard.lengths.tobytes() + shard.bytes.tobytes() + shard.tokens.tobytes()
    head = {"documents": len(shard.lengths), "tokens": len(shard.tokens), "dtype": shard.tokens.dtype.str, "crc32": zlib.crc32(data)}
    with replacing(path) as file:
        file.write(json.dumps(head).encode() + b"\n" + data)


def read(path: pathlib.Path) -> Shard:
    head_line, _, data = path.read_bytes().partition(b"\n")
    try:
        head = json.loads(head_line)
        documents = head["documents"]
        if head["crc32"] != zlib.crc32(data):
            raise ValueError
        return Shard(np.frombuffer(data, "<u8", documents), np.frombuffer(data, "<u8", documents, 8 * documents),
                     np.frombuffer(data, head["dtype"], head["tokens"], 16 * documents))
    except (ValueError, KeyError):
        raise PrepareError(f"{path} is damaged; remove it and give the same command again") from None
