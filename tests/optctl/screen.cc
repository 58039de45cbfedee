#include "tests/optctl/screen.h"

#include <gtest/gtest.h>

namespace optfleet::commands {

void Screen::Write(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\x1b') {
      at = Escape(text, at);
      continue;
    }
    if (c == '\r') {
      at_start_ = true;
    } else if (c == '\n') {
      if (++row_ == rows_.size()) rows_.emplace_back();
    } else {
      // The view writes whole lines from their start and never beside old text.
      if (at_start_) rows_[row_].clear();
      at_start_ = false;
      rows_[row_] += c;
    }
    ++at;
  }
}

size_t Screen::Escape(const std::string& text, size_t at) {
  const size_t end = text.find_first_not_of("0123456789", at + 2);
  const std::string number = end == std::string::npos ? "" : text.substr(at + 2, end - at - 2);
  if (text[at + 1] == '[' && end != std::string::npos) {
    if (text[end] == 'A') {
      row_ -= std::min(row_, static_cast<size_t>(std::stoul(number)));
      return end + 1;
    }
    if (text[end] == 'K') {
      rows_[row_].clear();
      return end + 1;
    }
    if (text[end] == 'J') {
      rows_.resize(row_ + 1);
      rows_[row_].clear();
      return end + 1;
    }
  }
  ADD_FAILURE() << "unknown escape sequence at byte " << at;
  return text.size();
}

std::vector<std::string> Screen::Lines() const {
  std::vector<std::string> lines = rows_;
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace optfleet::commands
