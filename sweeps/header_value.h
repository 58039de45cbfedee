// Values of header keys, which hold for all jobs of a sweep: what is not allowed is reported.
#pragma once

#include <cstdint>
#include <optional>

#include "common/diagnostics.h"
#include "common/yaml.h"

namespace optfleet::sweeps {

// False, and reported, for a list or a map: such a key cannot be an axis.
bool IsOneValue(const YamlEntry& entry, Diagnostics* diagnostics);

// "`slots` must be EXPECTED, found ..."
void AddWrongValue(const YamlEntry& entry, const std::string& expected, Diagnostics* diagnostics);

// "`resources` has no key `slot`", with the nearest name or all of them.
void AddUnknownName(std::string_view group, std::string_view name, const YamlEntry& entry,
                    Diagnostics* diagnostics);

// Of a text that is one value; may be written 1e3.
std::optional<int32_t> WholeNumber(const YamlEntry& entry, int32_t least, int32_t most,
                                   Diagnostics* diagnostics);

// Any number; nothing if the text is none.
std::optional<double> NumberFrom(std::string_view text);

}  // namespace optfleet::sweeps
