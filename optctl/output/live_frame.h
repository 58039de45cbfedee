// A block of lines at the bottom of a terminal that is redrawn in place. The only place with escape codes.
//
// LiveFrame makes text and touches no stream: its owner writes what it returns, in order. One thread.
#pragma once

#include <string>
#include <vector>

#include "optctl/output/terminal.h"

namespace optfleet::output {

class LiveFrame {
 public:
  explicit LiveFrame(const Terminal& terminal) : terminal_(terminal) {}

  // The text that turns the frame shown into `lines`. Lines are cut to the terminal's width (a wrapped line
  // could not be erased) and to its height less one row; unchanged lines are not sent again.
  std::string Show(const std::vector<std::string>& lines);

  // The text that puts a line above the frame, where it stays. `line` may be longer than the terminal.
  std::string Above(const std::string& line);

  // The text that removes the frame; the cursor is then at the start of an empty line. Also right after Clear
  // and before any Show.
  std::string Clear();

  void Resize(const Terminal& terminal) { terminal_ = terminal; }

 private:
  Terminal terminal_;
  std::vector<std::string> shown_;
};

enum class Color { kRed, kGreen, kYellow, kDim, kBold };
// The text in that colour, or as it is where the terminal shows none.
std::string Paint(const std::string& text, Color color, const Terminal& terminal);

}  // namespace optfleet::output
