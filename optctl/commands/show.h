// One way to print a list in every format.
#pragma once

#include <string>
#include <vector>

#include "optctl/commands/context.h"
#include "optctl/commands/wire_json.h"
#include "optctl/output/table.h"

namespace optfleet::commands {

// The workers of those names, all if there are none.
Result<std::vector<v1::Worker>> FindWorkers(Client& client, const std::vector<std::string>& names);

// `make_table(messages, wide, now) -> Table`. An empty list is a message on standard error for people,
// {"sweeps": []} for programs.
template <typename Message, typename MakeTable>
void ShowList(const Context& context, const std::vector<Message>& messages, const char* what,
              MakeTable make_table) {
  const Console& console = context.console;
  switch (context.options.format) {
    case Format::kJson: {
      Json json;
      json[what] = Json::array();
      for (const Message& message : messages) json[what].push_back(ToJson(message));
      console.PrintJson(json);
      return;
    }
    case Format::kName:
      for (const Message& message : messages) console.Print(message.name() + "\n");
      return;
    default:
      if (messages.empty()) {
        console.Note(std::string("no ") + what);
        return;
      }
      console.Print(
          make_table(messages, context.wide(), Now()).Render(console.out().width, console.out().unicode));
  }
}

}  // namespace optfleet::commands
