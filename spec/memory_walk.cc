#include "spec/memory_walk.h"

#include "spec/attention_kernel.h"

namespace optfleet::spec {
namespace {

using Kind = Operation::Kind;

constexpr MemoryPart kWorkspace = &MemoryParts::workspace;
constexpr int64_t kRandomState[] = {5056, 16};  // of a CPU's and a GPU's generator

bool ByProducts(const TrainingSpec& spec, bool on_gpu) {
  const bool manual = AttentionKernel(spec, on_gpu) == Attention::kManual;
  return manual || (!on_gpu && spec.model.attention_dropout > 0);
}

int64_t BytesOfSoftmax(const TrainingSpec& spec, bool on_gpu, int64_t product) {
  const bool manual = AttentionKernel(spec, on_gpu) == Attention::kManual;
  return manual && spec.training.softmax_precision == SoftmaxPrecision::kFp32 ? 4 : product;
}

}  // namespace

WalkSizes::WalkSizes(const TrainingSpec& spec, MemoryDevice device)
    : tokens(spec.training.micro_batch * spec.data.sequence_length),
      rows(tokens * spec.model.heads),
      scores(rows * spec.data.sequence_length),
      width(spec.model.width),
      mlp_width(spec.model.mlp_width),
      vocabulary(spec.model.vocab_size),
      autocast(spec.training.precision == Precision::kBf16),
      manual(ByProducts(spec, device == MemoryDevice::kCuda)),
      fused_mask(device == MemoryDevice::kCuda),
      weight(spec.training.precision == Precision::kPureBf16 ? 2 : 4),
      stream(weight),
      product(spec.training.precision == Precision::kFp32 ? 4 : 2),
      softmax(BytesOfSoftmax(spec, device == MemoryDevice::kCuda, product)) {}

MemoryWalk::MemoryWalk(const TrainingSpec& spec, MemoryDevice device, MemoryLedger* ledger)
    : spec_(spec), size_(spec, device), ledger_(*ledger) {}

void MemoryWalk::Keep(const Pass& pass, Operation* operation, Holding tensor) {
  if (pass.tape != nullptr)
    operation->saved.push_back(tensor);
  else
    ledger_.Drop(tensor);
}

void MemoryWalk::KeepNamed(const Pass& pass, Operation* operation, Holding tensor,
                           std::vector<Holding>* named) {
  (pass.tape != nullptr ? &operation->saved : named)->push_back(tensor);
}

void MemoryWalk::Record(const Pass& pass, Operation operation) {
  if (pass.tape != nullptr) pass.tape->Record(std::move(operation));
}

void MemoryWalk::DropAll(std::vector<Holding>* tensors) {
  for (const Holding& tensor : *tensors) ledger_.Drop(tensor);
  tensors->clear();
}

void MemoryWalk::Microbatch(bool accumulates) {
  accumulates_ = accumulates;
  ledger_.Enter(MemoryPhase::kForward);
  const Holding batch = ledger_.Hold(kWorkspace, 2 * size_.tokens * 8);  // inputs and targets, int64
  MemoryTape tape(&ledger_, accumulates_);
  Pass pass{&tape, /*training=*/true};
  const Holding logits = Logits(&pass, Hidden(&pass));
  Loss(pass, logits);
  ledger_.Enter(MemoryPhase::kBackward);
  DropAll(&pass.casts);
  ledger_.Drop(tape.Backward({}));
  ledger_.Drop(batch);
}

void MemoryWalk::Validate() {
  const Holding batch = ledger_.Hold(kWorkspace, 2 * size_.tokens * 8);
  Pass pass;
  const Holding logits = Logits(&pass, Hidden(&pass));
  Loss(pass, logits);
  DropAll(&pass.casts);
  ledger_.Drop(batch);
}

// Backward: a dense gradient of each table; that of a tied one is added to the output matrix's.
Holding MemoryWalk::Embed(const Pass& pass) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  const Holding tokens = Hold(bytes);
  const Holding sum = Hold(bytes);  // with the positions
  ledger_.Drop(tokens);
  Operation embedding, positions;
  const int64_t table = size_.vocabulary * size_.width * size_.weight;
  if (spec_.model.tie_output) {
    embedding.scratch = {table, table};  // and the sum
    embedding.collects = accumulates_ ? 1 : 0;
  } else {
    embedding.weight_gradient = table;
  }
  positions.scratch = {spec_.data.sequence_length * size_.width * size_.weight};
  positions.weight_gradient = spec_.model.context * size_.width * size_.weight;
  Record(pass, std::move(embedding));
  Record(pass, std::move(positions));
  if (!pass.training) return sum;
  return Dropout(pass, sum, spec_.model.embedding_dropout, size_.tokens * size_.width, size_.stream);
}

