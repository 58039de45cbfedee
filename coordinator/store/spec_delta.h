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

namespace optfleet::store {

// {"optimizer":{"learning_rate":8e-05},"training":{"seed":3}}: the values of `text` that are others in
// `base`. Nothing if one of the two has another form, or if they do not have the same keys in the same order.
std::optional<std::string> SpecDelta(std::string_view base, std::string_view text);

// The text that SpecDelta(base, text) was made of. Nothing if the two do not belong together.
std::optional<std::string> ApplySpecDelta(std::string_view base, std::string_view delta);

}  // namespace optfleet::store
