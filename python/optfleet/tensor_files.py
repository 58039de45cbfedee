"""Safetensors files as NumPy arrays: https://github.com/huggingface/safetensors, one file or several with an index.

Everything is read as fp32, from which bf16 and fp16 lose nothing; `write` writes fp32. Without Torch.
"""

import json
import os
import pathlib
import struct

import numpy

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


class FileError(ValueError):
    """What is wrong with a file, and where, in one sentence."""


def _widen(kind, raw):
    if kind == "BF16":
        return (numpy.frombuffer(raw, numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32)
    types = {"F32": numpy.float32, "F16": numpy.float16, "F64": numpy.float64}
    if kind not in types:
        return None  # a mask or a counter that some files carry
    return numpy.frombuffer(raw, types[kind]).astype(numpy.float32)


def read(path):
    """{name: fp32 array}. Tensors of whole numbers are left out."""
    tensors = {}
    with open(path, "rb") as file:
        start = file.read(8)
        (size,) = struct.unpack("<Q", start) if len(start) == 8 else (-1,)
        text = file.read(size) if 0 <= size <= 100_000_000 else b""
        try:
            header = json.loads(text)
        except ValueError as error:
            raise FileError(f"{path} is no safetensors file: its header is no JSON") from error
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + size + begin)
            raw = file.read(end - begin)
            if len(raw) != end - begin:
                raise FileError(f"{path} ends inside tensor {name}")
            values = _widen(entry["dtype"], raw)
            if values is not None:
                tensors[name] = values.reshape(entry["shape"])
    return tensors


def read_folder(folder):
    """The tensors of model.safetensors, or of the files that model.safetensors.index.json names."""
    folder = pathlib.Path(folder)
    if not (folder / INDEX).is_file():
        if not (folder / SINGLE).is_file():
            raise FileError(f"{folder} holds neither {SINGLE} nor {INDEX}")
        return read(folder / SINGLE)
    places = json.loads((folder / INDEX).read_text())["weight_map"]
    tensors = {}
    for name in sorted(set(places.values())):
        if pathlib.PurePath(name).name != name or not (folder / name).is_file():
            raise FileError(f"{folder / INDEX} names {name}, which is not in the folder")
        tensors.update(read(folder / name))
    missing = sorted(set(places) - set(tensors))
    if missing:
        raise FileError(f"{folder / INDEX} names tensor {missing[0]}, which no file holds")
    return tensors


def write(path, tensors, metadata=None):
    """fp32, in the order of `tensors`; a file of that name is replaced once the new one is whole."""
    header, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [end, end + 4 * values.size]}
        end += 4 * values.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    partial = f"{path}.partial"
    with open(partial, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(numpy.ascontiguousarray(values, numpy.float32).tobytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
