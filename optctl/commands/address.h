// Which coordinator is meant.
#pragma once

#include <string>

#include "common/result.h"
#include "optctl/output/terminal.h"

namespace optfleet::commands {

inline constexpr const char* kDefaultOrigin = "the default";

struct Address {
  std::string target;  // HOST:PORT
  std::string
      origin;  // who said so, for messages: "--coordinator", "$OPTFLEET_COORDINATOR", a file, kDefaultOrigin
};

// --coordinator before $OPTFLEET_COORDINATOR before STATE/endpoint.json before 127.0.0.1:7070. The file is
// read, nothing is asked.
Result<Address> ResolveAddress(const std::string& coordinator, const std::string& state,
                               const output::Environment& environment);

// What a serving coordinator wrote into its state folder. NOT_FOUND while it does not serve, DATA_LOSS if the
// file is no endpoint.
struct Endpoint {
  std::string grpc;
  std::string http;
  int64_t pid = 0;
};
Result<Endpoint> ReadEndpoint(const std::string& state);

}  // namespace optfleet::commands
