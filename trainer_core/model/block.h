// One transformer block: attention, then an MLP, each a branch beside the residual stream. Another kind of
// branch (a mixture of experts) takes the place of the MLP's weights and of the call of Mlp.
#pragma once

#include <ATen/core/TensorBody.h>

#include <functional>
#include <string>
#include <vector>

#include "spec/training_spec.h"
#include "trainer_core/model/attention.h"
#include "trainer_core/model/forward_observer.h"
#include "trainer_core/model/mlp.h"
#include "trainer_core/model/norm.h"

namespace optfleet::trainer {

// What is undefined the model does not have.
struct BlockWeights {
  NormWeights norm1;
  at::Tensor qkv, qkv_bias, attention_output, attention_output_bias;
  NormWeights q_norm, k_norm;
  NormWeights norm2;
  MlpWeights mlp;
  at::Tensor residual_mix;  // scores of the embedding and of all blocks before, [layer + 1]
};

// By the names of spec/parameters.h behind "blocks.N."; `find` gives an undefined tensor for a name that the
// model does not have.
BlockWeights BindBlock(const std::function<at::Tensor(const char* name)>& find);

// What all blocks of a model share.
struct BlockSetting {
  spec::ModelSpec model;
  AttentionOptions attention;  // its dropout is that of the model, which applies in training
  NormOptions norm;
  RotaryTables rotary;
  at::Tensor mask;  // spec: Attend
};

// Who looks on, if somebody does, and under which number.
struct BlockWatch {
  ForwardObserver* observer = nullptr;
  int64_t layer = 0;
};

// input: [sequences, length, width]. Result, with attention and mlp each behind its dropout:
//   pre:      y = x + attention(norm1(x)), y + mlp(norm2(y))
//   post:     y = norm1(x + attention(x)), norm2(y + mlp(y))   (arXiv 1706.03762)
//   weighted: y =     attention(norm1(x)), y + mlp(norm2(y))   (arXiv 2311.02265: the mix stands for the
//   stream)
at::Tensor RunBlock(const BlockWeights& block, const BlockSetting& setting, const at::Tensor& input,
                    bool training, const BlockWatch& watch = {});

// What a block reads under weighted residuals: sum of softmax(scores)_i x outputs_i, where outputs_0 is the
// embedding.
at::Tensor Mixed(const at::Tensor& scores, const std::vector<at::Tensor>& outputs);

// Identity outside training.
at::Tensor Dropout(const at::Tensor& input, double share, bool training);

}  // namespace optfleet::trainer
