// Resolving: fills what follows from other values, resets what the run does not use, and checks what the keys
// promise each other. Afterwards equal computations are equal specs. Pure; usable from any thread.
//
// Filled:  model.width or model.layers from model.block_parameters or model.from_flops, model.heads from
//          model.head_width, model.vocab_size from model.vocab_multiple (all of which are then taken back);
//          model.mlp_width, model.context, training.micro_batch, data.length_start; budget.tokens from
//          model.from_flops; budget.steps from budget.tokens or budget.flops (rounded up), and budget.tokens
//          = steps x batch_size x sequence_length; budget.seconds from budget.device_hours.
// Turned into steps: every length that the run reads, those of stages too, except a horizon of the whole run,
//          which stays 100%, and except with budget.seconds, which needs shares. With budget.epochs shares
//          wait for ResolveEpochs (spec/epochs.h).
// Reset to defaults: choices that come to the same as `auto`; what the run does not read (the `use` of its
//          field), budget.flops and budget.device_hours once they are steps and seconds, a data.seed that is
//          training.seed, evaluation.every_steps at or beyond the last step (which is
//          always validated), evaluation.log_spaced 1 and evaluation.final_batches that are those of
//          evaluation.batches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/training_spec.h"

namespace optfleet::spec {

struct Problem {
  std::string_view rule;  // stable name of the broken rule: problems of different specs group by it
  std::vector<std::string_view> keys;  // those to change, the likeliest first
  std::string message;                 // names the keys and their values
  std::string remedy;                  // what to do
};

// All problems at once; empty if the spec is now resolved (then a second call changes nothing). With problems
// the spec is left partly resolved. Values must lie in their fields' ranges (spec/fields.h), which readers of
// files and JSON have checked.
// `devices`: that the run has, which share budget.device_hours.
std::vector<Problem> Resolve(TrainingSpec* spec, int64_t devices = 1);

}  // namespace optfleet::spec
