// Checkpoints of a run directory (docs/run-directory.md): weights.safetensors, optimizer.safetensors,
// state.json and the manifest that sums them. A folder appears under its final name only when everything in
// it is on disk. Owned by the training thread.
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
};

// Writes run_folder/checkpoints/step-N. RESOURCE_EXHAUSTED (disk full) and other failures leave no trace, and
// older checkpoints stay. Everything up to state.record is in metrics.log and synced before the call. A
// checkpoint of that step that is already there is kept as it is.
Status WriteCheckpoint(const std::string& run_folder, const RunState& state,
                       const CheckpointTensors& tensors);

// Deletes all but the `keep` newest (at least one). A checkpoint loses its name before its files go, so that
// no reader takes half a one for a damaged one. What cannot be deleted stays for the next time.
void PruneCheckpoints(const std::string& run_folder, int64_t keep);

// Verifies every checksum, copies into the live tensors, returns the rest. DATA_LOSS if the checkpoint is
// damaged, FAILED_PRECONDITION if it belongs to another kind of run.
Result<RunState> LoadCheckpoint(const std::string& checkpoint_folder, const CheckpointTensors& tensors);

}  // namespace optfleet::trainer
