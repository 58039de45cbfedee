// Where numbers were computed: runs are bit-equal only under equal stamps.
#pragma once

#include <ATen/core/TensorBody.h>

#include "common/json.h"
#include "spec/training_spec.h"

namespace optfleet::trainer {

// Device, its model, vector instructions, threads, LibTorch's version, and the kernel of attention that
// trains.
Json NumericsStamp(const spec::TrainingSpec& spec, at::Device device);

// `here` with `resumed_from`: every other stamp under which steps before were computed, each once, the newest
// first, given the stamp in the checkpoint that goes on here. Without the key if all was computed as here.
Json StampOfResumed(Json here, Json checkpoint);

}  // namespace optfleet::trainer
