// What an expression works with: a number with its unit, true or false, or a text.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "spec/fields.h"
#include "spec/quantity.h"

namespace optfleet::sweeps {

using Term = std::variant<spec::Quantity, bool, std::string>;

// "12.5", "3 tokens", "true", "the text sgd": to follow "found ".
std::string Describe(const Term& term);

// The value of a key. Tokens and seconds keep their unit; everything else is a bare number.
Term TermOf(const spec::Field& field, const spec::Value& value);

// For a field, or why not, to follow "`key` must be ". A whole number must come to one. A unit must be that
// of the field; where that is none of the units here, tokens and steps count as numbers.
tl::expected<spec::Value, std::string> ValueOf(const spec::Field& field, const Term& term);

// As part of a text.
std::string TextOf(const Term& term);

}  // namespace optfleet::sweeps
