// A terminal as far as the live view uses one: text, carriage return, line feed, cursor up, erase line, erase
// below. Any other escape sequence is a test failure.
#pragma once

#include <string>
#include <vector>

namespace optfleet::commands {

class Screen {
 public:
  void Write(const std::string& text);
  // Without blanks at the ends and without empty lines at the bottom.
  std::vector<std::string> Lines() const;

 private:
  size_t Escape(const std::string& text, size_t at);

  std::vector<std::string> rows_ = {""};
  size_t row_ = 0;
  bool at_start_ = true;
};

}  // namespace optfleet::commands
