// The command line of opt-trainer evaluate and requests.
#pragma once

#include <CLI/CLI.hpp>

namespace optfleet::trainer {

// `code` takes the exit code of the command that was called.
void AddEvaluateCommands(CLI::App* app, int* code);

}  // namespace optfleet::trainer
