#include "spec/data/data_parts.h"

#include <algorithm>
#include <cmath>

namespace optfleet::data {
namespace {

// The last document that begins at or before `border`; 0 if only the first does.
int64_t LastDocumentAt(const DocumentTable& documents, int64_t border) {
  int64_t low = 0;
  int64_t high = documents.size();
  while (low + 1 < high) {
    const int64_t middle = low + (high - low) / 2;
    (documents.Token(middle) <= border ? low : high) = middle;
  }
  return low;
}

}  // namespace

int64_t TrainingShare(int64_t tokens, double validation_share) {
  const double kept = std::floor((1.0 - validation_share) * static_cast<double>(tokens));
  return std::min(tokens, static_cast<int64_t>(std::max(0.0, kept)));
}

void SplitByShare(const TokenLayout& layout, double validation_share, DataPart* train, DataPart* validation) {
  const Tokens& tokens = layout.tokens;
  int64_t border = TrainingShare(tokens.size(), validation_share);
  *train = {};
  *validation = {};
  if (layout.format == spec::DataFormat::kText) {
    train->utf8_bytes = border;
    validation->utf8_bytes = tokens.size() - border;
  } else if (const int64_t document = LastDocumentAt(layout.documents, border); document > 0) {
    border = layout.documents.Token(document);
    train->utf8_bytes = layout.documents.Byte(document);
    validation->utf8_bytes = *layout.utf8_bytes - *train->utf8_bytes;
  }
  train->tokens = tokens.Part(0, border);
  validation->tokens = tokens.Part(border, tokens.size() - border);
}

int64_t CountSequences(int64_t tokens, int64_t sequence_length) {
  return tokens == 0 ? 0 : (tokens - 1) / sequence_length;
}

Result<int64_t> CountTrainingSequences(std::span<const uint8_t> file, const spec::TrainingSpec& spec) {
  const spec::DataSpec& keys = spec.data;
  auto layout = ReadLayout(file, keys.format, keys.token_bytes, keys.path, Reading::kHead);
  if (!layout.has_value()) return Fail(std::move(layout).error());
  DataPart train{layout->tokens, {}};
  DataPart validation;
  if (keys.validation_path.empty()) SplitByShare(*layout, keys.validation_share, &train, &validation);
  return CountSequences(train.tokens.size(), keys.sequence_length);
}

}  // namespace optfleet::data
