// Values of keys, one key like the other.
#pragma once

#include <random>
#include <string>

#include "spec/fields.h"

namespace optfleet::spec {

// Some value that the field may have, not always another one than before.
inline Value SomeValue(const Field& field, std::mt19937* random) {
  const auto pick = static_cast<int64_t>((*random)() % 3) + 1;
  switch (field.type) {
    case FieldType::kInteger:
      return pick;
    case FieldType::kNumber:
      return static_cast<double>(pick) / 8;
    case FieldType::kBoolean:
      return pick == 1;
    case FieldType::kLength:
      return Length{static_cast<double>(pick), pick == 1 ? LengthUnit::kSteps : LengthUnit::kTokens};
    case FieldType::kOwnNumber:
      return pick == 1 ? Value(std::string(kInherit)) : Value(static_cast<double>(pick));
    case FieldType::kOwnInteger:
      return pick == 1 ? Value(std::string(kInherit)) : Value(pick);
    case FieldType::kText:
      return pick == 1 ? std::string("a \"quoted\" text") : std::string("plain");
    case FieldType::kChoice:
      break;
  }
  return std::string(field.choices[static_cast<size_t>(pick) % field.choices.size()]);
}

}  // namespace optfleet::spec
