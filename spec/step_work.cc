#include "spec/step_work.h"

#include <algorithm>
#include <cmath>

#include "spec/attention_kernel.h"
#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

// Passes over tensors and operations of a block, as trainer_core/model has them: read off the code, each
// input and each result once.
constexpr double kPassesOfWidth = 16;  // two norms, two sums, the projections' results and biases
constexpr double kPassesOfMlp = 3;     // the activation's input and result, and the bias
constexpr double kPassesOfScores = 6;  // scale, mask, softmax
constexpr double kPassesOfLogits = 4;  // maximum, powers, their sum, the gradient in place
constexpr double kCallsOfBlock = 16;
constexpr double kCallsOfManual = 8;  // more than those of the fused kernel
constexpr double kCallsOfPart = 6;    // of rotary positions, of norms of heads, of a written-out norm
constexpr double kCallsOfModel = 14;  // embedding, final norm, loss
constexpr double kCallsOfUpdate = 4;  // of a parameter
// Backward passes make two gradients of a product and read what was saved.
constexpr double kBackward = 2;

double Real(int64_t value) { return static_cast<double>(value); }

// The forward pass of one token, and of one microbatch where `calls` is meant. A block's and the rest's.
struct Forward {
  double half = 0;  // what a product counts for as one of half precision; 0: it is none
  double block_products = 0, other_products = 0;
  double attention = 0, scores = 0;
  double block_elements = 0, other_elements = 0;
  double block_calls = 0, other_calls = kCallsOfModel;
};

Forward ForwardOf(const TrainingSpec& spec, bool training, bool on_gpu) {
  const ModelSpec& model = spec.model;
  const double width = Real(model.width), length = Real(spec.data.sequence_length);
  const double layers = Real(model.layers), vocabulary = Real(model.vocab_size);
  Forward forward;
  if (spec.training.precision == Precision::kBf16) forward.half = 1;
  if (spec.training.precision == Precision::kFp32 && spec.training.tf32 && on_gpu) forward.half = 2;
  forward.attention = 4 * layers * width * length;
  forward.other_products = 2 * vocabulary * width;
  forward.block_products = (FlopsPerToken(model, spec.data.sequence_length) / 6 -
                            2 * layers * width * length - vocabulary * width) *
                           2;
  double passes = kPassesOfWidth + 2 * Real(model.key_value_width()) / width;
  double calls = kCallsOfBlock;
  const auto part = [&](bool there, double of_width) {
    if (!there) return;
    passes += of_width;
    calls += kCallsOfPart;
  };
  part(model.position == PositionKind::kRotary, 6);
  part(model.qk_norm, 6);
  part(model.norm == NormKind::kRmsNorm, 6);
  part(model.residual == ResidualKind::kWeighted, 3 * layers / 2);
  part(spec.training.precision == Precision::kBf16, 6);
  part(training && model.residual_dropout > 0, 6);
  const double mlp = kPassesOfMlp * (model.has_gate() ? 2.5 : model.mlp == MlpKind::kRelu ? 0.7 : 1);
  forward.block_elements = layers * (passes * width + mlp * Real(model.mlp_width));
  forward.other_elements = kPassesOfLogits * vocabulary + 4 * width;
  const bool drops = training && model.attention_dropout > 0;
  const Attention kernel = AttentionKernel(spec, on_gpu);
  if (kernel == Attention::kManual || kernel == Attention::kSdpaMath || (drops && !on_gpu)) {
    const double more = (drops ? 3 : 0) + (model.position == PositionKind::kAlibi ? 1 : 0);
    forward.scores = layers * Real(model.heads) * length * (kPassesOfScores + more);
    calls += kCallsOfManual;
  }
  forward.block_calls = layers * calls;
  return forward;
}

