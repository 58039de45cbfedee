// The data of a run: the mapped files of data.path and data.validation_path and their two parts. Immutable
// after Open; usable from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/mapped_file.h"
#include "common/result.h"
#include "spec/data/data_parts.h"
#include "spec/training_spec.h"
#include "trainer_core/data/parts.h"

namespace optfleet::trainer {

using data::DataPart;

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

}  // namespace optfleet::trainer
