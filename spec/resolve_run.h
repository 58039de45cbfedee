// The parts of Resolve (spec/resolve.h): its model, a run's end, its lengths, its update rules. For
// resolve.cc only.
#pragma once

#include <vector>

#include "spec/resolve.h"

namespace optfleet::spec {

// "`key` 12"
std::string Show(std::string_view key, const std::string& value);
std::string Show(std::string_view key, int64_t value);

// Fills the model's keys that follow from others: its size, its heads, its vocabulary.
void ResolveModel(TrainingSpec* spec, std::vector<Problem>* problems);

// What the model's keys promise each other and the rest of the spec. After ResolveModel.
void CheckModel(const TrainingSpec& spec, std::vector<Problem>* problems);

// Fills steps and tokens from the one budget that is given; a budget of seconds or epochs stays as it is, and
// device hours become seconds of `devices`. Returns whether the run has an end; if not, what was given stays.
// Needs the model and the batch filled.
bool ResolveBudget(int64_t devices, TrainingSpec* spec, std::vector<Problem>* problems);

// Turns the lengths that the run reads into steps, those of stages too, and checks that they fit into each
// other and into the run. After ResolveBudget, whose result is `has_end`: without an end only what does not
// need it is checked.
void ResolveSchedule(bool has_end, TrainingSpec* spec, std::vector<Problem>* problems);

// Fills data.length_start, and takes back a data.seed that is training.seed. Before ResolveBudget.
void FillData(TrainingSpec* spec);
// What the keys of the data promise each other and the model. After ResolveSchedule.
void CheckData(const TrainingSpec& spec, std::vector<Problem>* problems);
// A warm-up of sequence lengths that came to no whole step is none.
void DropEmptyLengthWarmup(TrainingSpec* spec);

// What the options of update rules promise each other and the rest of the spec. After ResolveSchedule.
void CheckOptimizer(const TrainingSpec& spec, std::vector<Problem>* problems);

// What `start` and `averaging` promise. After ResolveBudget.
void CheckWeights(const TrainingSpec& spec, std::vector<Problem>* problems);

}  // namespace optfleet::spec
