#include "trainer_core/app/replay.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "common/json.h"
#include "common/mapped_file.h"
#include "spec/schedule.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/app/roles.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/checkpoint/safetensors.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/optim/gradient.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {
namespace {

Result<NamedTensors> ReadAll(const std::string& path) {
  auto file = MappedFile::Open(path);
  if (!file.has_value()) return Fail(file.error());
  auto header = DecodeHeader((*file)->text());
  if (!header.has_value()) return Fail(header.error().In(path));
  NamedTensors tensors;
  for (const StoredTensor& stored : header->tensors) {
    if (stored.type != "F32")
      return Fail(Code::kInvalidArgument,
                  path + ": tensor " + stored.name + " is " + stored.type + ", not F32");
    tensors.push_back({stored.name, at::empty(stored.shape)});
  }
  OPTFLEET_RETURN_IF_ERROR(ReadTensorsInto(path, tensors));
  return tensors;
}

using TensorsByName = std::map<std::string, at::Tensor>;

struct StepGradients {
  TensorsByName loss;
  TensorsByName curvature;  // empty in most steps
};
using Gradients = std::map<int64_t, StepGradients>;

constexpr std::string_view kCurvature = ".curvature";

// Those of one kind are complete and have the shapes of their weights.
Status CheckGradients(const TensorsByName& gradients, const NamedTensors& weights,
                      const std::string& suffix) {
  for (const auto& [name, weight] : weights) {
    const auto found = gradients.find(name);
    if (found == gradients.end())
      return Fail(Code::kInvalidArgument, "there is no gradient " + name + suffix);
    if (found->second.sizes() != weight.sizes())
      return Fail(Code::kInvalidArgument, "gradient " + name + suffix + " has another shape than " + name);
  }
  return {};
}

Result<Gradients> SortGradients(const NamedTensors& tensors, const NamedTensors& weights) {
  Gradients gradients;
  for (const auto& [full_name, tensor] : tensors) {
    const bool curvature = full_name.ends_with(kCurvature);
    const std::string name = full_name.substr(0, full_name.size() - (curvature ? kCurvature.size() : 0));
    const size_t dot = name.rfind('.');
    const std::string digits = dot == std::string::npos ? "" : name.substr(dot + 1);
    const bool is_step =
        !digits.empty() && digits.size() < 10 && digits.find_first_not_of("0123456789") == std::string::npos;
    if (!is_step || std::stoll(digits) < 1)
      return Fail(Code::kInvalidArgument,
                  "gradient " + full_name + " does not end in .<step>, counted from 1");
    StepGradients& of_step = gradients[std::stoll(digits)];
    (curvature ? of_step.curvature : of_step.loss)[name.substr(0, dot)] = tensor;
  }
  for (const auto& [step, of_step] : gradients) {
    const std::string suffix = "." + std::to_string(step);
    OPTFLEET_RETURN_IF_ERROR(CheckGradients(of_step.loss, weights, suffix));
    if (!of_step.curvature.empty())
      OPTFLEET_RETURN_IF_ERROR(CheckGradients(of_step.curvature, weights, suffix + std::string(kCurvature)));
  }
  return gradients;
}

// Where a spec without a model, data and a schedule begins.
spec::TrainingSpec StartOf(int64_t steps) {
  spec::TrainingSpec spec;
  spec.model.tie_output = false;  // every group exists
  spec.data.path = "none";
  spec.schedule.name = spec::ScheduleKind::kConstant;
  spec.training.clip_norm = 0;
  spec.budget.steps = steps;
  return spec;
}

class Replayer {
 public:
  Replayer(const spec::TrainingSpec& spec, NamedTensors weights)
      : spec_(spec), schedule_(spec), weights_(std::move(weights)) {}

  Status Prepare(const std::string& roles) {
    std::vector<std::string> names;
    for (const auto& [name, weight] : weights_) names.push_back(name);
    auto groups = GroupsOf(names, roles);
    if (!groups.has_value()) return Fail(groups.error());
    OPTFLEET_RETURN_IF_ERROR(CheckGroups(spec_.optimizer, *groups));
    std::vector<OptimizedParameter> parameters;
    for (size_t i = 0; i < weights_.size(); ++i) {
      weights_[i].tensor.requires_grad_();
      parameters.push_back({{names[i], weights_[i].tensor.sizes().vec(), (*groups)[i]}, weights_[i].tensor});
    }
    auto optimizer = MakeOptimizer(spec_, std::move(parameters));
    if (!optimizer.has_value()) return Fail(optimizer.error());
    optimizer_ = std::move(*optimizer);
    return {};
  }

