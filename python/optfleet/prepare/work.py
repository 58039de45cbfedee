"""Encodes chunks in this process or in several. What is written does not depend on how many there are."""
import concurrent.futures
import ctypes
import multiprocessing
import os
import pathlib
import signal

from optfleet.prepare import encoders, shards
from optfleet.prepare.errors import PrepareError

_PR_SET_PDEATHSIG = 1
_state = {}  # of a worker process


def encode_all(chunks, numbers, folder: pathlib.Path, reading, encoder_options, processes: int, done) -> None:
    """Writes the shards of the chunks of these numbers and calls done(number) after each, in any order."""
    if processes == 1:
        _start(folder, reading, encoder_options, parent=0)
        for number in numbers:
            _encode(number, chunks[number])
            done(number)
        return
    # A fresh interpreter each: the library of tokenizers has threads, which a fork would lose.
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(min(processes, len(numbers)), context, _start,
                                                  (folder, reading, encoder_options, os.getpid()))
    try:
        waiting = {pool.submit(_encode, number, chunks[number]): number for number in numbers}
        for future in concurrent.futures.as_completed(waiting):
            future.result()
            done(waiting[future])
    except concurrent.futures.process.BrokenProcessPool:
        raise PrepareError("a process that encodes was killed, perhaps for memory; give the same command again, "
                           "it goes on from there, with fewer --processes") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start(folder, reading, encoder_options, parent: int) -> None:
    if parent:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # No process stays behind, even if the first one is killed with -9.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    _state.update(folder=folder, reading=reading, encoder=encoders.make(*encoder_options))


def _encode(number: int, chunk) -> None:
    shard = shards.encode_chunk(chunk, _state["reading"], _state["encoder"])
    shards.write(shards.path_of(_state["folder"], number), shard)
