"""Shards to the two token files. A document's side follows from seed and number alone."""
import numpy as np

from optfleet.prepare import shards
from optfleet.prepare.errors import PrepareError
from optfleet.prepare.token_file import token_file

TRAIN, VALIDATION = "train.tokens", "validation.tokens"


def mix_bits(value):
    """SplitMix64 (Steele, Lea, Flood 2014) of an array of uint64, as trainer_core/data/permutation.h has it."""
    with np.errstate(over="ignore"):
        value = value + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def validates(seed: int, share: float, first: int, count: int):
    """Whether each of `count` documents from number `first` on is on the validation side: mix(mix(seed) ^ number) / 2^64 < share."""
    numbers = np.arange(first, first + count, dtype=np.uint64)
    drawn = mix_bits(mix_bits(np.array([seed], np.uint64)) ^ numbers)
    return drawn < np.uint64(min(int(share * 2.0**64), 2**64 - 1))


def assemble(folder, count: int, out, encoder, seed: int, share: float, done):
    """Writes the files; done(number) after each shard. Returns the writers of both, the second None without such documents."""
    sides = [None, None]

    def fill(side):
        def write(writer):
            first = 0
            for number in range(count):
                shard = shards.read(shards.path_of(folder, number))
                chosen = (validates(seed, share, first, len(shard.lengths)) == bool(side)) & (shard.lengths > 0)
                first += len(shard.lengths)
                lengths = shard.lengths[chosen]
                writer.add(shard.tokens[np.repeat(chosen, shard.lengths.astype(np.int64))], lengths, shard.bytes[chosen])
                done(number)
        return write

    sides[0] = token_file(out / TRAIN, encoder, fill(0))
    if sides[0].tokens == 0:
        (out / TRAIN).unlink()
        raise PrepareError("no document is left to train on; give more documents or a smaller --validation-share")
    if share > 0:
        sides[1] = token_file(out / VALIDATION, encoder, fill(1))
        if sides[1].tokens == 0:
            (out / VALIDATION).unlink()
            sides[1] = None
    return sides
