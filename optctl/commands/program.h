// The command line as a whole: which commands there are, and from arguments to the one that was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "optctl/commands/context.h"

namespace optfleet::commands {

// What a chosen command does; returns its exit code. It has printed everything but the error that it returns.
using Action = std::function<Result<int>(Context&)>;

class Program {
 public:
  Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Adds a command; the help shows the examples (one a line) before the options. The App stays owned by the
  // program.
  CLI::App& Command(const std::string& name, const std::string& summary, const std::string& examples);
  // The same below another command: `worker list`.
  CLI::App& Command(CLI::App& parent, const std::string& name, const std::string& summary,
                    const std::string& examples);
  // Adds -o with the formats that the command knows; the first is the default.
  void Formats(CLI::App& command, const std::vector<std::string>& names);
  // Which action the command stands for.
  void On(CLI::App& command, Action action);

  // Parses and runs. All errors have been shown when it returns.
  int Run(int argc, char** argv);

 private:
  int UsageError(const Context& context, const std::string& message) const;
  std::string Unexpected(const std::string& argument) const;
  std::vector<std::string> CommandNames() const;

  CLI::App app_;
  GlobalOptions options_;
  Action chosen_;
};

// One per file of this folder.
void AddRun(Program& program);
void AddValidate(Program& program);
void AddPlan(Program& program);
void AddExplain(Program& program);
void AddSubmit(Program& program);
void AddGet(Program& program);
void AddDescribe(Program& program);
void AddWatch(Program& program);
void AddLogs(Program& program);
void AddCancel(Program& program);
void AddSteer(Program& program);
void AddRetry(Program& program);
void AddDiff(Program& program);
void AddExtend(Program& program);
void AddEvents(Program& program);
void AddWhy(Program& program);
void AddDrain(Program& program, CLI::App& worker);
void AddResults(Program& program);
void AddReport(Program& program);
void AddWorker(Program& program);
void AddCheckpoint(Program& program);
void AddBackup(Program& program);
void AddDoctor(Program& program);
void AddVersion(Program& program);

}  // namespace optfleet::commands
