// What else of a spec depends on the value of a key: whoever resolves many specs that differ in little need
// not resolve each. Pure; usable from any thread.
#pragma once

#include "spec/fields.h"

namespace optfleet::spec {

enum class Influence {
  kAny,   // other values, uses of other keys or rules (spec/resolve.h) may depend on it
  kZero,  // on whether it is 0, or inherits, at most
  kNone,  // nothing does: resolving keeps it, or resets it where the run does not read it, and that is all
};

// Of training.seed kNone is true of specs without a data.seed, which is taken back where both are one.
Influence InfluenceOf(const Field& field);

// For keys of kZero: values of one class are alike to everything else.
enum class ValueClass { kZero, kInherits, kOther };
ValueClass ClassOf(const Value& value);

}  // namespace optfleet::spec
