// opt-trainer probe: one forward and backward pass of a spec's model on given weights and tokens, without a
// data set, so that anyone can hold the model against their own code.
#pragma once

#include <cstdint>
#include <string>

namespace optfleet::trainer {

struct ProbeOptions {
  std::string config;    // keys model, training.precision, .softmax_precision, .z_loss, .recompute_every,
                         // .tf32; neither data nor a budget need be given
  std::string weights;   // safetensors: every parameter of the model, in the type it trains in
  std::string tokens;    // JSON: trainer_core/app/probe_input.h
  std::string out;       // safetensors to make, or to replace once the new one is whole:
                         //   logits   fp32 [sequences, length, vocabulary], before the loss
                         //   loss     fp32 scalar: mean negative log-likelihood of the targets, nats
                         //   z_loss   fp32 scalar: what training.z_loss adds to it; 0 without
                         //   <name>   of each weight: the gradient of loss + z_loss, in the weight's type
  bool dropout = false;  // drops as a run of this spec would in its first pass; else nothing is dropped
  std::string device = "cpu";
  int32_t threads = 1;
};

// All sequences are one batch; micro_batch is not read. The process's exit code: 2 with every mistake of
// weights and tokens on standard error.
int Probe(const ProbeOptions& options);

}  // namespace optfleet::trainer
