// What the codecs of columns (encode.h) share.
#pragma once

#include <cstdint>
#include <string>

#include "common/json.h"

namespace optfleet::store {

// Bytes that are not UTF-8 (a path, a log line) become replacement characters instead of an exception.
std::string Dump(const Json& json);
Json Parse(const std::string& text);  // a discarded value where it is no JSON

Json FromNumber(double value);  // also NaN and infinities
double ToNumber(const Json& json);

// Of an object; empty, 0 or null where it is none, or has nothing of that kind there.
std::string TextAt(const Json& object, const char* key);
int64_t IntAt(const Json& object, const char* key);
Json ObjectAt(const Json& object, const char* key);

}  // namespace optfleet::store
