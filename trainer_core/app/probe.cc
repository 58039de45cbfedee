#include "trainer_core/app/probe.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdio>

#include "common/mapped_file.h"
#include "common/rundir/documents.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/app/probe_input.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/data/permutation.h"
#include "trainer_core/loop/device.h"
#include "trainer_core/model/attention_backend.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {
namespace {

constexpr size_t kMostShown = 30;

Status AllAtOnce(const Mistakes& mistakes) {
  if (mistakes.empty()) return {};
  std::string text;
  for (size_t i = 0; i < mistakes.size() && i < kMostShown; ++i) text += mistakes[i] + "\n";
  if (mistakes.size() > kMostShown) text += fmt::format("and {} more\n", mistakes.size() - kMostShown);
  text += fmt::format("{} problem{}; nothing was computed", mistakes.size(), mistakes.size() == 1 ? "" : "s");
  return Fail(Code::kInvalidArgument, text);
}

// What files there are is checked together with what they hold.
void CheckWeightsFile(const std::string& path, const spec::TrainingSpec& spec, Mistakes* mistakes) {
  const auto file = MappedFile::Open(path);
  if (!file.has_value()) return mistakes->push_back(file.error().message());
  const auto stored = DecodeHeader((*file)->text());
  if (!stored.has_value()) return mistakes->push_back(stored.error().In(path).message());
  const bool pure_bf16 = spec.training.precision == spec::Precision::kPureBf16;
  CheckWeights(path, *stored, spec::Parameters(spec.model), pure_bf16 ? "BF16" : "F32", mistakes);
}

Result<ProbeTokens> CheckedTokens(const ProbeOptions& options, const spec::TrainingSpec& spec) {
  Mistakes mistakes;
  ProbeTokens tokens;
  const auto text = rundir::ReadWholeFile(options.tokens);
  if (text.has_value())
    tokens = ReadTokens(options.tokens, *text, spec.model, &mistakes);
  else
    mistakes.push_back(text.error().message());
  CheckWeightsFile(options.weights, spec, &mistakes);
  OPTFLEET_RETURN_IF_ERROR(AllAtOnce(mistakes));
  return tokens;
}

at::Tensor ToTensor(const std::vector<int64_t>& values, const ProbeTokens& tokens, at::Device device) {
  return at::tensor(values, at::kLong).view({tokens.sequences, tokens.length}).to(device);
}

// The logits and the loss draw the same dropout.
void SeedDropout(const spec::TrainingSpec& spec, at::Device device) {
  SeedRandom(device, static_cast<int64_t>(MixBits(static_cast<uint64_t>(spec.training.seed)) >> 1));
}

NamedTensors ForwardAndBackward(const spec::TrainingSpec& spec, const Transformer& model,
                                const ProbeTokens& tokens, at::Device device) {
  const at::Tensor inputs = ToTensor(tokens.inputs, tokens, device);
  const at::Tensor targets = ToTensor(tokens.targets, tokens, device);
  at::Tensor logits;
  TrainingLoss loss;
  {
    const PrecisionScope scope(device.type(), spec.training.precision == spec::Precision::kBf16);
    SeedDropout(spec, device);
    {
      const at::NoGradGuard forget;
      logits = model.Logits(inputs, /*training=*/true);
    }
    SeedDropout(spec, device);
    loss = model.Loss(inputs, targets, Reduction::kMean, /*training=*/true);
  }
  torch::autograd::backward({loss.total});
  const at::Tensor rows = logits.to(at::kFloat).view({tokens.sequences, tokens.length, -1});
  NamedTensors out{
      {"logits", rows}, {"loss", loss.nll}, {"z_loss", loss.z.defined() ? loss.z : at::zeros_like(loss.nll)}};
  for (const auto& [name, weight] : model.parameters())
    out.push_back({name, weight.grad().defined() ? weight.grad() : at::zeros_like(weight)});
  return out;
}

Status Run(const ProbeOptions& options) {
  auto spec = ReadModelSpecFile(options.config);
  if (!spec.has_value()) return Fail(spec.error());
  const auto tokens = CheckedTokens(options, *spec);
  if (!tokens.has_value()) return Fail(tokens.error());
  const auto memory = PrepareDevice({options.device, 0, options.threads, /*memory_bytes=*/0, ""});
  if (!memory.has_value()) return Fail(memory.error());

  spec->data.sequence_length = tokens->length;
  spec::ModelSpec& shape = spec->model;
  if (!options.dropout) shape.embedding_dropout = shape.attention_dropout = shape.residual_dropout = 0;
  at::globalContext().setAllowTF32CuBLAS(spec->training.tf32);
  const at::Device device = options.device == "gpu" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  const auto attention = AttentionUsed(*spec, device);
  if (!attention.has_value()) return Fail(attention.error());
  const Transformer model(*spec, device);
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(options.weights, model.parameters()));
  return ReplaceTensors(options.out, ForwardAndBackward(*spec, model, *tokens, device));
}

}  // namespace

int Probe(const ProbeOptions& options) {
  const Status done = Run(options);
  if (done.has_value()) return 0;
  fprintf(stderr, "%s\n", done.error().message().c_str());
  return ExitCodeOf(done.error());
}

}  // namespace optfleet::trainer
