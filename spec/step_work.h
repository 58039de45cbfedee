// What a run asks of its device, as a few sums of which a time can be made (spec/speed_model.h): counted from
// the spec alone, forward, backward and update. The sums say how work grows with a shape, not how fast it is
// done; a factor that is the same everywhere does not matter. Pure; usable from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "spec/training_spec.h"

namespace optfleet::spec {

enum class WorkTerm {
  kProducts,   // floating-point operations of products with weights, and of an update rule's own products
  kHalf,       // those in bf16, inside attention too; in TF32 each counts for two
  kAttention,  // floating-point operations of the two products inside attention
  kScores,     // elements of attention's scores that separate operations pass over; none in a fused kernel
  kElements,   // elements that norms, activations, sums, dropout and the loss pass over
  kUpdate,     // bytes of weights, gradients and states that the update passes over
  kCalls,      // operations that are started: what small shapes are made of
  kStep,       // 1 a step: batch, record, loop
};
inline constexpr size_t kWorkTerms = 8;
std::string_view NameOf(WorkTerm term);  // "products"

struct Work {
  std::array<double, kWorkTerms> terms{};

  double& operator[](WorkTerm term) { return terms[static_cast<size_t>(term)]; }
  double operator[](WorkTerm term) const { return terms[static_cast<size_t>(term)]; }
};

// One optimizer step: all its microbatches and the update. The spec is resolved. `on_gpu` decides which
// kernel `model.attention: auto` stands for.
Work WorkOfStep(const TrainingSpec& spec, bool on_gpu);

// Validation of so many batches of training.batch_size sequences, forward only.
Work WorkOfValidation(const TrainingSpec& spec, double batches, bool on_gpu);

}  // namespace optfleet::spec
