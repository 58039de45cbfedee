// Facts about one thing as readable sections: a title, then aligned "key  value" lines. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace optfleet::commands {

class Sections {
 public:
  void Begin(std::string title);  // empty: no title line
  void Add(std::string key,
           std::string value);  // left out if the value is empty; further lines of the value are indented
  void Text(std::string text);  // lines as they are, indented

  std::string Render() const;  // sections without content are left out

 private:
  struct Section {
    std::string title;
    std::vector<std::pair<std::string, std::string>> facts;
    std::string text;
  };
  std::vector<Section> sections_;
};

}  // namespace optfleet::commands
