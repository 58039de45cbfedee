// The data of a run: the mapped files of data.path and data.validation_path and their two parts. Immutable
// after Open; usable from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/data/mapped_file.h"
#include "trainer_core/data/parts.h"
#include "trainer_core/data/token_layout.h"

namespace optfleet::trainer {

struct DataPart {
  Tokens tokens;
  std::optional<int64_t> utf8_bytes;  // of the original text; nothing where the file does not say it

  // On average; nothing where the file does not say it, or holds no text.
  std::optional<double> BytesPerToken() const {
    if (utf8_bytes.value_or(0) == 0 || tokens.size() == 0) return std::nullopt;
    return static_cast<double>(*utf8_bytes) / static_cast<double>(tokens.size());
  }
};

class DataSet {
 public:
  // The spec is resolved. Errors name the key and the file; FAILED_PRECONDITION for tokens that
  // model.vocab_size does not hold, or two files of different tokenizers. Reads each file once.
  static Result<std::unique_ptr<DataSet>> Open(const spec::TrainingSpec& spec);

  const DataPart& train() const { return train_; }
  const DataPart& validation() const { return validation_; }
  const DataFingerprint& fingerprint() const { return fingerprint_; }  // of both files
  // ContentStamp of each file, by its key.
  const std::map<std::string, std::string>& stamps() const { return stamps_; }

 private:
  DataSet() = default;
  std::unique_ptr<MappedFile> file_;
  std::unique_ptr<MappedFile> validation_file_;  // null: a share of the other
  DataPart train_;
  DataPart validation_;
  DataFingerprint fingerprint_;
  std::map<std::string, std::string> stamps_;
};

// Cuts a file's tokens at the given share. Where documents are known the border moves down to the start of
// one, so that none is divided and the bytes of both parts are known.
void SplitByShare(const TokenLayout& layout, double validation_share, DataPart* train, DataPart* validation);

}  // namespace optfleet::trainer