  // Fails if the rule needs a gradient at drawn labels before this step, and there is none.
  Status Step(int64_t step, const StepGradients& gradients) {
    if (optimizer_->WantsCurvature(step)) {
      if (gradients.curvature.empty())
        return Fail(Code::kInvalidArgument,
                    fmt::format("step {} needs gradients <name>.{}.curvature, at labels drawn from the model",
                                step, step));
      Take(gradients.curvature);
      optimizer_->ObserveCurvature(SummarizeGradient(weights_).not_finite);
    }
    Take(gradients.loss);
    const spec::ScheduledValues scheduled = schedule_.At(static_cast<double>(step));
    const GradientSummary summary = SummarizeGradient(weights_);
    UpdateContext update{scheduled.factor, summary.not_finite};
    update.gradient_scale = ClippingScale(summary, scheduled.clip_norm);
    update.mixture_share = scheduled.mixture_share;
    if (spec_.training.clip_value > 0) update.gradient_bound = spec_.training.clip_value;
    optimizer_->Step(update);
    if (summary.not_finite.item<float>() != 0) optimizer_->UncountStep();
    return {};
  }

  // Seconds of each of so many updates, at the gradients of the last step.
  std::vector<double> Time(int64_t steps) {
    const GradientSummary summary = SummarizeGradient(weights_);
    std::vector<double> seconds;
    for (int64_t i = 0; i < steps; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      optimizer_->Step({1, summary.not_finite});
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return seconds;
  }

  int64_t parameters() const {
    int64_t count = 0;
    for (const auto& [name, weight] : weights_) count += weight.numel();
    return count;
  }

  void Keep(int64_t step, NamedTensors* kept) {
    const size_t begin = kept->size();
    optimizer_->BeginEvaluation();
    for (const auto& [name, weight] : weights_)
      kept->push_back({fmt::format("{}.{}", name, step), weight.detach().clone()});
    optimizer_->EndEvaluation();
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!kept->at(begin + i).tensor.equal(weights_[i].tensor))
        kept->push_back(
            {fmt::format("{}.{}.train", weights_[i].name, step), weights_[i].tensor.detach().clone()});
    }
  }

 private:
  void Take(const TensorsByName& gradients) {
    for (const auto& [name, weight] : weights_) weight.mutable_grad() = gradients.at(name);
  }

  const spec::TrainingSpec spec_;
  const spec::Schedule schedule_;
  NamedTensors weights_;
  std::unique_ptr<Optimizer> optimizer_;
};

Status Run(const ReplayOptions& options) {
  at::set_num_threads(options.threads);
  auto weights = ReadAll(options.parameters);
  if (!weights.has_value()) return Fail(weights.error());
  if (weights->empty()) return Fail(Code::kInvalidArgument, options.parameters + " holds no tensors");
  auto recorded = ReadAll(options.gradients);
  if (!recorded.has_value()) return Fail(recorded.error());
  const auto gradients = SortGradients(*recorded, *weights);
  if (!gradients.has_value()) return Fail(gradients.error().In(options.gradients));
  const int64_t given = gradients->empty() ? 0 : gradients->rbegin()->first;
  const int64_t steps = options.steps > 0 ? options.steps : given;
  if (steps == 0 || steps > given || static_cast<int64_t>(gradients->size()) != given)
    return Fail(Code::kInvalidArgument, fmt::format("{}: steps 1 to {} need gradients, found {} up to {}",
                                                    options.gradients, steps, gradients->size(), given));
  const auto spec = ReadSpecFile(options.config, StartOf(steps));
  if (!spec.has_value()) return Fail(spec.error());

  Replayer replayer(*spec, std::move(*weights));
  OPTFLEET_RETURN_IF_ERROR(replayer.Prepare(options.roles));
  const std::vector<int64_t> wanted = options.steps_out.empty() ? std::vector{steps} : options.steps_out;
  NamedTensors kept;
  for (int64_t step = 1; step <= steps; ++step) {
    const Status stepped = replayer.Step(step, gradients->at(step));
    if (!stepped.has_value()) return Fail(stepped.error().In(options.gradients));
    if (std::find(wanted.begin(), wanted.end(), step) != wanted.end()) replayer.Keep(step, &kept);
  }
  OPTFLEET_RETURN_IF_ERROR(ReplaceTensors(options.out, kept));
  if (options.timed_steps > 0) {
    const Json line = {{"parameters", replayer.parameters()},
                       {"seconds", replayer.Time(options.timed_steps)}};
    fmt::print("{}\n", line.dump());
  }
  return {};
}

}  // namespace

int Replay(const ReplayOptions& options) {
  const Status done = Run(options);
  if (done.has_value()) return 0;
  fprintf(stderr, "%s\n", done.error().message().c_str());
  return ExitCodeOf(done.error());
}

}  // namespace optfleet::trainer
