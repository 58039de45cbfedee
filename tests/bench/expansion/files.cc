#include "tests/bench/expansion/files.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace optfleet::bench {
namespace {

constexpr const char* kHead = "data.path: text.txt\nbudget.steps: 500\n";
constexpr int kStages = 100;  // as many as a file may have

// "[0.001, 0.002, ...]": `count` numbers from `first` on.
std::string List(double first, double step, int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) text.append(i == 0 ? "" : ", ").append(std::to_string(first + step * i));
  return text + "]";
}

std::string WholeList(int first, int step, int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) text.append(i == 0 ? "" : ", ").append(std::to_string(first + step * i));
  return text + "]";
}

// Lines of the keys of an optimizer, one after the other.
std::string KeyLines(int lines, const std::string& before, const std::string& entry) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += before + entry + std::to_string(i + 1) + "e-6\n";
  return text;
}

// Words that are no keys, each another one.
std::string UnknownKeys(int lines) {
  std::mt19937 random(1);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text += i % 2 == 0 ? "optimizer." : "";
    for (int letter = 0; letter < 12; ++letter) text += static_cast<char>('a' + random() % 26);
    text += std::to_string(i) + ": 1\n";
  }
  return text;
}

}  // namespace

std::vector<NamedFile> Grids(int points) {
  const int side = std::max(1, static_cast<int>(std::sqrt(points)));
  const int seeds = std::max(1, points / 1000);
  const std::string head = kHead;
  return {
      {"rates and seeds", head + "training.seed: " + WholeList(0, 1, side) +
                              "\noptimizer.learning_rate: " + List(0.001, 0.001, side) + "\n"},
      {"six axes",
       head + "optimizer.name: [sgd, adam, adamw, lion]\noptimizer.learning_rate: " + List(0.001, 0.001, 5) +
           "\noptimizer.weight_decay: " + List(0, 0.01, 5) +
           "\ntraining.batch_size: [8, 16]\nmodel.width: [64, 128, 192, 256, 320]\ntraining.seed: " +
           WholeList(0, 1, seeds) + "\n"},
      {"computed", head + "training.batch_size: [8, 16, 24, 32, 40, 48, 56, 64, 72, 80]\n" +
                       "optimizer.learning_rate: ${1e-3 * sqrt(training.batch_size / 8)}\n" +
                       "optimizer.weight_decay: " + List(0, 0.001, 100) +
                       "\ntraining.seed: " + WholeList(0, 1, seeds) + "\n"},
      {"batches fastest",
       "data.path: text.txt\nbudget.steps: 500\noptimizer.learning_rate: " + List(0.001, 0.001, side) +
           "\ntraining.batch_size: " + WholeList(1, 1, side) + "\n"},
      {"nothing in common",
       "data.path: text.txt\nbudget.steps: " + WholeList(500, 1, side) +
           "\ntraining.batch_size: " + WholeList(1, 1, side) + "\n",
       2},
      {"nothing in common, computed",
       "data.path: text.txt\nbudget.steps: " + WholeList(500, 1, side) + "\ntraining.batch_size: " +
           WholeList(1, 1, side) + "\nschedule.warmup: ${ceil(0.01 * budget.steps)}\n" +
           "optimizer.learning_rate: ${1e-3 * sqrt(training.batch_size / 8)}\n",
       4},
  };
}

std::vector<NamedFile> LongFiles(int lines) {
  const std::string head = kHead;
  std::string maps;
  for (int i = 0; i < lines / 5; ++i)
    maps += "  - model:\n      width: " + std::to_string(4 * (i + 1)) +
            "\n    optimizer:\n      groups:\n        norm: {learning_rate: 1e-3}\n";
  std::string stages;
  for (int i = 0; i < kStages; ++i)
    stages += "  - name: s" + std::to_string(i) + "\n    sweep:\n" +
              KeyLines(std::max(1, lines / kStages - 2), "      - ", "optimizer.learning_rate: ");
  std::string flow;
  for (int i = 0; i < lines; ++i) flow += "  " + std::to_string(i + 1) + "e-6,\n";
  return {
      {"blocks", head + "sweep:\n" + KeyLines(lines, "  - ", "optimizer.learning_rate: ")},
      {"list", head + "optimizer.learning_rate:\n" + KeyLines(lines, "  - ", "")},
      {"flow list", head + "optimizer.learning_rate: [\n" + flow + "  1]\n"},
      {"deep maps", head + "sweep:\n" + maps},
      {"stages", head + "stages:\n" + stages},
      {"unknown keys", head + UnknownKeys(lines), 1, /*has_mistakes=*/true},
  };
}

}  // namespace optfleet::bench
