// opt-trainer evaluate and requests: published tasks, from local files, on a trained model
// (docs/evaluation.md). Each returns the process's exit code; messages go to standard error, answers to
// standard output.
#pragma once

#include <cstdint>
#include <string>

#include "trainer_core/app/trained_model.h"
#include "trainer_core/eval/tasks/task_files.h"

namespace optfleet::trainer {

struct EvaluateOptions {
  ModelSource model;
  TaskSource task;        // for models whose tokens are bytes, or
  std::string requests;   // a request file
  int64_t length = 0;     // tokens of the longest input; 0: model.context
  int32_t prefix = '\n';  // token before what has no context, where the request file names none
  int64_t batch_tokens = 4096;
  bool json = false;
  std::string device = "cpu";
  int32_t threads = 1;
};

// Figures as a table of name and value, or as one JSON object.
int Evaluate(const EvaluateOptions& options);

// Writes the task's requests as text, for a tokenizer.
int WriteRequests(const TaskSource& task, const std::string& out);

}  // namespace optfleet::trainer
