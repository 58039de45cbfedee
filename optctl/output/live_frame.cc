#include "optctl/output/live_frame.h"

#include <algorithm>

#include "optctl/output/cut.h"

namespace optfleet::output {
namespace {

constexpr const char* kEraseLine = "\x1b[2K";
constexpr const char* kEraseBelow = "\x1b[0J";
constexpr const char* kReset = "\x1b[0m";

std::string Up(size_t rows) { return rows == 0 ? std::string() : "\x1b[" + std::to_string(rows) + "A"; }

const char* Start(Color color) {
  switch (color) {
    case Color::kRed:
      return "\x1b[31m";
    case Color::kGreen:
      return "\x1b[32m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kDim:
      return "\x1b[2m";
    case Color::kBold:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

std::string LiveFrame::Show(const std::vector<std::string>& lines) {
  const size_t rows = std::min(lines.size(), static_cast<size_t>(std::max(terminal_.height - 1, 1)));
  std::vector<std::string> cut;
  for (size_t i = 0; i < rows; ++i) {
    cut.push_back(terminal_.width == kUnlimitedWidth ? lines[i]
                                                     : Cut(lines[i], terminal_.width - 1, terminal_.unicode));
  }
  std::string text = Up(shown_.size());
  for (size_t i = 0; i < cut.size(); ++i) {
    const bool same = i < shown_.size() && shown_[i] == cut[i];
    if (!same) text += kEraseLine + cut[i];
    text += "\r\n";
  }
  if (shown_.size() > cut.size()) text += kEraseBelow;
  shown_ = std::move(cut);
  return text;
}

std::string LiveFrame::Above(const std::string& line) {
  const std::vector<std::string> frame = std::move(shown_);
  shown_.clear();
  std::string text = Up(frame.size()) + (frame.empty() ? "" : kEraseBelow) + line + "\r\n";
  return text + Show(frame);
}

std::string LiveFrame::Clear() {
  if (shown_.empty()) return "";
  std::string text = Up(shown_.size()) + kEraseBelow;
  shown_.clear();
  return text;
}

std::string Paint(const std::string& text, Color color, const Terminal& terminal) {
  return terminal.color ? Start(color) + text + kReset : text;
}

}  // namespace optfleet::output
