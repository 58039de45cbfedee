"""Inputs, the chunks they are cut into, and the documents of a chunk.

A chunk is the unit of work and of resuming. Chunks follow from the inputs and the chunk size alone, never from the number of
processes, and all documents of all chunks, in order, are the documents of the whole, numbered from 0.
"""
import dataclasses
import json
import pathlib

from optfleet.prepare.errors import PrepareError

FORMATS = ("text", "jsonl", "parquet")
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet"}


@dataclasses.dataclass(frozen=True)
class Reading:
    """How documents stand in files."""
    format: str       # auto or one of FORMATS
    documents: str    # of text: file (one document) or lines (a document each)
    field: str        # of JSON lines
    column: str       # of Parquet

    def format_of(self, path: str) -> str:
        return _ENDINGS.get(pathlib.Path(path).suffix.lower(), "text") if self.format == "auto" else self.format


@dataclasses.dataclass(frozen=True)
class Chunk:
    path: str
    begin: int  # bytes; of Parquet: row groups
    end: int
    bytes: int  # for progress: about so many


def chunks_of(path: str, reading: Reading, chunk_bytes: int) -> list[Chunk]:
    size = pathlib.Path(path).stat().st_size
    kind = reading.format_of(path)
    if kind == "parquet":
        groups = _parquet(path).metadata.num_row_groups
        return [Chunk(path, group, group + 1, size // groups) for group in range(groups)]
    if kind == "text" and reading.documents == "file":
        return [Chunk(path, 0, size, size)]
    return [Chunk(path, begin, min(begin + chunk_bytes, size), min(chunk_bytes, size - begin))
            for begin in range(0, size, chunk_bytes)]


def documents_of(chunk: Chunk, reading: Reading):
    """The texts of a chunk. A line belongs to the chunk in which it begins; blank lines are no documents."""
    kind = reading.format_of(chunk.path)
    if kind == "parquet":
        yield from _parquet_texts(chunk, reading.column)
    elif kind == "jsonl":
        for begin, line in _lines(chunk):
            yield _json_text(chunk.path, begin, line, reading.field)
    elif reading.documents == "lines":
        for begin, line in _lines(chunk):
            yield _decode(chunk.path, begin, line)
    else:
        yield _decode(chunk.path, 0, pathlib.Path(chunk.path).read_bytes())


def _lines(chunk: Chunk):
    with open(chunk.path, "rb") as file:
        if chunk.begin > 0:
            file.seek(chunk.begin - 1)
            file.readline()  # the rest of a line that began before, or the newline just before this chunk
        begin = file.tell()
        while begin < chunk.end:
            line = file.readline()
            text = line.removesuffix(b"\n").removesuffix(b"\r")
            if text.strip():
                yield begin, text
            begin += len(line)


def _place(path: str, offset: int) -> str:
    """path:line of a byte, counted only once something is wrong."""
    with open(path, "rb") as file:
        line, left = 1, offset
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            line += block.count(b"\n")
            left -= len(block)
    return f"{path}:{line}"


def _decode(path: str, begin: int, text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PrepareError(f"{_place(path, begin + error.start)}: byte {begin + error.start} of the file is no UTF-8; "
                           "convert the file to UTF-8 first") from None


def _json_text(path: str, begin: int, line: bytes, field: str) -> str:
    text = _decode(path, begin, line)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise PrepareError(f"{_place(path, begin)}: not a line of JSON ({error})") from None
    if not isinstance(value, dict):
        raise PrepareError(f"{_place(path, begin)}: a line must be a JSON object, found {type(value).__name__}")
    if field not in value:
        raise PrepareError(f"{_place(path, begin)}: no field `{field}`; name one of {', '.join(value) or 'none'} by --field")
    if not isinstance(value[field], str):
        raise PrepareError(f"{_place(path, begin)}: the field `{field}` is no text but {type(value[field]).__name__}")
    try:
        value[field].encode()
    except UnicodeEncodeError:
        raise PrepareError(f"{_place(path, begin)}: the field `{field}` holds half a surrogate pair, which is no text") from None
    return value[field]


def _parquet(path: str):
    try:
        import pyarrow.parquet
    except ImportError:
        raise PrepareError("reading Parquet needs the package pyarrow (deploy/requirements-data.txt)") from None
    try:
        return pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.lib.ArrowException) as error:
        raise PrepareError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _parquet_texts(chunk: Chunk, column: str):
    file = _parquet(chunk.path)
    names = file.schema_arrow.names
    if column not in names:
        raise PrepareError(f"{chunk.path}: no column `{column}`; name one of {', '.join(names)} by --column")
    row = 0
    for batch in file.iter_batches(batch_size=1024, row_groups=list(range(chunk.begin, chunk.end)), columns=[column]):
        for text in batch.column(0).to_pylist():
            if not isinstance(text, str):
                raise PrepareError(f"{chunk.path}: row {row} of row group {chunk.begin}: the column `{column}` "
                                   f"is no text but {type(text).__name__}")
            row += 1
            yield text
