// Writes what the fuzzers begin with: a folder of inputs and a file of words for each.
//
//   make_corpus SOURCE_FOLDER TARGET_FOLDER
//
// Metrics logs as the writer makes them, conversations that go well (each also call by call), the sweep files
// and cases of this repository.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/rundir/metrics_log.h"
#include "spec/fields.h"
#include "sweeps/dialects/olmo_keys.h"
#include "tests/fuzz/make_conversations.h"

namespace optfleet::fuzz {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string Log(int records, int keys) {
  std::string bytes = rundir::LogEncoder::Header();
  rundir::LogEncoder encoder;
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("key/" + std::to_string(i));
  for (int number = 1; number <= records; ++number) {
    std::vector<std::pair<std::string_view, double>> points;
    for (int i = 0; i < std::min(number, keys); ++i)
      points.emplace_back(names[static_cast<size_t>(i)], 1.0 / number);
    encoder.Append(number, 10 * number, TimeFromUnixMicros(number), points, &bytes);
  }
  return bytes;
}

void WriteLogs(const fs::path& folder) {
  for (const int records : {0, 1, 3, 12})
    for (const char how : {0, 1, 3, 7, 103}) {
      const std::string name = std::to_string(records) + "-" + std::to_string(how);
      Write(folder / name, how + Log(records, 5));
    }
}

void WriteConversations(const fs::path& folder) {
  for (const auto& [name, calls] : Conversations()) {
    Write(folder / name, WriteConversation(calls));
    for (size_t i = 0; i < calls.size(); ++i)
      Write(folder / (name + "-" + std::to_string(i)), WriteConversation({calls[i]}));
  }
}

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

// Each question of the study whose dialect is read, composed with its base.
void CopyStudy(const fs::path& source, const fs::path& folder) {
  const fs::path study = source / "tests/sweeps/dialects/olmo";
  for (const auto& entry : fs::directory_iterator(study / "sweeps"))
    Write(folder / ("olmo-" + entry.path().filename().string()),
          "==> file base.yaml\n" + TextOf(study / "base.yaml") + "==> file sweep.yaml\n" +
              TextOf(entry.path()) + "\n");
}

std::string Words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += "\"" + word + "\"\n";
  return text;
}

std::string SweepWords() {
  std::vector<std::string> words = {"sweep:",  "==> file ", "==> set ",          "==> env ",
                                    "${env:",  "- ",        "keep_checkpoints:", "resources:",
                                    "inherit", "\\x0a  ",   "objective:",        "10%"};
  for (const char* word :
       {"sample:", "points:", "choose:", "values:", "when:", "${", "parameters()", "round(", "if(",
        "equal_points:", "${model.n_heads}", "${oc.env:HOME,1}", "0.5M tokens"})
    words.emplace_back(word);
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
  if (count != 3) return std::fputs("make_corpus SOURCE_FOLDER TARGET_FOLDER\n", stderr), 2;
  using namespace optfleet::fuzz;
  const std::filesystem::path target(arguments[2]);
  WriteLogs(target / "log");
  WriteConversations(target / "wire");
  CopySweeps(arguments[1], target / "sweep");
  CopyStudy(arguments[1], target / "sweep");
  Write(target / "sweep.dict", SweepWords());
  Write(target / "wire.dict", Words({"sweeps/s/jobs/1/attempts/1", "sweeps/s", "workers/w0", "val_loss"}));
  Write(target / "log.dict", Words({"OPTFLOG\\x01", "\\x01\\x00\\x00\\x01\\x00", "key/0"}));
}
