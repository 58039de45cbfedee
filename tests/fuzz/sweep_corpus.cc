// Writes what the sweep fuzzer begins with: the sweep files and cases of this repository.
//
//   sweep_corpus SOURCE_FOLDER TARGET_FOLDER
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "spec/fields.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/header_keys.h"
#include "tests/fuzz/corpus.h"

namespace optfleet::fuzz {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void CopySweeps(const fs::path& source, const fs::path& folder) {
  for (const char* below :
       {"sweeps", "tests/sweeps/golden", "tests/optctl/data", "docs/seeds", "docs/studies"})
    for (const auto& entry : fs::recursive_directory_iterator(source / below)) {
      const auto ending = entry.path().extension();
      if (ending != ".yaml" && ending != ".case") continue;
      std::string name = entry.path().lexically_relative(source).string();
      for (char& c : name) c = c == '/' ? '-' : c;
      Write(folder / name, TextOf(entry.path()));
    }
}

// A list with its first value: each other one would only take longer.
std::string WithShortLists(const std::string& text) {
  static const std::regex kList(R"(\[([^,\]]*),[^\]]*\])");
  return std::regex_replace(text, kList, "[$1]");
}

// Each block of each question of the study whose dialect is read, composed with its base.
void CopyStudy(const fs::path& source, const fs::path& folder) {
  const fs::path study = source / "tests/sweeps/dialects/olmo";
  constexpr std::string_view kBlock = "\n  - ";
  for (const auto& entry : fs::directory_iterator(study / "sweeps")) {
    const std::string text = WithShortLists(TextOf(entry.path()));
    size_t begin = text.find(kBlock);
    const std::string head = text.substr(0, begin);
    for (int number = 1; begin != std::string::npos; ++number) {
      const size_t end = text.find(kBlock, begin + 1);
      Write(folder / ("olmo-" + entry.path().stem().string() + "-" + std::to_string(number)),
            "==> file base.yaml\n" + TextOf(study / "base.yaml") + "==> file sweep.yaml\n" + head +
                text.substr(begin, end - begin) + "\n");
      begin = end;
    }
  }
}

std::string SweepWords() {
  std::vector<std::string> words = {"sweep:",  "==> file ", "==> set ",          "==> env ",
                                    "${env:",  "- ",        "keep_checkpoints:", "resources:",
                                    "inherit", "\\x0a  ",   "objective:",        "10%"};
  for (const char* word :
       {"sample:", "points:", "choose:", "values:", "when:", "${", "parameters()", "round(", "if(", "best(",
        "stages:", "largest:", "equal_points:", "${model.n_heads}", "${oc.env:HOME,1}", "0.5M tokens"})
    words.emplace_back(word);
  for (const sweeps::HeaderKey& key : sweeps::HeaderKeyTable()) words.emplace_back(key.key);
  for (const sweeps::OlmoKey& key : sweeps::OlmoKeys()) words.emplace_back(key.key);
  for (const spec::Field& field : spec::Fields()) {
    words.emplace_back(field.key);
    words.emplace_back(field.name());
    for (const std::string_view choice : field.choices) words.emplace_back(choice);
  }
  return Words(words);
}

}  // namespace
}  // namespace optfleet::fuzz

int main(int count, char** arguments) {
  if (count != 3) return std::fputs("sweep_corpus SOURCE_FOLDER TARGET_FOLDER\n", stderr), 2;
  using namespace optfleet::fuzz;
  const std::filesystem::path target(arguments[2]);
  CopySweeps(arguments[1], target / "sweep");
  CopyStudy(arguments[1], target / "sweep");
  Write(target / "sweep.dict", SweepWords());
}
