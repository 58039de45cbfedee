#include "optctl/output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace optfleet::output {
namespace {

constexpr int kDefaultColumns = 80;
constexpr int kLeastColumns = 20;

int ColumnsFrom(const std::string& text) {
  int columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  return error == std::errc() && end == text.data() + text.size() && columns > 0 ? columns : 0;
}

bool IsUtf8Locale(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

Terminal DescribeTerminal(const std::optional<WindowSize>& window, const Environment& environment) {
  Terminal terminal;
  terminal.unicode = IsUtf8Locale(environment);
  const bool dumb = environment("TERM").empty() || environment("TERM") == "dumb";
  terminal.interactive = window.has_value() && !dumb;
  terminal.color = terminal.interactive && environment("NO_COLOR").empty();
  if (window) {
    terminal.width = window->columns > 0 ? window->columns : kDefaultColumns;
    if (window->rows > 0) terminal.height = window->rows;
  }
  if (const int columns = ColumnsFrom(environment("COLUMNS")); columns > 0) terminal.width = columns;
  if (terminal.width != kUnlimitedWidth) terminal.width = std::max(terminal.width, kLeastColumns);
  return terminal;
}

Terminal DetectTerminal(int descriptor) {
  std::optional<WindowSize> window;
  if (isatty(descriptor) != 0) {
    winsize size{};
    window.emplace();
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0) *window = {size.ws_col, size.ws_row};
  }
  return DescribeTerminal(window, ProcessEnvironment);
}

std::string ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace optfleet::output
