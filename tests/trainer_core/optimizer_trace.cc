// For python/parity/optimizer_parity.py: applies an optimizer to weights and gradients from a file and writes
// the weights behind the last update.
//   trainer_optimizer_trace OPTIONS_JSON IN.safetensors UPDATES OUT_FOLDER
// IN holds weight.NAME and gradient.UPDATE.NAME for UPDATE from 0.
#include <ATen/ATen.h>

#include <cstdio>
#include <map>
#include <string>

#include "spec/json.h"
#include "trainer_core/checkpoint/safetensors.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/data/mapped_file.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {
namespace {

Result<NamedTensors> ReadAll(const std::string& path) {
  auto file = MappedFile::Open(path);
  if (!file.has_value()) return Fail(file.error());
  auto header = DecodeHeader((*file)->text());
  if (!header.has_value()) return Fail(header.error());
  NamedTensors tensors;
  for (const StoredTensor& stored : header->tensors)
    tensors.push_back({stored.name, at::empty(stored.shape)});
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(path, tensors));
  return tensors;
}

Status Run(const std::string& options, const std::string& path, int updates, const std::string& out_folder) {
  auto spec = spec::FromJson({{"optimizer", Json::parse(options)}});
  if (!spec.has_value()) return Fail(spec.error());
  auto tensors = ReadAll(path);
  if (!tensors.has_value()) return Fail(tensors.error());
  NamedTensors weights;
  std::map<std::string, at::Tensor> gradients;
  for (const auto& [name, tensor] : *tensors) {
    if (name.starts_with("weight.")) weights.push_back({name.substr(7), tensor.requires_grad_()});
    if (name.starts_with("gradient.")) gradients[name.substr(9)] = tensor;
  }
  const auto optimizer = MakeOptimizer(spec->optimizer, weights);
  for (int update = 0; update < updates; ++update) {
    for (const auto& [name, tensor] : weights) {
      tensor.mutable_grad() = gradients.at(std::to_string(update) + "." + name);
    }
    optimizer->Step({spec->optimizer.learning_rate, at::zeros({})});
  }
  auto written = WriteTensors(out_folder, "weights.safetensors", weights);
  if (!written.has_value()) return Fail(written.error());
  return {};
}

}  // namespace
}  // namespace optfleet::trainer

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto done = optfleet::trainer::Run(argv[1], argv[2], std::atoi(argv[3]), argv[4]);
  if (!done.has_value()) fprintf(stderr, "%s\n", done.error().message().c_str());
  return done.has_value() ? 0 : 1;
}
