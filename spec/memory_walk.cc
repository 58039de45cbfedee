#include "spec/memory_walk.h"

#include "spec/attention_kernel.h"

namespace optfleet::spec {
namespace {

using Kind = Operation::Kind;

constexpr MemoryPart kWorkspace = &MemoryParts::workspace;
constexpr int64_t kRandomState[] = {5056, 16};  // of a CPU's and a GPU's generator

bool ByProducts(const TrainingSpec& spec, bool on_gpu) {
  const Attention kernel = AttentionKernel(spec, on_gpu);
  if (kernel == Attention::kManual || kernel == Attention::kSdpaMath) return true;
  return !on_gpu && spec.model.attention_dropout > 0;
}

bool IsHandWritten(const TrainingSpec& spec, bool on_gpu) {
  return AttentionKernel(spec, on_gpu) == Attention::kManual;
}

}  // namespace

WalkSizes::WalkSizes(const TrainingSpec& spec, MemoryDevice device)
    : tokens(spec.training.micro_batch * spec.data.sequence_length),
      rows(tokens * spec.model.heads),
      scores(rows * spec.data.sequence_length),
      width(spec.model.width),
      key_value_width(spec.model.key_value_width()),
      mlp_width(spec.model.mlp_width),
      vocabulary(spec.model.vocab_size),
      autocast(spec.training.precision == Precision::kBf16),
      manual(ByProducts(spec, device == MemoryDevice::kCuda)),
      on_gpu(device == MemoryDevice::kCuda),
      weight(spec.training.precision == Precision::kPureBf16 ? 2 : 4),
      stream(weight),
      product(spec.training.precision == Precision::kFp32 ? 4 : 2),
      scoring(manual && !IsHandWritten(spec, on_gpu) ? 4 : product),
      softmax(spec.training.softmax_precision == SoftmaxPrecision::kBf16 ? product : 4) {}

MemoryWalk::MemoryWalk(const TrainingSpec& spec, MemoryDevice device, MemoryLedger* ledger)
    : spec_(spec), model_(spec.model), size_(spec, device), ledger_(*ledger) {}

void MemoryWalk::Keep(const Pass& pass, Operation* operation, Holding tensor) {
  if (pass.tape != nullptr)
    operation->saved.push_back(tensor);
  else
    ledger_.Drop(tensor);
}

void MemoryWalk::KeepNamed(const Pass& pass, Operation* operation, Holding tensor, Holdings* named) {
  (pass.tape != nullptr ? &operation->saved : named)->push_back(tensor);
}

void MemoryWalk::Record(const Pass& pass, Operation operation) {
  if (pass.tape != nullptr) pass.tape->Record(std::move(operation));
}

void MemoryWalk::DropAll(Holdings* tensors) {
  for (const Holding& tensor : *tensors) ledger_.Drop(tensor);
  tensors->clear();
}

void MemoryWalk::Microbatch(bool accumulates) { ForwardAndBackward(accumulates, /*drawn=*/false); }

void MemoryWalk::Curvature(bool accumulates) { ForwardAndBackward(accumulates, /*drawn=*/true); }

void MemoryWalk::ForwardAndBackward(bool accumulates, bool drawn) {
  accumulates_ = accumulates;
  ledger_.Enter(MemoryPhase::kForward);
  const Holding batch = ledger_.Hold(kWorkspace, 2 * size_.tokens * 8);  // inputs and targets, int64
  MemoryTape tape(&ledger_, accumulates_);
  Pass pass{&tape, /*training=*/true, {}, drawn};
  Loss(&pass, Hidden(&pass));
  ledger_.Enter(MemoryPhase::kBackward);
  DropAll(&pass.casts);
  ledger_.Drop(tape.Backward({}));
  ledger_.Drop(batch);
}

void MemoryWalk::Validate() {
  const Holding batch = ledger_.Hold(kWorkspace, 2 * size_.tokens * 8);
  Pass pass;
  Loss(&pass, Hidden(&pass));
  DropAll(&pass.casts);
  ledger_.Drop(batch);
}

// Backward: a dense gradient of each table; that of a tied one is added to the output matrix's.
Holding MemoryWalk::Embed(const Pass& pass) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  Holding sum = Hold(bytes);
  Operation embedding;
  const int64_t table = size_.vocabulary * size_.width * size_.weight;
  if (model_.tie_output) {
    embedding.scratch = {table};
    // The sum is a tensor of its own, unless the matrix's gradient is one that nobody else sees.
    if (!size_.autocast && TakesAllLogits(pass)) embedding.scratch.push_back(table);
    embedding.collects = accumulates_ ? 1 : 0;
  } else {
    embedding.weight_gradient = table;
  }
  Record(pass, std::move(embedding));
  if (model_.position == PositionKind::kLearned) {
    Operation positions;
    positions.scratch = {spec_.data.sequence_length * size_.width * size_.weight};
    positions.weight_gradient = model_.context * size_.width * size_.weight;
    Record(pass, std::move(positions));
  }
  if (model_.position == PositionKind::kLearned || model_.position == PositionKind::kSinusoidal) {
    const Holding tokens = sum;
    sum = Hold(bytes);  // with the positions
    ledger_.Drop(tokens);
  }
  if (!pass.training) return sum;
  return Dropout(pass, sum, model_.embedding_dropout, size_.tokens * size_.width, size_.stream);
}

