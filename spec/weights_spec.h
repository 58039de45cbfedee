// The parts of the spec about weights beside their updates: what they begin as, and averages of them.
#pragma once

#include <cstdint>
#include <string>

namespace optfleet::spec {

// Value of a key that could name a file, and names none.
inline constexpr const char* kNoFile = "none";

// Rows of a vocabulary that the file does not have: refuse the file, leave them as the model begins, or give
// each the mean of the file's rows.
enum class NewRows { kRefuse, kInit, kMean };

// Warm start and partial loading.
struct StartSpec {
  std::string weights = kNoFile;    // safetensors file, checkpoint or run directory; none: from the seed
  std::string fingerprint = "any";  // what the file must be: trainer_core/checkpoint/warm_start.h
  bool optimizer = false;           // the optimizer's state of the checkpoint, too
  std::string include = "*";        // patterns of names, separated by commas
  std::string exclude = "nothing";  // the same, of those that `include` names
  bool strict = true;               // what does not match is refused, else left as the model begins
  std::string layers = "same";      // the layer of the file that each layer begins as: spec/start_layers.h
  NewRows new_rows = NewRows::kRefuse;
  std::string token_map = kNoFile;  // lines "old id, new id"; none: equal ids are equal tokens
  friend bool operator==(const StartSpec&, const StartSpec&) = default;

  bool IsGiven() const { return weights != kNoFile; }
};

// exponential: average <- decay x average + (1 - decay) x weights. window: the mean of a window of steps that
// begins anew when it is full. tail: the mean of `samples` steps that divide the last share of the run
// evenly.
enum class AverageKind { kNone, kExponential, kWindow, kTail };

// An average of the weights beside them, that changes no number of the training. Formulas: spec/averaging.h.
struct AveragingSpec {
  AverageKind kind = AverageKind::kNone;
  int64_t every_steps = 1;   // exponential, window: takes the weights so often
  int64_t start_step = 1;    // and not before
  double decay = 0.999;      // exponential
  int64_t window_steps = 0;  // window; 0: from start_step to the end
  int64_t samples = 4;       // tail
  double share = 0.2;        // tail: of the run's steps, the last ones
  friend bool operator==(const AveragingSpec&, const AveragingSpec&) = default;

  bool IsOn() const { return kind != AverageKind::kNone; }
};

}  // namespace optfleet::spec
