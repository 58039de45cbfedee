#include "sweeps/paths.h"

#include <algorithm>
#include <vector>

namespace optfleet::sweeps {

std::string AbsolutePath(std::string_view folder, std::string_view path) {
  std::string whole(path);
  if (!path.starts_with('/')) whole.insert(0, std::string(folder) + "/");
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= whole.size();) {
    const size_t end = std::min(whole.find('/', begin), whole.size());
    const std::string_view part = std::string_view(whole).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  std::string out;
  for (const auto part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

}  // namespace optfleet::sweeps
