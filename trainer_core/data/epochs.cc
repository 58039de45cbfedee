#include "trainer_core/data/epochs.h"

#include "common/mapped_file.h"
#include "common/text.h"
#include "spec/data/data_parts.h"
#include "spec/epochs.h"

namespace optfleet::trainer {

Status SetStepsOfEpochs(int64_t sequences, spec::TrainingSpec* spec) {
  if (spec->budget.epochs == 0) return {};
  if (sequences < 1)
    return Fail(Code::kFailedPrecondition,
                "the training part of data.path holds no whole sequence of data.sequence_length " +
                    std::to_string(spec->data.sequence_length) +
                    " and its last target; use a longer file or a shorter sequence");
  const std::string epochs = FormatNumber(spec->budget.epochs);
  const auto problems = spec::ResolveEpochs(sequences, spec);
  if (problems.empty()) return {};
  return Fail(Code::kInvalidArgument, "budget.epochs " + epochs + " of " + std::to_string(sequences) +
                                          " sequences: " + problems.front().message + "; " +
                                          problems.front().remedy);
}

Status SetStepsOfEpochs(spec::TrainingSpec* spec) {
  if (spec->budget.epochs == 0) return {};
  const auto file = MappedFile::Open(spec->data.path);
  if (!file.has_value()) return Fail(file.error().In("data.path"));
  const auto sequences = data::CountTrainingSequences((*file)->bytes(), *spec);
  if (!sequences.has_value())
    return Fail(sequences.error().code(),
                "data.path: " + spec->data.path + " " + sequences.error().message());
  return SetStepsOfEpochs(*sequences, spec);
}

}  // namespace optfleet::trainer
