"""Reads what a run directory and its checkpoints hold: safetensors files and metrics.log (docs/run-directory.md).

Written from the page, not from the C++ code, so that the two check each other.
"""

import ctypes
import json
import struct

import torch

_TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "I64": torch.int64, "U8": torch.uint8}


def read_safetensors(path):
    """Tensors by name."""
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    (size,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = raw[8 + size + begin : 8 + size + end]
        tensors[name] = torch.frombuffer(data, dtype=_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    """Tensors by name, in their own types."""
    names = {dtype: name for name, dtype in _TYPES.items()}
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        whole = tensor.detach().contiguous()
        raw = ctypes.string_at(whole.data_ptr(), whole.nbytes)
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(raw)],
        }
        parts.append(raw)
        end += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read_metrics(path):
    """[(number, step, {key: value})] in the order of the file. Stops with an error at damage."""
    return [(number, step, points) for number, step, _, points in read_timed_metrics(path)]


def read_timed_metrics(path):
    """The same with the Unix time of each record, in seconds, before its points."""
    with open(path, "rb") as file:
        raw = file.read()
    assert raw[:8] == b"OPTFLOG\x01", "not a metrics log of version 1"
    keys, records, at = {}, [], 8
    while at < len(raw):
        size, _checksum = struct.unpack_from("<II", raw, at)
        body = raw[at + 8 : at + 8 + size]
        at += 8 + size
        if body[0] == 1:
            first, count = struct.unpack_from("<HH", body, 1)
            place = 5
            for key_id in range(first, first + count):
                length = body[place]
                keys[key_id] = body[place + 1 : place + 1 + length].decode()
                place += 1 + length
        else:
            number, step, time, count = struct.unpack_from("<QQqH", body, 1)
            points = {}
            for i in range(count):
                key_id, value = struct.unpack_from("<Hd", body, 27 + 10 * i)
                points[keys[key_id]] = value
            records.append((number, step, time / 1e6, points))
    return records
