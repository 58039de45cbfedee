"""Tokenizers: trained, loaded, or bytes. What encodes is always the text of a tokenizer.json, so that every process has the same."""
import hashlib
import json

import numpy as np

from optfleet.prepare.errors import PrepareError

END_OF_TEXT = "<|endoftext|>"
WORD_TOKENS = ["<eos>", "<pad>", "<unk>"]
# What others call it, in the order in which it is looked for.
KNOWN_ENDS = [END_OF_TEXT, "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "[SEP]"]


def _library():
    try:
        import tokenizers
    except ImportError:
        raise PrepareError("this needs the package tokenizers (deploy/requirements-data.txt); --bytes does not") from None
    return tokenizers


def train_bpe(texts, vocab_size: int) -> str:
    """Byte-level BPE as of GPT-2; the end of text is token 0. Equal texts give an equal tokenizer."""
    library = _library()
    tokenizer = library.Tokenizer(library.models.BPE())
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[END_OF_TEXT], show_progress=False,
                                          initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


def train_words(texts, vocab_size: int) -> str:
    """A vocabulary of what stands between white space, the most frequent first, behind <eos>, <pad> and <unk>."""
    library = _library()
    tokenizer = library.Tokenizer(library.models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = library.pre_tokenizers.WhitespaceSplit()
    trainer = library.trainers.WordLevelTrainer(vocab_size=vocab_size, special_tokens=WORD_TOKENS, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


def check(text: str, path: str) -> None:
    try:
        _library().Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise PrepareError(f"{path} is not a tokenizer.json of Hugging Face tokenizers: {error}") from None


class BytesEncoder:
    """A token is a byte; the end of text is 256."""

    def __init__(self, ends: bool):
        self.end_of_text = 256 if ends else -1
        self.vocab_size = 257 if ends else 256
        self.fingerprint = bytes(32)

    def encode(self, texts):
        return [np.frombuffer(text.encode(), np.uint8) for text in texts]


class Encoder:
    """Of a tokenizer.json. `end` names the end of text; empty: one of KNOWN_ENDS."""

    def __init__(self, text: str, end: str, ends: bool):
        self.tokenizer = _library().Tokenizer.from_str(text)
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        ids = self.tokenizer.get_vocab(with_added_tokens=True)
        self.vocab_size = max(ids.values(), default=-1) + 1
        self.end_of_text = self._end_id(ids, end) if ends else -1
        self.fingerprint = hashlib.sha256(text.encode()).digest()

    @staticmethod
    def _end_id(ids, end: str) -> int:
        if end and end not in ids:
            raise PrepareError(f"the tokenizer has no token `{end}`; name its end of text by --end-of-text, "
                               "or leave it out by --no-end-of-text")
        for name in [end] if end else KNOWN_ENDS:
            if name in ids:
                return ids[name]
        raise PrepareError(f"the tokenizer has none of the usual ends of text ({', '.join(KNOWN_ENDS)}); name its own by "
                           "--end-of-text, or leave it out by --no-end-of-text")

    def encode(self, texts):
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.asarray(one.ids, np.uint32) for one in encoded]


def make(tokenizer_json: str, end: str, ends: bool):
    """`tokenizer_json` empty: bytes."""
    return Encoder(tokenizer_json, end, ends) if tokenizer_json else BytesEncoder(ends)


def kind_of(tokenizer_json: str) -> str:
    return json.loads(tokenizer_json)["model"].get("type", "unnamed model") if tokenizer_json else "bytes"
