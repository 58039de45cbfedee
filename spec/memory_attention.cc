// Attention on paper, from the fused projection to what the output projection reads.
#include "spec/memory_walk.h"

namespace optfleet::spec {

bool MemoryWalk::SplitsPlainly() const {
  return size_.key_value_width == size_.width && !model_.qk_norm && model_.position != PositionKind::kRotary;
}

// Backward, the gradients of q, k and v become one of the projection: stacked and laid out anew, or, where
// they were treated one by one, put side by side.
void MemoryWalk::RecordSplit(const Pass& pass) {
  const int64_t bytes = size_.tokens * (size_.width + 2 * size_.key_value_width) * size_.product;
  Operation join, lay_out;
  join.gradient = bytes;
  join.collects = size_.manual ? 2 : 0;
  if (SplitsPlainly()) {
    lay_out.gradient = bytes;
    Record(pass, std::move(lay_out));
  }
  Record(pass, std::move(join));
}

// One of QK-norm's two. In bf16 under autocast it reads a wide copy.
Holding MemoryWalk::NormOfHeads(const Pass& pass, int64_t elements, Operation* norm) {
  const bool rms = model_.norm == NormKind::kRmsNorm;
  const bool widens = size_.product != 4 && (rms || size_.autocast);
  const int64_t wide = elements * (widens ? 4 : size_.product);
  if (widens) Keep(pass, norm, Hold(wide));
  Keep(pass, norm, Hold(size_.tokens * 4 * (rms ? 1 : 2)));
  if (rms) Keep(pass, norm, Hold(wide));
  const Holding output = Hold(wide);
  if (!widens) return output;
  const Holding narrow = Hold(elements * size_.product);
  ledger_.Drop(output);
  return narrow;
}

// Queries and keys before they meet: QK-norm, rotary positions, keys and values repeated for their groups.
// What the kernel reads is saved by it; views of the projection stay in the projection.
MemoryWalk::Heads MemoryWalk::PrepareHeads(const Pass& pass, Holdings* named) {
  const int64_t queries = size_.tokens * size_.width, keys = size_.tokens * size_.key_value_width;
  Heads heads;
  if (model_.qk_norm) {
    Operation norm;
    heads.made = {NormOfHeads(pass, queries, &norm), NormOfHeads(pass, keys, &norm)};
    norm.scratch = {queries * 4, queries * 4};
    norm.weight_gradient = (size_.width + size_.key_value_width) * size_.weight;
    Record(pass, std::move(norm));
    heads.reads_projection = size_.product == 4;  // a view of it, saved by the norm
  }
  if (model_.position == PositionKind::kRotary) {
    // In fp32: four products of half a head, two sums, and the two halves side by side. It saves tables only.
    Operation rotary;
    const int64_t wide = size_.product != 4 ? queries * 4 : 0;
    rotary.scratch = {2 * queries * 4, wide};
    Record(pass, std::move(rotary));
    named->insert(named->end(), heads.made.begin(), heads.made.end());
    ledger_.Touch(&MemoryParts::activations, 2 * queries * 4 + wide);
    heads.made = {Hold(queries * size_.product), Hold(keys * size_.product)};
  }
  if (size_.key_value_width != size_.width) {
    if (!heads.made.empty()) {
      named->push_back(heads.made.back());
      heads.made.pop_back();
    }
    heads.made.push_back(Hold(queries * size_.product));
    heads.made.push_back(Hold(queries * size_.product));
    heads.reads_projection |= heads.made.size() == 2;  // the queries
  } else {
    heads.reads_projection = true;  // the values
  }
  return heads;
}

// Saves q, k and v, its result and a log-sum-exp for each row.
Holding MemoryWalk::FusedAttention(const Pass& pass, Holding qkv, Holdings* named) {
  const int64_t third = size_.tokens * size_.width * size_.product;
  Heads heads{{}, true};
  if (!SplitsPlainly()) heads = PrepareHeads(pass, named);
  Operation fused;
  Holding output = Hold(third);
  Keep(pass, &fused, Hold(size_.rows * 4));
  for (const Holding& made : heads.made) KeepNamed(pass, &fused, made, named);
  if (heads.reads_projection)
    KeepNamed(pass, &fused, qkv, named);
  else
    named->push_back(qkv);
  fused.gradient = 3 * third;
  // FlashAttention-2 on a GPU sums the gradient of q in fp32, and keeps a number for each row.
  if (size_.on_gpu) fused.scratch = {size_.tokens * size_.width * 4, size_.rows * 4};
  if (model_.position == PositionKind::kRotary) {
    // Rotated heads lie one behind the other, and so does the result, which is laid out anew.
    KeepNamed(pass, &fused, output, named);
    output = Hold(third);
    fused.scratch.push_back(third);
  } else if (pass.tape != nullptr) {
    fused.saved.push_back(output);
  }
  Record(pass, std::move(fused));
  return output;
}

// Saves a copy of q, k and v by head, and the probabilities: those of the softmax, and as they are
// multiplied.
Holding MemoryWalk::AttentionByProducts(const Pass& pass, Holding qkv, Holdings* named) {
  const int64_t third = size_.tokens * size_.width * size_.scoring;
  const int64_t result = size_.tokens * size_.width * size_.product;
  Operation scoring;  // q k^T: the gradients of q and k, each scaled
  if (!SplitsPlainly()) {
    const Heads heads = PrepareHeads(pass, named);
    named->insert(named->end(), heads.made.begin(), heads.made.end());
    if (model_.qk_norm && size_.product == 4 && pass.tape != nullptr)
      scoring.saved.push_back(qkv);
    else
      named->push_back(qkv);
  } else {
    named->push_back(qkv);
  }
  const Holding copy = Hold(3 * third);
  if (pass.tape != nullptr) scoring.saved.push_back(copy);
  scoring.scratch = {third};
  scoring.aside = third;
  scoring.gradient = third;
  Record(pass, std::move(scoring));
  if (model_.position == PositionKind::kAlibi) {
    Operation scale;
    scale.gradient = size_.scores * size_.scoring;
    Record(pass, std::move(scale));
  }
  Holdings inner{Hold(size_.scores * size_.scoring)};
  const Holding probabilities = Probabilities(pass, &inner);
  Operation mixing, lay_out;  // p v: the gradient of v waits
  if (probabilities.bytes > 0) KeepNamed(pass, &mixing, probabilities, &inner);
  mixing.aside = third;
  mixing.gradient = size_.scores * size_.scoring;
  Record(pass, std::move(mixing));
  const Holding mixed = Hold(third);
  DropAll(&inner);
  if (pass.tape == nullptr) ledger_.Drop(copy);
  const Holding output = Hold(result);
  ledger_.Drop(mixed);
  lay_out.gradient = third;
  Record(pass, std::move(lay_out));
  return output;
}

// What the values are multiplied by, if it is another tensor than the softmax's result.
Holding MemoryWalk::Probabilities(const Pass& pass, Holdings* named) {
  const int64_t narrow = size_.scores * size_.scoring;
  const int64_t wide = size_.scores * size_.softmax;
  Operation narrow_scores, softmax, dropout, narrow_result;
  const bool converts = size_.softmax != size_.scoring;
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
  const double share = pass.training ? model_.attention_dropout : 0;
  if (share > 0) {
    const Holding kept = Hold(size_.on_gpu ? size_.scores : wide);
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

}  // namespace optfleet::spec
