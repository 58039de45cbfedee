// state.json of a checkpoint: what a run is besides its tensors. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "common/json.h"
#include "common/result.h"
#include "trainer_core/data/parts.h"

namespace optfleet::trainer {

struct RunState {
  int64_t step = 0;            // optimizer steps done
  int64_t record = 0;          // last record before the checkpoint, of the attempt that wrote it
  int64_t data_position = 0;   // sequences drawn
  int64_t skipped_in_row = 0;  // updates left out because the gradient was not finite, up to now
  double train_seconds = 0;    // spent in steps, all attempts together
  double last_loss = 0;        // of `step`
  std::string random_state;    // bytes of the device's generator
  std::string spec_hash;       // a resume under another spec or other data is refused
  DataFingerprint data;
  Json diagnostics = Json::object();  // what its kinds keep between steps; empty if none does
  Json numerics = Json::object();     // where the run was computed: as in result.json
};

Json ToJson(const RunState& state);
// DATA_LOSS names the key that is missing or has the wrong type.
Result<RunState> RunStateFromJson(const Json& json);

// Whether a run can go on from `state`: FAILED_PRECONDITION says what differs and what to do.
Status CheckSameRun(const RunState& state, const std::string& spec_hash, const DataFingerprint& data);

}  // namespace optfleet::trainer