Holding MemoryWalk::Hidden(Pass* pass) {
  const bool weighted = model_.residual == ResidualKind::kWeighted;
  Holdings outputs;  // of the embedding and of all layers, where later ones read them
  Holding stream = Embed(*pass);
  const int64_t every = spec_.training.recompute_every;
  for (int64_t layer = 1; layer <= model_.layers; ++layer) {
    if (weighted) {
      outputs.push_back(stream);
      stream = Mix(*pass, layer, &outputs);
    }
    const bool again = pass->training && every > 0 && layer % every == 0;
    stream = again ? Recomputed(pass, stream) : Block(pass, stream, /*owns_input=*/true);
  }
  if (model_.has_final_norm()) {
    const Holding input = stream;
    stream = Norm(*pass, input, /*owns_input=*/true);
    if (pass->tape == nullptr) ledger_.Drop(input);
  }
  DropAll(&outputs);
  return stream;
}

// Weighted residuals: the sum of `count` outputs, each times its share. Backward, the last layer's sum makes
// a gradient of every output, which wait for their layers; the others add to them.
Holding MemoryWalk::Mix(const Pass& pass, int64_t count, Holdings* outputs) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  Holding mix = Hold(bytes);
  for (int64_t i = 1; i < count; ++i) {
    const Holding term = Hold(bytes);
    const Holding sum = Hold(bytes);
    ledger_.Drop(term);
    ledger_.Drop(mix);
    mix = sum;
  }
  if (pass.tape == nullptr) return mix;
  Operation mixing;
  mixing.saved = {outputs->back()};  // the newest; earlier ones belong to their own sums
  outputs->pop_back();
  mixing.scratch = {bytes};
  mixing.gradient = bytes;
  mixing.weight_gradient = count * size_.weight;
  mixing.collects = count < model_.layers ? 1 : 0;
  Record(pass, std::move(mixing));
  for (int64_t i = 1; count == model_.layers && i < count; ++i) {
    Operation waiting;
    waiting.aside = bytes;
    Record(pass, std::move(waiting));
  }
  return mix;
}

// Activation checkpointing: only the input is kept, and the block is a pass of its own once the gradient of
// its output is there. That gradient stays to the end, so the first sum with it is a new tensor.
Holding MemoryWalk::Recomputed(Pass* pass, Holding input) {
  Operation again{Kind::kOwn};
  again.saved = {input};
  if (model_.attention_dropout > 0 || model_.residual_dropout > 0)
    again.saved.push_back(ledger_.Hold(kWorkspace, kRandomState[size_.on_gpu ? 1 : 0]));
  Pass forgotten{nullptr, /*training=*/true};
  const Holding output = Block(&forgotten, input, /*owns_input=*/false);
  pass->casts.insert(pass->casts.end(), forgotten.casts.begin(), forgotten.casts.end());
  again.backward = [this, input](Holding gradient) {
    MemoryTape tape(&ledger_, accumulates_);
    Pass inner{&tape, /*training=*/true};
    const Holding output_again = Block(&inner, input, /*owns_input=*/false);
    const Holding made = tape.Backward({});
    ledger_.Drop(output_again);
    ledger_.Drop(gradient);
    return made;
  };
  Record(*pass, std::move(again));
  return output;
}

// trainer_core/model/block.h. Who owns the input drops it, or has it saved.
Holding MemoryWalk::Block(Pass* pass, Holding input, bool owns_input) {
  if (model_.norm_placement == NormPlacement::kPost) return PostNormBlock(pass, input, owns_input);
  const bool taped = pass->tape != nullptr;
  const bool weighted = model_.residual == ResidualKind::kWeighted;
  if (!weighted) Record(*pass, {Kind::kSplit});
  const Holding attended = Attention(pass, Norm(*pass, input, taped && owns_input), /*owns_input=*/true);
  const Holding middle = weighted ? attended : Join(*pass, attended);
  Record(*pass, {Kind::kSplit});
  const Holding branch = Mlp(pass, Norm(*pass, middle, taped), /*owns_input=*/true);
  const Holding output = Join(*pass, branch);
  if (!taped) ledger_.Drop(middle);
  if (!taped && owns_input) ledger_.Drop(input);
  return output;
}

