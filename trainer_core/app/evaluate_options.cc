#include "trainer_core/app/evaluate_options.h"

#include <memory>

#include "trainer_core/app/evaluate_command.h"

namespace optfleet::trainer {
namespace {

void AddTask(CLI::App* command, TaskSource* task, bool required) {
  std::vector<std::string> names(TaskNames().begin(), TaskNames().end());
  auto* name = command->add_option("--task", task->task, "Task")->check(CLI::IsMember(names));
  auto* path = command->add_option("--path", task->path, "Its file")->check(CLI::ExistingFile);
  name->needs(path);
  path->needs(name);
  if (required) name->required();
  command->add_option("--labels", task->labels, "File of labels; of piqa; NAME-labels.lst beside its file")
      ->needs(name);
  command->add_option("--limit", task->limit, "First documents, of a single one first bytes; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->needs(name);
}

void AddModel(CLI::App* command, ModelSource* model) {
  auto* source = command->add_option_group("model");
  auto* checkpoint = source->add_option("--checkpoint", model->checkpoint, "Its folder, or a run directory")
                         ->check(CLI::ExistingDirectory);
  auto* weights = source->add_option("--weights", model->weights, "Safetensors file; needs --config")
                      ->check(CLI::ExistingFile);
  source->require_option(1);
  command->add_flag("--average", model->average, "The checkpoint's average of weights")->needs(checkpoint);
  auto* config = command->add_option("--config", model->config, "Spec file of the model of --weights");
  config->needs(weights);
  weights->needs(config);
}

}  // namespace

void AddEvaluateCommands(CLI::App* app, int* code) {
  auto* command = app->add_subcommand("evaluate", "Evaluate a model on a task from local files");
  auto options = std::make_shared<EvaluateOptions>();
  AddModel(command, &options->model);
  AddTask(command, &options->task, /*required=*/false);
  command->add_option("--requests", options->requests, "File of requests, in the place of --task")
      ->check(CLI::ExistingFile)
      ->excludes("--task");
  command->add_option("--length", options->length, "Tokens of the longest input; 0: model.context")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--prefix-token", options->prefix, "Stands where there is no context; 10, a line's end")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--batch-tokens", options->batch_tokens, "Of one forward pass")
      ->check(CLI::PositiveNumber);
  command->add_option("--device", options->device, "cpu or gpu")->check(CLI::IsMember({"cpu", "gpu"}));
  command->add_option("--threads", options->threads, "CPU threads")->check(CLI::Range(1, 1024));
  auto format = std::make_shared<std::string>("table");
  command->add_option("-o,--output", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
  command->callback([options, format, code] {
    if (options->task.task.empty() == options->requests.empty())
      throw CLI::ValidationError("give a --task with its --path, or --requests");
    options->json = *format == "json";
    *code = Evaluate(*options);
  });

  auto* requests = app->add_subcommand("requests", "Write a task's requests as text, for a tokenizer");
  auto task = std::make_shared<TaskSource>();
  auto out = std::make_shared<std::string>();
  AddTask(requests, task.get(), /*required=*/true);
  requests->add_option("--out", *out, "File to make or replace")->required();
  requests->callback([task, out, code] { *code = WriteRequests(*task, *out); });
}

}  // namespace optfleet::trainer
