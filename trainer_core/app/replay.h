// opt-trainer replay: applies an optimizer to named tensors and recorded gradients, without a model, so that
// anyone can hold a rule against their own code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace optfleet::trainer {

struct ReplayOptions {
  std::string config;              // keys optimizer, schedule, training.clip_*, budget.steps
  std::string parameters;          // safetensors, fp32: "<name>"
  std::string gradients;           // safetensors, fp32: "<name>.<step>", step from 1
  std::string out;                 // safetensors to make: "<name>.<step>"; of averaging rules this is what is
                                   // evaluated, and "<name>.<step>.train" where gradients are taken
  std::string roles;               // YAML: name or glob -> group; empty: groups follow from the names
  int64_t steps = 0;               // 0: as many as there are gradients
  std::vector<int64_t> steps_out;  // empty: the last
  int threads = 1;
  int64_t timed_steps =
      0;  // above 0: then goes on with the last gradient for so many steps and prints one JSON
          // line: {"parameters": N, "seconds": [...]}, the time of each update; nothing is kept
};

// Without a word in the config the schedule is constant and nothing is clipped. The process's exit code.
int Replay(const ReplayOptions& options);

}  // namespace optfleet::trainer