// Sums of `forward` for so many tokens, times a factor each for blocks and the rest.
void Add(const Forward& forward, double tokens, double passes, double blocks, double others, Work* work) {
  const double products = tokens * (blocks * forward.block_products + others * forward.other_products);
  const double attention = tokens * blocks * forward.attention;
  if (forward.half > 0) {
    (*work)[WorkTerm::kHalf] += forward.half * (products + attention);
  } else {
    (*work)[WorkTerm::kProducts] += products;
    (*work)[WorkTerm::kAttention] += attention;
  }
  (*work)[WorkTerm::kScores] += tokens * blocks * forward.scores;
  (*work)[WorkTerm::kElements] +=
      tokens * (blocks * forward.block_elements + others * forward.other_elements);
  (*work)[WorkTerm::kCalls] += passes * (blocks * forward.block_calls + others * forward.other_calls);
}

// Products inside the rules that have any, for a matrix of r rows and c columns: arXiv 2409.20325 (five steps
// of X X^T, its square, and times X), arXiv 2409.11321 (to the bases and back).
double ProductsOfRule(OptimizerKind kind, const OptimizerSpec& options, double rows, double columns) {
  const double less = std::min(rows, columns), more = std::max(rows, columns);
  if (kind == OptimizerKind::kMuon)
    return Real(options.muon_iterations) * (4 * less * less * more + 2 * less * less * less);
  if (kind == OptimizerKind::kSoap) {
    const double cubes = rows * rows * rows + columns * columns * columns;
    return 8 * rows * columns * (rows + columns) + 6 * cubes / Real(options.precondition_frequency);
  }
  return 0;
}

void AddUpdate(const TrainingSpec& spec, double microbatches, Work* work) {
  const StateBytes state = BytesOfState(spec);
  // Gradients: cleared or added to by each microbatch, measured for the clip, read.
  (*work)[WorkTerm::kUpdate] += 2 * Real(state.weights) + (1 + 2 * microbatches) * Real(state.gradients) +
                                2 * Real(state.optimizer) + 2 * Real(state.average);
  ModelSpec block = spec.model;
  block.layers = 1;
  const double layers = Real(spec.model.layers);
  for (const Parameter& parameter : Parameters(block)) {
    const double times = parameter.name.starts_with("blocks.") ? layers : 1;
    (*work)[WorkTerm::kCalls] += kCallsOfUpdate * times;
    if (parameter.shape.size() != 2) continue;
    (*work)[WorkTerm::kProducts] +=
        times * ProductsOfRule(spec.optimizer.KindOf(parameter.group), spec.optimizer,
                               Real(parameter.shape[0]), Real(parameter.shape[1]));
  }
}

// Sophia takes another gradient now and then; diagnostics of microbatches cost passes over gradients only.
double GradientsPerStep(const TrainingSpec& spec) {
  const bool sophia = spec.optimizer.name == OptimizerKind::kSophia;
  return 1 + (sophia ? 1 / Real(spec.optimizer.hessian_interval) : 0);
}

}  // namespace

std::string_view NameOf(WorkTerm term) {
  constexpr std::string_view kNames[kWorkTerms] = {"products", "half",   "attention", "scores",
                                                   "elements", "update", "calls",     "step"};
  return kNames[static_cast<size_t>(term)];
}

Work WorkOfStep(const TrainingSpec& spec, bool on_gpu) {
  const double tokens = Real(spec.training.batch_size * spec.data.sequence_length);
  const double microbatches = Real(spec.training.batch_size) / Real(spec.training.micro_batch);
  const double gradients = GradientsPerStep(spec);
  const int64_t every = spec.training.recompute_every;
  const double again = every > 0 ? Real(spec.model.layers / every) / Real(spec.model.layers) : 0;
  Work work;
  work[WorkTerm::kStep] = 1;
  Add(ForwardOf(spec, /*training=*/true, on_gpu), tokens * gradients, microbatches * gradients,
      1 + again + kBackward, 1 + kBackward, &work);
  AddUpdate(spec, microbatches, &work);
  return work;
}

Work WorkOfValidation(const TrainingSpec& spec, double batches, bool on_gpu) {
  const double sequences = batches * Real(spec.training.batch_size);
  const double passes = std::ceil(sequences / Real(spec.training.micro_batch));
  Work work;
  work[WorkTerm::kStep] = 1;
  Add(ForwardOf(spec, /*training=*/false, on_gpu), sequences * Real(spec.data.sequence_length), passes, 1, 1,
      &work);
  return work;
}

}  // namespace optfleet::spec
