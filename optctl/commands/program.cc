#include "optctl/commands/program.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "optctl/commands/exit_code.h"

namespace optfleet::commands {
namespace {

constexpr std::chrono::milliseconds kCallDeadline{10'000};

const std::vector<std::pair<std::string, Format>>& AllFormats() {
  static const std::vector<std::pair<std::string, Format>> formats = {{"table", Format::kTable},
                                                                      {"wide", Format::kWide},
                                                                      {"json", Format::kJson},
                                                                      {"name", Format::kName},
                                                                      {"csv", Format::kCsv}};
  return formats;
}

std::string Join(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// An error in the arguments may come before -o was read; whoever asked for JSON still gets JSON.
bool AsksForJson(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "-ojson" || argument == "--output=json") return true;
    if ((argument == "-o" || argument == "--output") && i + 1 < argc && std::string(argv[i + 1]) == "json")
      return true;
  }
  return false;
}

}  // namespace

Program::Program()
    : app_(
          "Optfleet answers which optimizer, learning rate, batch and size train best,\n"
          "by running sweeps of trainings.\n\n"
          "Examples:\n"
          "  optctl run sweeps/quickstart.yaml    train a sweep here, nothing to set up\n"
          "  optctl plan sweeps/quickstart.yaml   what would be trained\n"
          "  optctl submit lr.yaml --coordinator gpu01:7070\n"
          "  optctl watch lr && optctl results lr\n",
          "optctl") {
  app_.set_help_flag("-h,--help", "Show help and end");
  app_.set_help_all_flag();
  app_.get_formatter()->column_width(24);
  app_.add_option("--coordinator", options_.coordinator, "Address of the coordinator (see below)")
      ->type_name("HOST:PORT");
  app_.add_option("--state", options_.state, "Folder of a coordinator on this machine")->type_name("DIR");
  app_.add_flag("--no-color", options_.no_color, "No colours, as with NO_COLOR");
  app_.footer(
      "The coordinator is --coordinator, else $OPTFLEET_COORDINATOR, else the one that\n"
      "serves in --state, else 127.0.0.1:7070.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong arguments or file, 3 not found, 4 not\n"
      "allowed, 5 coordinator unreachable, 6 conflict, 10 jobs failed, 130 interrupted.");
}

CLI::App& Program::Command(const std::string& name, const std::string& summary, const std::string& examples) {
  return Command(app_, name, summary, examples);
}

CLI::App& Program::Command(CLI::App& parent, const std::string& name, const std::string& summary,
                           const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, summary);
  command->fallthrough();
  // The list of commands shows the summary alone, so the examples come in only when the command's own help is
  // asked for.
  command->preparse_callback([command, summary, examples](size_t) {
    if (!examples.empty()) command->description(summary + "\n\nExamples:\n" + examples + "\n");
  });
  return *command;
}

void Program::Formats(CLI::App& command, const std::vector<std::string>& names) {
  CLI::Option* option = command.add_option_function<std::string>(
      "-o,--output",
      [this](const std::string& name) {
        const auto& formats = AllFormats();
        options_.format = std::find_if(formats.begin(), formats.end(), [&](const auto& f) {
                            return f.first == name;
                          })->second;
      },
      "Form of the result: " + Join(names, ", "));
  option->type_name("FORMAT");
  option->check([names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return std::string();
    return "expected one of " + Join(names, ", ") + ", found " + name;
  });
}

void Program::On(CLI::App& command, Action action) {
  command.callback([this, action = std::move(action)] { chosen_ = action; });
}

std::vector<std::string> Program::CommandNames() const {
  std::vector<std::string> names;
  for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::string Program::Unexpected(const std::string& argument) const {
  const auto chosen = app_.get_subcommands();
  if (!chosen.empty() || argument.starts_with("-")) {
    return "unexpected argument `" + argument + "`; see `optctl " +
           (chosen.empty() ? std::string() : chosen.front()->get_name() + " ") + "-h`";
  }
  const std::vector<std::string> names = CommandNames();
  const auto near = NearestName(argument, std::vector<std::string_view>(names.begin(), names.end()));
  return "unknown command `" + argument + "`" +
         (near ? "; did you mean `" + std::string(*near) + "`?" : "; see `optctl -h`");
}

int Program::UsageError(const Context& context, const std::string& message) const {
  return context.console.Report(Error(Code::kInvalidArgument, message), context.options.format);
}

int Program::Run(int argc, char** argv) {
  const Console plain(output::DetectTerminal(STDOUT_FILENO), output::DetectTerminal(STDERR_FILENO));
  Context early{options_, plain};
  if (AsksForJson(argc, argv)) early.options.format = Format::kJson;
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    plain.Print(app_.help());  // of the command that was named, if one was
    return kExitOk;
  } catch (const CLI::ExtrasError&) {
    const auto rest = app_.remaining(true);
    return UsageError(early, Unexpected(rest.empty() ? "" : rest.front()));
  } catch (const CLI::ParseError& error) {
    return UsageError(early, error.what());
  }
  Context context{options_, plain};
  if (options_.no_color) context.console.ForbidColor();
  if (!chosen_) {
    plain.Print(app_.help());
    return kExitOk;
  }
  auto code = chosen_(context);
  return code ? *code : context.console.Report(code.error(), context.options.format);
}

Result<Client> OpenClient(const Context& context) {
  auto address =
      ResolveAddress(context.options.coordinator, context.options.state, output::ProcessEnvironment);
  if (!address) return Fail(std::move(address).error());
  return Client(*std::move(address), kCallDeadline);
}

}  // namespace optfleet::commands
