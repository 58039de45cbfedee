#include "optctl/commands/answers.h"

#include <utility>

#include "optctl/commands/exit_code.h"

namespace optfleet::commands {

void Answers::Add(const std::string& name, Json json) {
  if (context_.options.format == Format::kName) context_.console.Print(name + "\n");
  all_.push_back(std::move(json));
}

void Answers::Say(const std::string& sentence) {
  if (!context_.json() && context_.options.format != Format::kName) context_.console.Print(sentence + "\n");
}

int Answers::End() {
  if (context_.json()) context_.console.PrintJson({{key_, std::move(all_)}});
  return kExitOk;
}

}  // namespace optfleet::commands
