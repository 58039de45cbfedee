// The sweeps below sweeps/, each as a command would name it: a question of a seed at its original size on top
// of the seed's base, of seed 4 with a model between; every other file, the small ones too, alone.
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

inline sweeps::SweepInput ShippedSweep(const std::filesystem::path& path) {
  sweeps::SweepInput input;
  const auto folder = path.parent_path();
  if (folder.parent_path().filename() == "seeds" && !path.stem().string().ends_with("_small")) {
    input.files.push_back(ShippedFile(folder / "base.yaml"));
    if (folder.filename() == "4") input.files.push_back(ShippedFile(folder / "150m.yaml"));
  }
  input.files.push_back(ShippedFile(path));
  return input;
}

inline std::vector<sweeps::SweepInput> ShippedSweeps(const std::string& source_folder) {
  std::vector<sweeps::SweepInput> sweeps;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder + "/sweeps")) {
    if (entry.path().extension() != ".yaml") continue;
    // Without a name it is a part of others.
    if (ShippedFile(entry.path()).text.find("\nname: ") != std::string::npos)
      sweeps.push_back(ShippedSweep(entry.path()));
  }
  return sweeps;
}

}  // namespace optfleet::testing
