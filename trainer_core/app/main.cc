// opt-trainer: one training process, driven by a worker through a run directory or used alone.
#include <CLI/CLI.hpp>

#include "trainer_core/app/attempt.h"
#include "trainer_core/app/checkpoint_command.h"
#include "trainer_core/app/evaluate_options.h"
#include "trainer_core/app/probe.h"
#include "trainer_core/app/replay.h"
#include "trainer_core/app/schedule_command.h"
#include "trainer_core/app/standalone.h"

namespace optfleet::trainer {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Trains one model. `optctl` trains many.", "opt-trainer");
  app.require_subcommand(1);
  int code = 0;

  AttemptOptions attempt;
  auto* attempt_command = app.add_subcommand("attempt", "Run one attempt through its run directory");
  attempt_command->add_option("folder", attempt.folder, "Run directory with job.json")->required();
  attempt_command->add_option("--lock-fd", attempt.lock_descriptor, "Inherited descriptor of trainer.lock");
  attempt_command->callback([&] { code = RunAttempt(attempt); });

  TrainOptions train;
  auto* train_command = app.add_subcommand("train", "Train from a spec file");
  train_command->add_option("config", train.config,
                            "YAML or JSON, keys of docs/spec-keys.md; with --resume the checkpoint's own");
  train_command->add_option("--out", train.folder, "Run directory to make")->required();
  train_command->add_option("--resume", train.checkpoint,
                            "Checkpoint, or run directory whose newest is meant");
  train_command->add_option("--data", train.data, "File to read in the place of data.path");
  train_command->add_option("--device", train.device, "cpu or gpu")->check(CLI::IsMember({"cpu", "gpu"}));
  train_command->add_option("--threads", train.threads, "CPU threads")->check(CLI::Range(1, 1024));
  train_command->add_option("--memory", train.memory_bytes, "Limit, for example 2GiB; 0: none")
      ->transform(CLI::AsSizeValue(false));
  train_command->callback([&] { code = TrainStandalone(train); });

  std::string from, to;
  auto* checkpoint = app.add_subcommand("checkpoint", "Look at checkpoints, copy them");
  checkpoint->require_subcommand(1);
  auto* list = checkpoint->add_subcommand("list", "Verify and list the checkpoints of a run directory");
  list->add_option("folder", from, "Run directory, or one checkpoint")->required();
  list->callback([&] { code = ListCheckpoints(from); });
  auto* copy = checkpoint->add_subcommand("copy", "Copy a checkpoint, verified before and after");
  copy->add_option("from", from, "Checkpoint, or run directory whose newest is meant")->required();
  copy->add_option("to", to, "Folder to make")->required();
  copy->callback([&] { code = CopyCheckpointTo(from, to); });

  std::vector<std::string> inputs;
  auto* average = app.add_subcommand("average", "Write the plain mean of weights in several files");
  average->add_option("--out", to, "Safetensors file to make")->required();
  average->add_option("inputs", inputs, "Checkpoints, run directories or safetensors files")
      ->required()
      ->expected(2, 10000);
  average->callback([&] { code = AverageWeights(inputs, to); });

  std::string config, path;
  bool json = false;
  int64_t steps = 1;
  auto* parameters = app.add_subcommand("parameters", "List the parameters of a spec");
  parameters->add_option("--config", config, "Spec file")->required();
  parameters->add_flag("--json", json, "For programs");
  parameters->callback([&] { code = PrintParameters(config, json); });

  ReplayOptions replay;
  auto* replayed = app.add_subcommand("replay", "Apply an optimizer to tensors and recorded gradients");
  replayed->add_option("--config", replay.config, "Spec file; optimizer, schedule, clipping")->required();
  replayed->add_option("--params", replay.parameters, "Safetensors file: <name>")->required();
  replayed->add_option("--grads", replay.gradients, "Safetensors file: <name>.<step>")->required();
  replayed->add_option("--out", replay.out, "Safetensors file to make: <name>.<step>")->required();
  replayed->add_option("--roles", replay.roles, "YAML file: name or glob -> group of parameters");
  replayed->add_option("--steps", replay.steps, "Steps to take; all recorded ones if not given")
      ->check(CLI::PositiveNumber);
  replayed->add_option("--steps-out", replay.steps_out, "Steps to write, 1,2,10; the last if not given")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  replayed->add_option("--threads", replay.threads, "CPU threads")->check(CLI::Range(1, 1024));
  replayed->add_option("--time", replay.timed_steps, "Updates to time afterwards, for benchmarks")
      ->check(CLI::PositiveNumber);
  replayed->callback([&] { code = Replay(replay); });

  ProbeOptions probe;
  auto* probed = app.add_subcommand("probe", "Logits, loss and gradients of given weights and tokens");
  probed->add_option("--config", probe.config, "Spec file; model, training.precision and so on")->required();
  probed->add_option("--weights", probe.weights, "Safetensors file of every parameter")->required();
  probed->add_option("--tokens", probe.tokens, R"(JSON: {"tokens": [[...]]} or {"inputs", "targets"})")
      ->required();
  probed->add_option("--out", probe.out, "Safetensors file to make: logits, loss, z_loss, gradients")
      ->required();
  probed->add_flag("--dropout", probe.dropout, "Drop as the spec says; else nothing is dropped");
  probed->add_option("--device", probe.device, "cpu or gpu")->check(CLI::IsMember({"cpu", "gpu"}));
  probed->add_option("--threads", probe.threads, "CPU threads")->check(CLI::Range(1, 1024));
  probed->callback([&] { code = Probe(probe); });

  auto* init = app.add_subcommand("init", "Write the weights that a run of a spec starts from");
  init->add_option("--config", config, "Spec file")->required();
  init->add_option("--out", path, "Safetensors file to make")->required();
  init->callback([&] { code = ExportWeights(config, path); });

  auto* batches =
      app.add_subcommand("batches", "Print where the sequences of each step begin in the training part");
  batches->add_option("--config", config, "Spec file")->required();
  batches->add_option("--steps", steps, "Steps from the first")->check(CLI::PositiveNumber);
  batches->callback([&] { code = PrintBatches(config, steps); });

  std::string format = "csv";
  auto* schedule =
      app.add_subcommand("schedule", "Show learning rate and other scheduled values of each step");
  schedule->add_option("--config", config, "Spec file")->required();
  schedule->add_option("-o,--output", format, "csv or json")->check(CLI::IsMember({"csv", "json"}));
  schedule->callback([&] { code = PrintSchedule(config, format == "json"); });

  AddEvaluateCommands(&app, &code);

  auto* version = app.add_subcommand("version", "Say which version this is");
  version->add_flag("--json", json, "For programs");
  version->callback([&] { code = PrintVersion(json); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int parse_code = app.exit(error);
    return parse_code == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fprintf(stderr, "opt-trainer: %s\n", error.what());
    return 1;
  }
  return code;
}

}  // namespace
}  // namespace optfleet::trainer

int main(int argc, char** argv) { return optfleet::trainer::Main(argc, argv); }
