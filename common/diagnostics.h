// Mistakes in files that people write: each with a place, what is wrong and a way out, all of them at once.
//
//   sweep.yaml:7:3: unknown key `lerning_rate` in `optimizer`
//       7 |   lerning_rate: [1e-4, 1e-3]
//         |   ^~~~~~~~~~~~ did you mean `learning_rate`?
//
// Plain values of one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/json.h"

namespace optfleet {

struct SourceText {
  std::string path;  // as its author named it
  std::string text;  // UTF-8
};

struct SourcePosition {
  int32_t file = 0;    // index into the sources
  int32_t line = 1;    // from 1
  int32_t column = 1;  // from 1, in bytes
  int32_t length = 1;  // in bytes, underlined as far as the line reaches

  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

struct Diagnostic {
  SourcePosition position;
  std::string message;  // one line, no full stop
  std::string hint;     // how to get out of it; may be empty
};

class Diagnostics {
 public:
  // Bound of what is kept; the rest is only counted, repeats too.
  static constexpr size_t kMostKept = 1000;

  explicit Diagnostics(std::vector<SourceText> sources = {}) : sources_(std::move(sources)) {}

  // The same at the same place is one mistake, from however many points or blocks it is seen.
  void Add(const SourcePosition& position, std::string message, std::string hint = "");

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }  // also those that were not kept
  const std::vector<SourceText>& sources() const { return sources_; }
  // In the order of files, lines and columns.
  std::vector<Diagnostic> Sorted() const;

  // Text for a terminal, without colours: at most `limit` diagnostics and a line about the others. Control
  // characters of the sources are replaced, tabs become four blanks, long lines are cut around the place.
  std::string Render(size_t limit = 50) const;
  // [{"file": "sweep.yaml", "line": 7, "column": 3, "length": 12, "message": "...", "hint": "..."}], sorted.
  Json ToJson() const;

 private:
  std::vector<SourceText> sources_;
  std::vector<Diagnostic> kept_;
  size_t count_ = 0;
};

}  // namespace optfleet
