// Small specs and data for tests of the training core.
#pragma once

#include <string>

#include "spec/resolve.h"
#include "spec/training_spec.h"
#include "tests/trainer_core/temporary_folder.h"

namespace optfleet::trainer {

// Some kilobytes of words in an order that is the same everywhere.
inline std::string SomeText() {
  const char* words[] = {"the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog.\n"};
  std::string text;
  uint32_t state = 1;
  while (text.size() < 8000) {
    state = state * 1664525u + 1013904223u;
    text += words[(state >> 16) % 9];
  }
  return text;
}

// Two layers of width 16, sequences of 16, 8 sequences a step in 2 microbatches, 12 steps, AdamW. Resolved.
inline spec::TrainingSpec SmallSpec(const TemporaryFolder& folder) {
  spec::TrainingSpec spec;
  spec.model.layers = 2;
  spec.model.width = 16;
  spec.model.heads = 2;
  spec.data.path = folder.Write("text.txt", SomeText());
  spec.data.sequence_length = 16;
  spec.training.batch_size = 8;
  spec.training.micro_batch = 4;
  spec.training.seed = 7;
  spec.budget.steps = 12;
  spec.schedule.warmup = spec::Steps(3);
  spec::Resolve(&spec);
  return spec;
}

}  // namespace optfleet::trainer
