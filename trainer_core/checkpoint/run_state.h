// state.json of a checkpoint: what a run is besides its tensors. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/result.h"
#include "trainer_core/checkpoint/retention.h"
#include "trainer_core/data/parts.h"

namespace optfleet::trainer {

inline constexpr const char* kStateFile = "state.json";

struct RunState {
  int64_t step = 0;                      // optimizer steps done
  int64_t steps = 0;                     // of the whole run; 0: not known, as it ends by time
  int64_t record = 0;                    // last record before the checkpoint, of the attempt that wrote it
  int64_t data_position = 0;             // sequences drawn
  int64_t skipped_in_row = 0;            // updates left out because the gradient was not finite, up to now
  double train_seconds = 0;              // spent in steps, all attempts together
  double last_loss = 0;                  // of `step`
  std::string random_state;              // bytes of the device's generator
  std::string spec_hash;                 // as the coordinator knows it
  std::string run_hash;                  // spec::HashOfRun: a resume of another run is refused
  Json spec = Json::object();            // for people, and to go on without its file
  DataFingerprint data;                  // a resume on other data is refused
  std::vector<RankedStep> best;          // checkpoints so far, of parents too: checkpoint.keep_best
  std::optional<double> val_loss;        // of `step`, if it was validated
  int64_t average_samples = 0;           // of average.safetensors, which is there if this is not 0
  std::optional<DataFingerprint> start;  // of the weights that the run began with: the spec's `start`
  Json diagnostics = Json::object();     // what its kinds keep between steps; empty if none does
  Json numerics = Json::object();        // where the run was computed: as in result.json
};

Json ToJson(const RunState& state);
// DATA_LOSS names the key that is missing or has the wrong type.
Result<RunState> RunStateFromJson(const Json& json);

// From the folder of a checkpoint, which is not verified.
Result<RunState> ReadRunState(const std::string& checkpoint_folder);

// Whether the run that begins as `now` can go on from `state`: FAILED_PRECONDITION says what differs and what
// to do. Names of files may differ, their content may not.
Status CheckSameRun(const RunState& state, const RunState& now);

}  // namespace optfleet::trainer
