// What a command did with several resources, told one after another. One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "optctl/commands/context.h"
#include "optctl/commands/wire_json.h"

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

// Reads all names (text -> Result<std::string>) before anything is asked, then asks for each in turn and says
// what became of it: `call(client, name)` gives a Result of what the coordinator answered, of which `say`
// makes the words that follow its name.
template <typename Read, typename Call, typename Say>
Result<int> AnswerForEach(const Context& context, const std::string& key,
                          const std::vector<std::string>& texts, Read read, Call call, Say say) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    auto name = read(text);
    if (!name) return Fail(std::move(name).error());
    names.push_back(*std::move(name));
  }
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  Answers answers(context, key);
  for (const std::string& name : names) {
    const auto answer = call(*client, name);
    if (!answer) return Fail(answer.error());
    answers.Add(answer->name(), ToJson(*answer));
    answers.Say(answer->name() + " " + say(*answer));
  }
  return answers.End();
}

}  // namespace optfleet::commands
