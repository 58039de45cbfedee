// Filling a model from a file of weights (the spec's `start`): chosen by name, layers taken from others,
// vocabularies of another size. Knows no Torch; everything depends on the file, the spec and what the tensors
// hold before, so it is deterministic. The file is mapped and must not change meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/data/parts.h"

namespace optfleet::trainer {

// A parameter in host memory, contiguous, filled as the model begins.
struct HostTensor {
  std::string name;
  std::string type;  // "F32" or "BF16"
  std::vector<int64_t> shape;
  char* data = nullptr;
};

struct StartReport {
  std::string file;                      // that was read
  DataFingerprint fingerprint;           // of it
  int64_t taken = 0;                     // parameters that come from the file
  int64_t resized = 0;                   // of them, with other rows
  int64_t begun_anew = 0;                // the others
  std::vector<std::string> differences;  // that were not refused: start.strict false
};

// Fills `tensors`. NOT_FOUND and DATA_LOSS for the file, FAILED_PRECONDITION for another fingerprint or, with
// start.strict, for everything that does not match, all of it at once and counted. `start.weights` is given.
// Parameters that do not match keep what they hold. An output matrix that the file lacks begins as its token
// embedding, as the file's model has it.
Result<StartReport> StartFrom(const spec::TrainingSpec& spec, const std::vector<HostTensor>& tensors);

// The checkpoint's folder that start.weights means, for its optimizer's state. FAILED_PRECONDITION for a
// file.
Result<std::string> CheckpointOfStart(const spec::StartSpec& start);

// "1c291ca3-51234": CRC-32C in hexadecimal, size.
std::string FingerprintText(const DataFingerprint& fingerprint);

// Whether a name matches one of the patterns with * and ?, separated by commas.
bool MatchesAny(std::string_view patterns, std::string_view name);

}  // namespace optfleet::trainer
