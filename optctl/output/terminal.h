// What a stream can show. Standard output and standard error are looked at separately: one may be piped while
// the other is a terminal.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace optfleet::output {

inline constexpr int kUnlimitedWidth = 0;

struct Terminal {
  bool interactive = false;  // frames may be redrawn in place
  bool color = false;
  bool unicode = false;         // the locale is UTF-8
  int width = kUnlimitedWidth;  // columns; a pipe has no limit, so that `| grep` loses nothing
  int height = 24;              // rows
};

// Value of an environment variable, empty if it is not set.
using Environment = std::function<std::string(const char*)>;

// Size of a terminal's window as the kernel knows it; absent for a stream that is not a terminal.
struct WindowSize {
  int columns = 0;
  int rows = 0;
};

// Pure. NO_COLOR (any text) and TERM=dumb switch colours off, TERM=dumb also redrawing; COLUMNS overrules the
// window, for pipes, too.
Terminal DescribeTerminal(const std::optional<WindowSize>& window, const Environment& environment);

// Looks at the descriptor and the process's environment.
Terminal DetectTerminal(int descriptor);

std::string ProcessEnvironment(const char* name);

}  // namespace optfleet::output
