#include "optctl/commands/sweep_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "common/text.h"
#include "optctl/commands/epochs.h"
#include "optctl/commands/exit_code.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/dialects/translate.h"

extern char** environ;  // NOLINT: POSIX

namespace optfleet::commands {
namespace {

namespace fs = std::filesystem;

// The end of the longest text from `begin` on, up to a plus or the end, that names a file.
size_t EndOfFile(const std::string& text, size_t begin) {
  std::error_code ignored;
  for (size_t end = text.size(); end != std::string::npos && end > begin; end = text.rfind('+', end - 1))
    if (fs::is_regular_file(text.substr(begin, end - begin), ignored)) return end;
  return std::min(text.find('+', begin), text.size());
}

// A file may have a plus in its name: what exists as a whole is one file.
std::vector<std::string> SplitFiles(const std::string& text) {
  std::vector<std::string> files;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = EndOfFile(text, begin);
    files.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return files;
}

Result<std::string> ReadText(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::error_code error;
  if (fs::is_directory(path, error))
    return Fail(Code::kInvalidArgument, path + " is a folder; name a sweep file in it");
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(Code::kInvalidArgument,
                ErrnoError(errno, "the sweep file `" + path + "` cannot be read").message());
  }
  text << file.rdbuf();
  return text.str();
}

std::map<std::string, std::string> WholeEnvironment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return all;
}

// Weights may be those of a folder: a run, a checkpoint.
bool MayBeFolder(std::string_view key) { return key == "start.weights"; }

std::string_view WhatItIs(std::string_view key) {
  if (key.starts_with("data.")) return "data file";
  return key == "start.weights" ? "weights" : "token map";
}

// What is wrong with a file on this machine; empty if nothing is.
std::string ProblemOf(std::string_view key, const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return "does not exist";
  if (MayBeFolder(key) && fs::is_directory(status)) return "";
  if (!fs::is_regular_file(status)) return "is not a file";
  if (access(path.c_str(), R_OK) != 0) return "cannot be read: permission denied";
  if (fs::file_size(path, error) == 0) return "is empty";
  return "";
}

// Empty if nothing is wrong with it.
std::string MessageOn(const sweeps::NeededFile& file) {
  if (fs::path(file.path).filename() == sweeps::kNoOlmoData)
    return "no data is named; with --set data.paths=FILE it is";
  const std::string problem = ProblemOf(file.key, file.path);
  return problem.empty() ? "" : std::string(WhatItIs(file.key)) + " " + file.path + " " + problem;
}

// Where the data is here, what does not fit into its epochs is a mistake, too: first of each file.
void CheckEpochs(SweepSource* source) {
  if (!source->expanded.expansion) return;
  std::vector<sweeps::Job> jobs = JobsByEpochs(*source->expanded.expansion);
  std::set<std::string> reported;
  for (const EpochsProblem& problem : SetStepsOfEpochs(&jobs)) {
    if (!reported.insert(problem.path).second) continue;
    const auto& files = source->expanded.files;
    const auto named = std::find_if(files.begin(), files.end(), [&](const sweeps::NeededFile& file) {
      return file.path == problem.path;
    });
    source->expanded.diagnostics.Add(named == files.end() ? SourcePosition{} : named->position,
                                     problem.message, problem.remedy);
  }
  if (!reported.empty()) source->expanded.expansion.reset();
}

void CheckFiles(MissingFiles missing, SweepSource* source) {
  // Where there are mistakes, all are shown at once.
  const bool are_mistakes = missing == MissingFiles::kAreMistakes || !source->expanded.diagnostics.empty();
  for (const sweeps::NeededFile& file : source->expanded.files) {
    const std::string message = MessageOn(file);
    if (message.empty()) continue;
    if (are_mistakes)
      source->expanded.diagnostics.Add(file.position, message);
    else
      source->missing_files.push_back(message);
  }
  if (!source->expanded.diagnostics.empty()) source->expanded.expansion.reset();
}

// Expands what the files of another study say.
void ExpandDialect(SweepSource* source) {
  sweeps::Translation translation = sweeps::TranslateOlmo(source->input);
  if (!translation.diagnostics.empty()) {
    source->expanded.diagnostics = std::move(translation.diagnostics);
    return;
  }
  source->input = translation.input;
  source->expanded = sweeps::ExpandSweep(source->input);
  sweeps::MoveBack(translation, &source->expanded);
  source->dialect_overrides = std::move(translation.points);
}

}  // namespace

void AddSweepArguments(CLI::App& command, SweepArguments& arguments) {
  command.add_option("FILE", arguments.files, "Sweep file; a.yaml+b.yaml composes; - is standard input")
      ->required();
  command.add_option("--set", arguments.overrides, "Override, may be repeated; a [list] is an axis")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("KEY=VALUE");
  AddDialectOption(command, arguments.dialect);
}

void AddDialectOption(CLI::App& command, std::string& dialect) {
  command.add_option("--dialect", dialect, "Whose keys the files have: olmo (docs/dialect-olmo.md)")
      ->check(CLI::IsMember({std::string(sweeps::kOlmo)}));
}

std::string FilesText(const SweepArguments& arguments) {
  return arguments.files + (arguments.dialect.empty() ? "" : " --dialect " + arguments.dialect);
}

Result<SweepSource> ReadSweep(const SweepArguments& arguments, MissingFiles missing) {
  SweepSource source;
  std::error_code error;
  const fs::path here = fs::current_path(error);
  for (const std::string& path : SplitFiles(arguments.files)) {
    auto text = ReadText(path);
    if (!text) return Fail(std::move(text).error());
    const fs::path folder = path == "-" ? here : fs::absolute(path, error).lexically_normal().parent_path();
    source.input.files.push_back({path, *std::move(text), folder.string()});
  }
  source.input.overrides = arguments.overrides;
  source.input.working_folder = here.string();
  source.input.environment = WholeEnvironment();
  if (arguments.dialect.empty())
    source.expanded = sweeps::ExpandSweep(source.input);
  else
    ExpandDialect(&source);
  CheckFiles(missing, &source);
  CheckEpochs(&source);
  return source;
}

int ShowProblems(const Context& context, const Diagnostics& diagnostics) {
  const auto count = static_cast<int64_t>(diagnostics.count());
  const std::string summary =
      FormatCount(count) + (count == 1 ? " problem" : " problems") + "; nothing was submitted.";
  if (context.json()) {
    Json json;
    json["error"]["code"] = CodeName(Code::kInvalidArgument);
    json["error"]["message"] = summary;
    json["error"]["exit_code"] = static_cast<int>(kExitUsage);
    json["error"]["problems"] = diagnostics.ToJson();
    context.console.Draw(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    context.console.Draw(diagnostics.Render());
    context.console.Note(summary);
  }
  return kExitUsage;
}

v1::CreateSweepRequest RequestOf(const SweepSource& source) {
  v1::CreateSweepRequest request;
  v1::Sweep& sweep = *request.mutable_sweep();
  sweep.set_display_name(source.expanded.expansion->name);
  for (const sweeps::SweepFile& file : source.input.files) {
    v1::SourceFile& out = *sweep.add_files();
    out.set_path(file.path);
    out.set_text(file.text);
    out.set_folder(file.folder);
  }
  for (const std::string& text : source.input.overrides) sweep.add_overrides(text);
  sweep.set_working_folder(source.input.working_folder);
  for (const auto& [name, value] : source.expanded.expansion->environment)
    (*sweep.mutable_environment())[name] = value;
  return request;
}

}  // namespace optfleet::commands
