// What opt-trainer does without a worker: train from a file, and show what a run consists of.
// Each returns the process's exit code; messages go to standard error, answers to standard output.
#pragma once

#include <cstdint>
#include <string>

namespace optfleet::trainer {

struct TrainOptions {
  std::string config;      // spec file; empty: the spec that the checkpoint holds
  std::string folder;      // becomes the run directory; must not hold one
  std::string checkpoint;  // a checkpoint or a run directory to go on from; empty: from the start
  std::string data;        // in the place of data.path; empty: as the spec says
  std::string device = "cpu";
  int32_t threads = 1;
  int64_t memory_bytes = 0;  // 0: no limit
};

// Makes the run directory, trains in it, prints a line now and then. 0 only if it succeeded.
int TrainStandalone(const TrainOptions& options);

// name, shape and count of each parameter, then the totals of the state; or one JSON object {"model": the
// resolved keys, "parameters": [{"name", "shape"}, ...]} for programs that build the same model. Neither data
// nor a budget need be given.
int PrintParameters(const std::string& config, bool json);

// The weights of step 0 as a safetensors file.
int ExportWeights(const std::string& config, const std::string& path);

// One JSON line per step: {"step": 1, "starts": [...]}: first byte, in the data file, of each sequence.
int PrintBatches(const std::string& config, int64_t steps);

int PrintVersion(bool json);

}  // namespace optfleet::trainer
