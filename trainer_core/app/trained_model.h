// A model as a run left it, to be evaluated. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <memory>
#include <string>

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

struct ModelSource {
  std::string checkpoint;  // folder of a checkpoint, or a run directory: its newest good one
  bool average = false;    // of its weights (the spec's `averaging`) in their place
  std::string weights;     // or a safetensors file
  std::string config;      // with its spec file, of which the model and the precision are read
};

// Turns a run directory into the checkpoint that is meant, which then is good. Damaged ones that were passed
// over are named on standard error. DATA_LOSS if none is good.
Status FindCheckpoint(ModelSource* source);

// The spec: of the checkpoint, or of `config`.
Result<spec::TrainingSpec> SpecOf(const ModelSource& source);

// The weights that the run validates: of an averaging rule of the optimizer its average, which a weights file
// is taken to hold. FAILED_PRECONDITION if an average is asked for that is not there. Errors name the file.
Result<std::unique_ptr<Transformer>> LoadModel(const ModelSource& source, const spec::TrainingSpec& spec,
                                               at::Device device);

}  // namespace optfleet::trainer
