// The keys of seed 4's training configurations (a fork of OLMo's): one table that checks, defaults and
// documents them. What is made of them stands in olmo_run.cc. Constant; usable from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace optfleet::sweeps {

enum class OlmoType { kInteger, kNumber, kBoolean, kText, kList };

// What becomes of a key here.
enum class OlmoUse {
  kMapped,  // to keys of ours
  kOnly,    // it must have its default: nothing else is built here
  kUnread,  // it changes no number of a run, or something else does its work here
};

struct OlmoKey {
  std::string_view key;
  OlmoType type;
  std::string_view otherwise;  // its default, as YAML; "null": none
  OlmoUse use;
  std::string_view becomes;  // Markdown: our keys, or why it is not read
};

// Name of the file to train on where none is named: theirs is filled in by hand.
inline constexpr std::string_view kNoOlmoData = "data.paths";

std::span<const OlmoKey> OlmoKeys();
const OlmoKey* FindOlmoKey(std::string_view key);  // null if unknown
// Whether keys stand below it: "wandb", which may be null as a whole.
bool IsOlmoGroup(std::string_view key);

// "a whole number", to follow "must be".
std::string_view OlmoTypeName(OlmoType type);

// What becomes of a key here, in words; Markdown.
std::string OlmoMeaning(const OlmoKey& key);

// The table as Markdown (docs/dialect-olmo.md).
std::string OlmoMarkdown();

}  // namespace optfleet::sweeps
