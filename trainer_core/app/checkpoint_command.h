// `opt-trainer checkpoint ...`: looking at checkpoints and moving them. Answers on standard output, messages
// on standard error.
#pragma once

#include <string>
#include <vector>

namespace optfleet::trainer {

// One line per checkpoint of a run directory, or for one checkpoint: step, record, val_loss, bytes, whether
// it is good. 1 if one is damaged.
int ListCheckpoints(const std::string& path);

// A verified copy under another name, also on another file system.
int CopyCheckpointTo(const std::string& from, const std::string& to);

// The plain mean of their weights.
int AverageWeights(const std::vector<std::string>& inputs, const std::string& out);

}  // namespace optfleet::trainer
