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
  std::string TextOf(const TrainingSpec& spec);
  std::string HashedTextOf(const TrainingSpec& spec);

 private:
  // What a field of the last spec looks like.
  struct Part {
    std::string text;  // "name":value
    bool is_default = false;
    bool inherits = false;
  };
  void Update(const TrainingSpec& spec);

  TrainingSpec last_;
  std::vector<Part> parts_;  // as Fields(); empty before the first spec
};

}  // namespace optfleet::spec
