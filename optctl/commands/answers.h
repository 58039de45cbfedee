// What a command did with several resources, told one after another. One thread.
#pragma once

#include <string>

#include "optctl/commands/context.h"

namespace optfleet::commands {

// In a table format its sentences, with -o name the names, each at once; with -o json the one object
// {"KEY": [...]} at the end.
class Answers {
 public:
  Answers(const Context& context, std::string key) : context_(context), key_(std::move(key)) {}

  void Add(const std::string& name, Json json);
  void Say(const std::string& sentence);  // without the end of the line
  // Returns the exit code.
  int End();

 private:
  const Context& context_;
  const std::string key_;
  Json all_ = Json::array();
};

}  // namespace optfleet::commands
