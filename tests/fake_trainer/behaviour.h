// How a fake trainer misbehaves. Read from a JSON file (`opt-fake-trainer --behaviour FILE attempt DIR`),
// then from the file that $OPTFLEET_FAKE_BEHAVIOUR names, then from `fake` in the spec; later ones win key by
// key. Steps are 0: never.
#pragma once

#include <cstdint>
#include <string>

#include "common/json.h"
#include "common/result.h"

namespace optfleet::fake {

struct Behaviour {
  int64_t step_ms = 1;
  int64_t only_attempt = 0;   // misbehaves in this attempt of a job only; 0: in each
  int64_t crash_at_step = 0;  // raises crash_signal
  int64_t crash_signal = 9;
  int64_t exit_at_step = 0;  // leaves with exit_code, without a result
  int64_t exit_code = 1;
  int64_t hang_at_step = 0;     // never ends that step and obeys nothing but SIGKILL
  int64_t diverge_at_step = 0;  // the loss becomes NaN
  int64_t out_of_memory_at_step = 0;
  int64_t checkpoint_ms = 0;      // time inside the writing of a checkpoint
  int64_t damage_checkpoint = 0;  // flips a byte of the checkpoint of this step
  bool no_socket = false;         // has no control.sock
};

// `path` and the variable may be empty. INVALID_ARGUMENT names an unknown key.
Result<Behaviour> ReadBehaviour(const std::string& path, const Json& spec, int64_t attempt);

}  // namespace optfleet::fake
