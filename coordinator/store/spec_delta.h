// The spec of a job as what differs from the spec of another job of its sweep. Jobs of a sweep differ in a
// few values of some hundred, so a large one is a tenth as large on disk and as fast to write.
//
// Works on canonical texts (spec/json.h): an object of objects of scalars, no space between tokens. What
// comes back is the same text, byte for byte, whatever a later version of the program would write for that
// spec. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet::store {

// A spec that others are kept by, taken apart once, so that one of them costs a microsecond.
class SpecBase {
 public:
  explicit SpecBase(std::string_view text);  // which must outlive it

  // {"optimizer":{"learning_rate":8e-05},"training":{"seed":3}}: the values of `text` that are others in the
  // base. Nothing if one of the two has another form, or if they do not have the same keys in the same order.
  std::optional<std::string> DeltaOf(std::string_view text) const;

  // The text of which DeltaOf made `delta`. Nothing if the two do not belong together.
  std::optional<std::string> Apply(std::string_view delta) const;

 private:
  struct Place {
    std::string_view group;  // with its quotes
    std::string_view key;    // with its quotes
    size_t value = 0;        // where it begins
    size_t end = 0;          // and ends
  };
  std::string_view text_;
  std::vector<Place> places_;  // in order
  bool good_ = false;          // it has the form
};

}  // namespace optfleet::store
