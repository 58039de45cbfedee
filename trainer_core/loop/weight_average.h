// The average of the weights that the spec's `averaging` asks for, fp32 whatever the weights are (4 bytes a
// parameter). Reads the weights only, so the training is the same with and without. Owned by the training
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/training_spec.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

class WeightAverage {
 public:
  // `parameters` are the live ones.
  WeightAverage(const spec::TrainingSpec& spec, const NamedTensors& parameters);

  // After the update of a step: takes the weights if it is their turn (spec/averaging.h).
  void Observe(int64_t step);

  // How many the mean holds; with 0 there is no average yet.
  int64_t samples() const { return samples_; }
  // The average under the names of the parameters: a checkpoint writes and reads it here.
  const NamedTensors& tensors() const { return average_; }
  void SetSamples(int64_t samples) { samples_ = samples; }

  // Between the two calls the parameters hold the average; no step. Training weights come back bit for bit.
  // fp32 weights change places with it one tensor at a time; bf16 weights are kept aside, 2 bytes a
  // parameter.
  void Begin();
  void End();

 private:
  const spec::TrainingSpec spec_;
  const NamedTensors parameters_;
  NamedTensors average_;
  int64_t samples_ = 0;
  std::vector<at::Tensor> aside_;  // bf16 weights while the average is in their place
};

}  // namespace optfleet::trainer
