// Paths as texts: nothing looks at a file system.
#pragma once

#include <string>
#include <string_view>

namespace optfleet::sweeps {

// `path` as seen from `folder`, without "." and ".." parts; an absolute path is only tidied. `folder` is
// absolute.
std::string AbsolutePath(std::string_view folder, std::string_view path);

}  // namespace optfleet::sweeps
