// Which of LibTorch's kernels sdpa runs: it chooses by device, type, shape and mask among those that are
// switched on, for the whole process. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <string>

#include "common/result.h"
#include "spec/training_spec.h"

namespace optfleet::trainer {

// While it lives, only the back end that the kernel names is switched on; plain sdpa changes nothing.
class BackendScope {
 public:
  explicit BackendScope(spec::Attention kernel);
  ~BackendScope();
  BackendScope(const BackendScope&) = delete;
  BackendScope& operator=(const BackendScope&) = delete;

 private:
  bool bound_;
  bool flash_ = false, memory_efficient_ = false, cudnn_ = false, math_ = false;  // as they were
};

// What trains in a run of this resolved spec: "manual", "sdpa_flash" and so on, asked of LibTorch with
// tensors of the run's shapes. FAILED_PRECONDITION, with those that would run, if the spec names one that
// does not.
Result<std::string> AttentionUsed(const spec::TrainingSpec& spec, at::Device device);

}  // namespace optfleet::trainer
