// What the metrics store tells the engine.
#pragma once

#include <cstdint>
#include <vector>

#include "common/names.h"

namespace optfleet::engine {

// A value of its sweep's objective that a job has recorded.
struct Observation {
  int64_t step = 0;
  double value = 0;
  friend bool operator==(const Observation&, const Observation&) = default;
};

// The metrics store holds these records durably. Not answered.
struct RecordsHeld {
  AttemptName attempt;
  int64_t record = 0;  // highest, without gaps from 1
  int64_t step = 0;    // newest
  // Of a sweep of Engine::watched: what those records say that are new since it was last told.
  std::vector<Observation> observations = {};

  // Takes what is said of the same attempt afterwards.
  void Join(const RecordsHeld& newer) {
    record = newer.record;
    step = newer.step;
    observations.insert(observations.end(), newer.observations.begin(), newer.observations.end());
  }
};

}  // namespace optfleet::engine
