// A model as a run left it, to be evaluated. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

struct ModelSource {
  std::string checkpoint;  // folder of a checkpoint, or
  std::string weights;     // a safetensors file
  std::string config;      // spec file; a checkpoint in its run directory needs none
};

// The spec of the run: of `config`, else of the job.json of the run directory that holds the checkpoint.
// INVALID_ARGUMENT if there is neither.
Result<spec::TrainingSpec> SpecOf(const ModelSource& source);

// The weights that the run would evaluate at: of an averaging rule the average, which a checkpoint's
// optimizer state is needed for and a weights file is taken to hold. A checkpoint's files are checked against
// its manifest. Errors name the file.
Result<std::unique_ptr<Transformer>> LoadModel(const ModelSource& source, const spec::TrainingSpec& spec,
                                               at::Device device);

}  // namespace optfleet::trainer
