#include "trainer_core/app/evaluate_command.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "common/json.h"
#include "common/rundir/documents.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/eval/scorer.h"
#include "trainer_core/eval/tasks/request_file.h"
#include "trainer_core/loop/device.h"
#include "trainer_core/loop/numerics.h"

namespace optfleet::trainer {
namespace {

int Report(const Error& error) {
  fprintf(stderr, "%s\n", error.message().c_str());
  return ExitCodeOf(error);
}

Result<TokenTask> ReadTokens(const EvaluateOptions& options, const spec::TrainingSpec& spec) {
  std::variant<TextTask, TokenTask> read;
  if (options.requests.empty()) {
    auto task = ReadTask(options.task);
    if (!task.has_value()) return Fail(task.error());
    read = std::move(*task);
  } else {
    auto file = ReadRequestFile(options.requests);
    if (!file.has_value()) return Fail(file.error());
    read = std::move(*file);
  }
  if (auto* tokens = std::get_if<TokenTask>(&read)) return std::move(*tokens);
  if (spec.model.vocab_size != 256)
    return Fail(
        Code::kInvalidArgument,
        fmt::format("`model.vocab_size` {} is not that of bytes, so the text needs the model's tokenizer: "
                    "`opt-trainer requests`, then `python -m optfleet encode`, then `--requests`",
                    spec.model.vocab_size));
  return EncodeBytes(std::move(std::get<TextTask>(read)), options.prefix);
}

// A line that moves, on a terminal.
void ShowProgress(int64_t done, int64_t requests) {
  static const bool shown = isatty(STDERR_FILENO) == 1;
  static auto next = std::chrono::steady_clock::now();
  const auto now = std::chrono::steady_clock::now();
  if (!shown || (now < next && done < requests)) return;
  next = now + std::chrono::milliseconds(200);
  fmt::print(stderr, "\r{} of {} requests{}", done, requests, done == requests ? "\n" : "");
}

struct Evaluated {
  TokenTask task;
  TaskFigures figures;
  int64_t length = 0;
  Json numerics;
};

Result<Evaluated> Run(EvaluateOptions options) {
  if (!options.model.checkpoint.empty()) OPTFLEET_RETURN_IF_ERROR(FindCheckpoint(&options.model));
  auto spec = SpecOf(options.model);
  if (!spec.has_value()) return Fail(spec.error());
  auto task = ReadTokens(options, *spec);
  if (!task.has_value()) return Fail(task.error());
  const auto memory = PrepareDevice({options.device, 0, options.threads, /*memory_bytes=*/0, ""});
  if (!memory.has_value()) return Fail(memory.error());
  const int64_t length = options.length == 0 ? spec->model.context : options.length;
  if (length > spec->model.context)
    return Fail(Code::kInvalidArgument,
                fmt::format("--length {} is more than `model.context` {}", length, spec->model.context));
  spec->data.sequence_length = length;
  const at::Device device = options.device == "gpu" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  const auto model = LoadModel(options.model, *spec, device);
  if (!model.has_value()) return Fail(model.error());
  const Scorer scorer(**model, *spec, device, {length, options.batch_tokens, &ShowProgress});
  auto figures =
      RunTask(*task, length, [&](std::span<const TokenRequest> requests) { return scorer.Score(requests); });
  if (!figures.has_value()) return Fail(figures.error());
  return Evaluated{std::move(*task), std::move(*figures), length, NumericsStamp(*spec, device)};
}

Json ToJson(const Evaluated& evaluated) {
  const TaskFigures& figures = evaluated.figures;
  Json json = {{"task", evaluated.task.name}, {"documents", figures.documents}, {"tokens", figures.tokens}};
  if (evaluated.task.measure == Measure::kRolling)
    json.update({{"words", figures.words}, {"bytes", figures.bytes}});
  json.update({{"length", evaluated.length}, {"prefix", evaluated.task.prefix}});
  for (const auto& [name, value] : figures.figures) json["figures"][std::string(name)] = value;
  json["numerics"] = evaluated.numerics;
  return json;
}

void PrintTable(const Evaluated& evaluated) {
  const TaskFigures& figures = evaluated.figures;
  fmt::print("{}: {} document{}, {} tokens, inputs up to {}\n", evaluated.task.name, figures.documents,
             figures.documents == 1 ? "" : "s", figures.tokens, evaluated.length);
  for (const auto& [name, value] : figures.figures) fmt::print("  {:<20} {:.6g}\n", name, value);
}

}  // namespace

int Evaluate(const EvaluateOptions& options) {
  const auto evaluated = Run(options);
  if (!evaluated.has_value()) return Report(evaluated.error());
  if (options.json)
    fmt::print("{}\n", ToJson(*evaluated).dump());
  else
    PrintTable(*evaluated);
  return 0;
}

int WriteRequests(const TaskSource& source, const std::string& out) {
  const auto task = ReadTask(source);
  if (!task.has_value()) return Report(task.error());
  const auto text = RequestFileOf(*task);
  if (!text.has_value()) return Report(text.error());
  const auto path = std::filesystem::absolute(out);
  const Status written = rundir::WriteFileAtomically(path.parent_path(), path.filename(), *text);
  return written.has_value() ? 0 : Report(written.error());
}

}  // namespace optfleet::trainer
