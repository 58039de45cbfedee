// Listening addresses as people write them: "127.0.0.1:7070", "[::1]:0", "localhost:7070". Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace optfleet::app {

struct Address {
  std::string host;
  uint16_t port = 0;  // 0: a free one

  // With brackets around an IPv6 address.
  std::string Text() const;
};

// INVALID_ARGUMENT with the form that was expected.
Result<Address> ParseAddress(std::string_view text);

// Whether only this machine can reach it: localhost, 127.0.0.0/8, ::1.
bool IsLoopback(const Address& address);

}  // namespace optfleet::app
