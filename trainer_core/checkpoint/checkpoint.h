// Checkpoints of a run directory (docs/run-directory.md): weights.safetensors, optimizer.safetensors,
// average.safetensors of runs that average, state.json and the manifest that sums them. A folder appears
// under its final name only when everything in it is on disk. Owned by the training thread.
#pragma once

#include <string>

#include "common/result.h"
#include "trainer_core/checkpoint/run_state.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

inline constexpr const char* kCheckpointFormat = "optfleet-trainer-1";

// The tensors of a run that a checkpoint holds. They are the live ones.
struct CheckpointTensors {
  NamedTensors weights;
  NamedTensors optimizer;
  NamedTensors average = {};  // of the weights; written and read if state.average_samples is not 0
};

// Writes run_folder/checkpoints/step-N. RESOURCE_EXHAUSTED (disk full) and other failures leave no trace, and
// older checkpoints stay. Everything up to state.record is in metrics.log and synced before the call. A
// checkpoint of that step that is already there is kept as it is.
Status WriteCheckpoint(const std::string& run_folder, const RunState& state,
                       const CheckpointTensors& tensors);

// Verifies every checksum, copies into the live tensors, returns the rest. DATA_LOSS if the checkpoint is
// damaged, FAILED_PRECONDITION if it belongs to another kind of run.
Result<RunState> LoadCheckpoint(const std::string& checkpoint_folder, const CheckpointTensors& tensors);

}  // namespace optfleet::trainer
