// The sweeps below sweeps/, each as a command would name it: seed 4's questions on top of its base and a
// model, every other file alone.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sweeps/expand.h"

namespace optfleet::testing {

inline sweeps::SweepFile ShippedFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return {path.string(), text.str(), path.parent_path().string()};
}

inline std::vector<sweeps::SweepInput> ShippedSweeps(const std::string& source_folder) {
  std::vector<sweeps::SweepInput> sweeps;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder + "/sweeps")) {
    if (entry.path().extension() != ".yaml") continue;
    const sweeps::SweepFile file = ShippedFile(entry.path());
    sweeps::SweepInput input;
    const auto folder = entry.path().parent_path();
    if (folder.filename() == "4") {
      if (file.text.find("\nname: ") == std::string::npos) continue;  // a part of others
      input.files = {ShippedFile(folder / "base.yaml"), ShippedFile(folder / "150m.yaml")};
    }
    input.files.push_back(file);
    sweeps.push_back(std::move(input));
  }
  return sweeps;
}

}  // namespace optfleet::testing
