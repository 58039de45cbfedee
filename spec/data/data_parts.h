// The two parts of a run's data, and how many sequences train: what the trainer reads, and what can be told
// of it before by a look at a file's head. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/result.h"
#include "spec/data/token_layout.h"
#include "spec/data/tokens.h"
#include "spec/training_spec.h"

namespace optfleet::data {

struct DataPart {
  Tokens tokens;
  std::optional<int64_t> utf8_bytes;  // of the original text; nothing where the file does not say it

  // On average; nothing where the file does not say it, or holds no text.
  std::optional<double> BytesPerToken() const {
    if (utf8_bytes.value_or(0) == 0 || tokens.size() == 0) return std::nullopt;
    return static_cast<double>(*utf8_bytes) / static_cast<double>(tokens.size());
  }
};

// How many of `tokens` train, from the front: floor((1 - share) x tokens). No sequence, targets included,
// crosses that border, so nothing that validates was trained on.
int64_t TrainingShare(int64_t tokens, double validation_share);

// Cuts a file's tokens at the given share. Where documents are known the border moves down to the start of
// one, so that none is divided and the bytes of both parts are known.
void SplitByShare(const TokenLayout& layout, double validation_share, DataPart* train, DataPart* validation);

// How many whole sequences a part holds: floor((tokens - 1) / sequence_length).
int64_t CountSequences(int64_t tokens, int64_t sequence_length);

// Sequences of an epoch of a run on the bytes of its data.path, of which only the head is looked at: damage
// behind it is not seen. Errors are sentences to follow the file's name, as those of ReadLayout.
Result<int64_t> CountTrainingSequences(std::span<const uint8_t> file, const spec::TrainingSpec& spec);

}  // namespace optfleet::data
