// optctl version: of this program and, if one answers, of the coordinator.
#include "common/version.h"

#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"

namespace optfleet::commands {
namespace {

Result<int> ShowVersion(Context& context, bool with_coordinator) {
  Json json;
  json["version"] = kVersion;
  json["wire_version"] = kWireVersion;
  json["run_directory_version"] = kRunDirectoryVersion;
  std::string text = std::string("optctl ") + kVersion + "\n";
  if (with_coordinator) {
    auto client = OpenClient(context);
    if (!client) return Fail(std::move(client).error());
    auto info = client->GetInfo();
    if (!info) return Fail(std::move(info).error());
    json["coordinator"] = {{"address", client->address().target},
                           {"version", info->version()},
                           {"wire_version", info->wire_version()},
                           {"schema_version", info->schema_version()},
                           {"incarnation", info->incarnation()}};
    text += "coordinator " + info->version() + " at " + client->address().target + "\n";
  }
  if (context.json()) {
    context.console.PrintJson(json);
  } else {
    context.console.Print(text);
  }
  return kExitOk;
}

}  // namespace

void AddVersion(Program& program) {
  CLI::App& command = program.Command("version", "Show versions",
                                      "  optctl version\n"
                                      "  optctl version --server -o json");
  program.Formats(command, {"table", "json"});
  auto server = std::make_shared<bool>(false);
  command.add_flag("--server", *server, "Ask the coordinator, too");
  program.On(command, [server](Context& context) { return ShowVersion(context, *server); });
}

}  // namespace optfleet::commands
