// YAML with places: a small tree in which every key and value knows where it stands, so that each mistake in
// a file can be shown to its author. Scalars keep their raw text; what a text means (number, boolean, name)
// is for the reader of the field to say. Pure; usable from any thread.
//
// Left out on purpose, each with a diagnostic: anchors and aliases (a few lines of them unfold to gigabytes),
// tags, keys that are not plain names, several documents. A key given twice in one map is reported, not
// silently replaced.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"

namespace optfleet {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  SourcePosition position;         // of a null: where its value would stand, possibly on the next line
  std::string text;                // scalar
  bool quoted = false;             // scalar in quotes or a block of text: never a number, boolean or null
  std::vector<YamlNode> items;     // sequence
  std::vector<YamlEntry> entries;  // map, in the order of the file, without repeats
};

struct YamlEntry {
  std::string key;
  SourcePosition key_position;
  YamlNode value;
};

inline constexpr size_t kMostYamlBytes = 16 << 20;
inline constexpr size_t kMostYamlDepth = 64;
inline constexpr size_t kMostYamlNodes = 2'000'000;

// Parses a text that stands in diagnostics->sources()[file] and adds what is wrong to `diagnostics`. An empty
// text is a null. Nothing comes back if the text is not YAML or breaks a limit; other mistakes (a key given
// twice, an alias) still give a tree, so that the caller can go on and find more. The caller tells success by
// whether `diagnostics` grew.
std::optional<YamlNode> ParseYaml(int32_t file, std::string_view text, Diagnostics* diagnostics);

}  // namespace optfleet
