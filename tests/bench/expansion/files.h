// Sweep files of some size, as texts.
#pragma once

#include <string>
#include <vector>

namespace optfleet::bench {

struct NamedFile {
  std::string shape;
  std::string text;
  double work = 1;  // of a point, about: its bound is so much higher
  bool has_mistakes = false;
};

// Grids of about `points` points.
std::vector<NamedFile> Grids(int points);

// Files of about `lines` lines.
std::vector<NamedFile> LongFiles(int lines);

}  // namespace optfleet::bench