Holding MemoryWalk::Hidden(Pass* pass) {
  Holding stream = Embed(*pass);
  const int64_t every = spec_.training.recompute_every;
  for (int64_t layer = 1; layer <= spec_.model.layers; ++layer) {
    const bool again = pass->training && every > 0 && layer % every == 0;
    stream = again ? Recomputed(pass, stream) : Block(pass, stream, /*owns_input=*/true);
  }
  const Holding hidden = Norm(*pass, stream, /*owns_input=*/true);
  if (pass->tape == nullptr) ledger_.Drop(stream);
  return hidden;
}

// Activation checkpointing: only the input is kept, and the block is a pass of its own once the gradient of
// its output is there. That gradient stays to the end, so the first sum with it is a new tensor.
Holding MemoryWalk::Recomputed(Pass* pass, Holding input) {
  Operation again{Kind::kRecompute};
  again.saved = {input};
  if (spec_.model.attention_dropout > 0 || spec_.model.residual_dropout > 0)
    again.saved.push_back(ledger_.Hold(kWorkspace, kRandomState[size_.fused_mask ? 1 : 0]));
  Pass forgotten{nullptr, /*training=*/true};
  const Holding output = Block(&forgotten, input, /*owns_input=*/false);
  pass->casts.insert(pass->casts.end(), forgotten.casts.begin(), forgotten.casts.end());
  again.recompute = [this, input](Holding gradient) {
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

// middle = input + Attention(Norm(input)); middle + Mlp(Norm(middle)). What the code gives a name lives to
// the block's end.
Holding MemoryWalk::Block(Pass* pass, Holding input, bool owns_input) {
  const int64_t elements = size_.tokens * size_.width;
  const double share = pass->training ? spec_.model.residual_dropout : 0;
  std::vector<Holding> named;
  Record(*pass, {Kind::kSplit});
  const Holding qkv = Linear(pass, Norm(*pass, input, owns_input && pass->tape != nullptr),
                             {size_.width, 3 * size_.width, /*from_norm=*/true});
  LinearShape output_shape{size_.width, size_.width};
  output_shape.owns_input = size_.manual || pass->tape == nullptr;
  const Holding attended = Linear(pass, Attend(*pass, qkv, &named), output_shape);
  named.push_back(attended);
  if (share > 0) {
    // Its result is gone with the sum, `attended` is not.
    ledger_.Drop(Dropout(*pass, Hold(0), share, elements, size_.product));
  }
  const Holding middle = Join(*pass);

  Record(*pass, {Kind::kSplit});
  const Holding normed = Norm(*pass, middle, /*owns_input=*/pass->tape != nullptr);
  if (pass->tape == nullptr) named.push_back(middle);
  const Holding up = Linear(pass, normed, {size_.width, size_.mlp_width, /*from_norm=*/true});
  const Holding down = Linear(pass, Activate(*pass, up, &named), {size_.mlp_width, size_.width});
  named.push_back(down);
  if (share > 0) ledger_.Drop(Dropout(*pass, Hold(0), share, elements, size_.product));
  const Holding output = Join(*pass);
  DropAll(&named);
  if (pass->tape == nullptr && owns_input) ledger_.Drop(input);
  return output;
}

// A branch is added to the residual stream. Under autocast it is widened first, and its gradient narrowed.
Holding MemoryWalk::Join(const Pass& pass) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  Operation join{Kind::kJoin};
  if (size_.autocast) {
    join.gradient = size_.tokens * size_.width * size_.product;
    const Holding wide = Hold(bytes);
    const Holding sum = Hold(bytes);
    ledger_.Drop(wide);
    Record(pass, std::move(join));
    return sum;
  }
  Record(pass, std::move(join));
  return Hold(bytes);
}

Holding MemoryWalk::Norm(const Pass& pass, Holding input, bool owns_input) {
  const int64_t bytes = size_.tokens * size_.width * size_.stream;
  Operation norm;
  const Holding output = Hold(bytes);
  Keep(pass, &norm, Hold(size_.tokens * size_.stream));  // means
  Keep(pass, &norm, Hold(size_.tokens * size_.stream));  // reciprocal standard deviations
  if (pass.tape != nullptr && owns_input) norm.saved.push_back(input);
  norm.gradient = bytes;
  norm.weight_gradient = size_.width * size_.weight * (spec_.model.bias ? 2 : 1);
  Record(pass, std::move(norm));
  return output;
}

// Saves its input and, for the input's gradient, its weight: under autocast both as bf16 copies.
Holding MemoryWalk::Linear(Pass* pass, Holding input, const LinearShape& shape) {
  const int64_t weights = shape.inputs * shape.outputs;
  Operation linear, widen;
  if (size_.autocast) {
    const Holding cast = ledger_.Hold(kWorkspace, weights * size_.product);
    (pass->tape != nullptr ? &linear.saved : &pass->casts)->push_back(cast);
    linear.narrow_gradient = weights * size_.product;
  }
  Holding read = input;
  const bool narrows = size_.autocast && shape.from_norm;
  if (narrows) {
    read = Hold(size_.tokens * shape.inputs * size_.product);
    widen.gradient = size_.tokens * shape.inputs * size_.stream;
    Record(*pass, std::move(widen));
  }
  const Holding output = ledger_.Hold(shape.part, size_.tokens * shape.outputs * size_.product);
  if (narrows) ledger_.Drop(input);
  if (shape.owns_input) Keep(*pass, &linear, read);
  linear.gradient = size_.tokens * shape.inputs * size_.product;
  const int64_t made = (weights + (shape.bias && spec_.model.bias ? shape.outputs : 0)) * size_.weight;
  // A microbatch's gradient of a tied matrix waits for the embedding's before both are added.
  (accumulates_ && shape.tied ? linear.aside : linear.weight_gradient) = made;
  Record(*pass, std::move(linear));
  return output;
}

// GELU saves its input.
Holding MemoryWalk::Activate(const Pass& pass, Holding input, std::vector<Holding>* named) {
  Operation gelu;
  gelu.gradient = size_.tokens * size_.mlp_width * size_.product;
  const Holding output = Hold(gelu.gradient);
  KeepNamed(pass, &gelu, input, named);
  Record(pass, std::move(gelu));
  return output;
}

// Backward, the gradients of q, k and v are stacked and then laid out as the projection gave them.
Holding MemoryWalk::Attend(const Pass& pass, Holding qkv, std::vector<Holding>* named) {
  const int64_t bytes = 3 * size_.tokens * size_.width * size_.product;
  Operation lay_out, stack;
  lay_out.gradient = bytes;
  stack.gradient = bytes;
  stack.collects = size_.manual ? 2 : 0;
  Record(pass, std::move(lay_out));
  Record(pass, std::move(stack));
  return size_.manual ? AttentionByProducts(pass, qkv, named) : FusedAttention(pass, qkv, named);
}

// Saves q, k and v, which are views of the projection, its result and a log-sum-exp for each row.
Holding MemoryWalk::FusedAttention(const Pass& pass, Holding qkv, std::vector<Holding>* named) {
  const int64_t third = size_.tokens * size_.width * size_.product;
  Operation fused;
  const Holding output = Hold(third);
  Keep(pass, &fused, Hold(size_.rows * 4));
  KeepNamed(pass, &fused, qkv, named);
  if (pass.tape != nullptr) fused.saved.push_back(output);
  fused.gradient = 3 * third;
  // FlashAttention-2 on a GPU sums the gradient of q in fp32, and keeps a number for each row.
  if (size_.fused_mask) fused.scratch = {size_.tokens * size_.width * 4, size_.rows * 4};
  Record(pass, std::move(fused));
  return output;
}

// Saves a copy of q, k and v by head, and the probabilities: those of the softmax, and as they are
// multiplied.
Holding MemoryWalk::AttentionByProducts(const Pass& pass, Holding qkv, std::vector<Holding>* named) {
  const int64_t third = size_.tokens * size_.width * size_.product;
  named->push_back(qkv);
  const Holding copy = Hold(3 * third);
  Operation scoring;  // q k^T: the gradients of q and k, each scaled
  if (pass.tape != nullptr) scoring.saved = {copy};
  scoring.scratch = {third};
  scoring.aside = third;
  scoring.gradient = third;
  Record(pass, std::move(scoring));
  std::vector<Holding> inner{Hold(size_.scores * size_.product)};
  const Holding probabilities = Probabilities(pass, &inner);
  Operation mixing, lay_out;  // p v: the gradient of v waits
  if (probabilities.bytes > 0) KeepNamed(pass, &mixing, probabilities, &inner);
  mixing.aside = third;
  mixing.gradient = size_.scores * size_.product;
  Record(pass, std::move(mixing));
  const Holding mixed = Hold(third);
  DropAll(&inner);
  if (pass.tape == nullptr) ledger_.Drop(copy);
  const Holding output = Hold(third);
  ledger_.Drop(mixed);
  lay_out.gradient = third;
  Record(pass, std::move(lay_out));
  return output;
}

// What the values are multiplied by, if it is another tensor than the softmax's result.
Holding MemoryWalk::Probabilities(const Pass& pass, std::vector<Holding>* named) {
  const int64_t narrow = size_.scores * size_.product;
  const int64_t wide = size_.scores * size_.softmax;
  Operation narrow_scores, softmax, dropout, narrow_result;
  const bool converts = size_.softmax != size_.product;
  const Holding widened = Hold(converts ? wide : 0);
  const Holding result = Hold(wide);
  ledger_.Drop(widened);
  softmax.gradient = wide;
  KeepNamed(pass, &softmax, result, named);
  if (spec_.training.softmax_precision == SoftmaxPrecision::kBf16 && size_.autocast) {
    // Written out: powers over their sum, each a tensor.
    KeepNamed(pass, &softmax, Hold(wide), named);
    softmax.scratch = {wide, wide, wide};
  }
  if (converts) {
    narrow_scores.gradient = narrow;
    Record(pass, std::move(narrow_scores));
  }
  Record(pass, std::move(softmax));
  Holding output{};
  const double share = pass.training ? spec_.model.attention_dropout : 0;
  if (share > 0) {
    const Holding kept = Hold(size_.fused_mask ? size_.scores : wide);
    output = Hold(wide);
    Keep(pass, &dropout, kept);
    dropout.gradient = wide;
    Record(pass, std::move(dropout));
  }
  if (!converts) return output;
  if (share > 0) named->push_back(output);
  narrow_result.gradient = wide;
  Record(pass, std::move(narrow_result));
  return Hold(narrow);
}

// On a CPU it keeps the factors (0 or 1 / (1 - share)) in the type of its input, on a GPU a byte for each.
Holding MemoryWalk::Dropout(const Pass& pass, Holding input, double share, int64_t elements, int64_t bytes) {
  if (share <= 0) return input;
  Operation dropout;
  const Holding kept = Hold(elements * (size_.fused_mask ? 1 : bytes));
  const Holding output = Hold(elements * bytes);
  ledger_.Drop(input);
  Keep(pass, &dropout, kept);
  dropout.gradient = elements * bytes;
  Record(pass, std::move(dropout));
  return output;
}

}  // namespace optfleet::spec