Holding MemoryWalk::PostNormBlock(Pass* pass, Holding input, bool owns_input) {
  const bool taped = pass->tape != nullptr;
  const bool saved = taped && !size_.autocast;  // by the branch's first linear layer
  const auto add_and_norm = [&](Holding stream, Holding branch, bool owned) {
    const Holding sum = Join(*pass, branch);
    if (owned && !saved) ledger_.Drop(stream);
    const Holding normed = Norm(*pass, sum, taped);
    if (!taped) ledger_.Drop(sum);
    return normed;
  };
  Record(*pass, {Kind::kSplit});
  const Holding attended = Attention(pass, input, saved && owns_input);
  const Holding middle = add_and_norm(input, attended, owns_input);
  Record(*pass, {Kind::kSplit});
  const Holding branch = Mlp(pass, middle, saved);
  return add_and_norm(middle, branch, /*owned=*/true);
}

Holding MemoryWalk::Attention(Pass* pass, Holding input, bool owns_input) {
  const bool bias = model_.has_attention_bias();
  const Holding qkv =
      Linear(pass, input,
             {size_.width, size_.width + 2 * size_.key_value_width, bias, /*from_stream=*/true, owns_input});
  Holdings named;
  RecordSplit(*pass);
  const Holding mixed =
      size_.manual ? AttentionByProducts(*pass, qkv, &named) : FusedAttention(*pass, qkv, &named);
  // The fused kernel saved its result already, unless that had to be laid out anew.
  const bool owns = size_.manual || pass->tape == nullptr || model_.position == PositionKind::kRotary;
  const Holding output = Linear(pass, mixed, {size_.width, size_.width, bias, /*from_stream=*/false, owns});
  DropAll(&named);
  const double share = pass->training ? model_.residual_dropout : 0;
  return Dropout(*pass, output, share, size_.tokens * size_.width, size_.product);
}

Holding MemoryWalk::Mlp(Pass* pass, Holding input, bool owns_input) {
  const bool bias = model_.has_mlp_bias();
  const int64_t bytes = size_.tokens * size_.mlp_width * size_.product;
  const bool saves_result = model_.mlp == MlpKind::kRelu && pass->tape != nullptr;
  Holdings named;
  // Of two layers that read the input the first saves it; without a tape the second drops it.
  const bool first_owns = !model_.has_gate() || (pass->tape != nullptr && !size_.autocast);
  LinearShape shape{size_.width, size_.mlp_width, bias, /*from_stream=*/true, owns_input && first_owns};
  shape.collects = model_.has_gate() ? 1 : 0;
  const Holding up = Linear(pass, input, shape);
  Holding bent;
  if (model_.has_gate()) {
    shape.owns_input = owns_input && !first_owns;
    shape.collects = 0;
    const Holding gate = Linear(pass, input, shape);
    Operation silu, multiply;
    silu.gradient = multiply.gradient = multiply.aside = bytes;
    const Holding opened = Hold(bytes);
    KeepNamed(*pass, &silu, gate, &named);
    Record(*pass, std::move(silu));
    bent = Hold(bytes);
    KeepNamed(*pass, &multiply, opened, &named);
    KeepNamed(*pass, &multiply, up, &named);
    Record(*pass, std::move(multiply));
  } else {
    Operation activation;
    activation.gradient = bytes;
    bent = Hold(bytes);
    // GELU saves what it read. ReLU saves what it gave, as the next layer does: it stays until ReLU, too, has
    // been walked back through.
    if (saves_result) activation.saved.push_back(bent);
    if (model_.mlp == MlpKind::kRelu)
      named.push_back(up);
    else
      KeepNamed(*pass, &activation, up, &named);
    Record(*pass, std::move(activation));
  }
  const Holding output = Linear(
      pass, bent, {size_.mlp_width, size_.width, bias, /*from_stream=*/false, /*owns_input=*/!saves_result});
  DropAll(&named);
  const double share = pass->training ? model_.residual_dropout : 0;
  return Dropout(*pass, output, share, size_.tokens * size_.width, size_.product);
}

// A branch is added to the residual stream. Under autocast it is widened first, and its gradient narrowed.
Holding MemoryWalk::Join(const Pass& pass, Holding branch) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  Operation join{Kind::kJoin};
  Holding wide;
  if (size_.autocast) {
    join.gradient = size_.tokens * size_.width * size_.product;
    wide = Hold(bytes);
  }
  Record(pass, std::move(join));
  const Holding sum = Hold(bytes);
  ledger_.Drop(wide);
  ledger_.Drop(branch);
  return sum;
}

}  // namespace optfleet::spec
