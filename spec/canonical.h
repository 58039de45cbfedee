// The one text of a spec, and its hash.
//
// Canonical text is the JSON of spec/json.h without spaces and with shortest round-trip numbers.
//
// A spec's hash is the SHA-256 of the same text without any value that is a default and without the group
// `checkpoint` and the name of a preset, which change no number of a run
// (docs/decisions/0010-what-a-spec-hash-covers.md). So a new key whose default is what runs did before
// changes no hash; and no default may ever change. Only hashes of resolved specs can be compared
// (spec/resolve.h). The functions are pure and usable from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/fields.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

inline constexpr std::string_view kGroupOutsideHash = "checkpoint";

// Whether a field's value says the same as leaving it out, for this run and for every reader.
bool IsSilent(const Field& field, const TrainingSpec& spec);

std::string CanonicalText(const TrainingSpec& spec);
std::string HashedText(const TrainingSpec& spec);
std::string Hash(const TrainingSpec& spec);  // 64 hexadecimal digits
// The same wherever the run's files lie: names of files do not count, and whoever compares these hashes
// compares fingerprints of the content.
std::string HashOfRun(TrainingSpec spec);

// The same texts for one spec after the other: what is as in the spec before is not written anew, which is
// nearly all of it in a grid. For one thread.
class CanonicalWriter {
 public:
  CanonicalWriter();
  // Both are valid until the next call.
  const std::string& TextOf(const TrainingSpec& spec);
  const std::string& HashedTextOf(const TrainingSpec& spec);
  // Of a spec that differs from the one before in the values of these keys at most; there is one before.
  const std::string& HashedTextOf(const TrainingSpec& spec, std::span<const Field* const> changed);

 private:
  // What a field of the last spec looks like.
  struct Part {
    std::string text;  // "name":value
    bool is_default = false;
    bool inherits = false;
    size_t group = 0;  // in KeyGroups()
  };
  void Begin();
  void Update(const TrainingSpec& spec);
  void UpdateGroup(const TrainingSpec& spec, bool first, size_t group);
  void UpdatePart(const TrainingSpec& spec, size_t field);
  void JoinHashed(size_t group);
  const std::string& JoinHashed();

  TrainingSpec last_;
  std::vector<Part> parts_;          // as Fields(); empty before the first spec
  std::vector<std::string> hashed_;  // as KeyGroups(): its parts in the hashed text
  std::string text_;
  std::string shown_;  // of one group
};

}  // namespace optfleet::spec
