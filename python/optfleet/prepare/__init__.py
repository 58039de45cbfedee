"""Text to token files. One module per step: inputs (documents), tokenizers, shards (one per chunk of input), work (processes),
assembly (the token files), and the command over them."""
