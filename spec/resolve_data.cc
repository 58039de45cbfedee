#include <bit>

#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kByteValues = 256;
constexpr int64_t kUsualPieces = 8;

bool IsReadAsBytes(const DataSpec& data) {
  return data.format == DataFormat::kAuto || data.format == DataFormat::kText;
}

// Of a file that the format leaves open, a vocabulary below 256 can only be a prepared one.
void CheckVocabulary(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (!IsReadAsBytes(spec.data) || spec.model.vocab_size >= kByteValues) return;
  problems->push_back({"vocabulary_holds_bytes",
                       {"model.vocab_size"},
                       Show("model.vocab_size", spec.model.vocab_size) +
                           " is less than the 256 values of a byte, as which `data.path` is read",
                       "use 256 or more, or say the `data.format` of a file that holds tokens"});
}

// Windows that begin anywhere never add up to a pass.
void CheckEpochs(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (spec.budget.epochs == 0 || spec.data.order != DataOrder::kRandomWindows) return;
  problems->push_back(
      {"epochs_of_an_order",
       {"budget.epochs", "data.order"},
       "`budget.epochs` counts passes over the data, and `data.order` random_windows makes none",
       "give the budget in tokens, or visit the data shuffled or sequential"});
}

void CheckLengthWarmup(const DataSpec& data, std::vector<Problem>* problems) {
  if (data.length_warmup.amount == 0) return;
  const bool divides = data.length_start > 0 && data.sequence_length % data.length_start == 0;
  const int64_t pieces = divides ? data.sequence_length / data.length_start : 0;
  if (pieces > 1 && std::has_single_bit(static_cast<uint64_t>(pieces))) return;
  problems->push_back({"length_doubles_to_the_whole",
                       {"data.length_start", "data.length_warmup", "data.sequence_length"},
                       Show("data.length_start", data.length_start) + " does not double to " +
                           Show("data.sequence_length", data.sequence_length),
                       "give the sequence length divided by 2, 4, 8 or so"});
}

}  // namespace

void FillData(TrainingSpec* spec) {
  DataSpec& data = spec->data;
  if (data.seed == spec->training.seed) data.seed.reset();
  if (data.length_warmup.amount > 0 && data.length_start == 0 && data.sequence_length % kUsualPieces == 0)
    data.length_start = data.sequence_length / kUsualPieces;
}

void DropEmptyLengthWarmup(TrainingSpec* spec) {
  if (spec->data.length_warmup.amount == 0) spec->data.length_start = 0;
}

void CheckData(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const DataSpec& data = spec.data;
  if (data.path.empty())
    problems->push_back(
        {"data_is_given", {"data.path"}, "`data.path` is missing", "name the file to train on"});
  if (data.token_bytes == 3)
    problems->push_back({"token_bytes_of_a_number",
                         {"data.token_bytes"},
                         "`data.token_bytes` 3 is no width of a whole number in these files",
                         "use 2 (uint16) or 4 (uint32)"});
  CheckVocabulary(spec, problems);
  CheckEpochs(spec, problems);
  CheckLengthWarmup(data, problems);
}

}  // namespace optfleet::spec
