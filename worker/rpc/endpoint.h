// Where the coordinator is: a fixed address, or a file that it writes when it starts (a restarted one may
// have another port).
#pragma once

#include <string>

#include "common/result.h"

namespace optfleet::worker {

struct Endpoint {
  std::string address;  // HOST:PORT; empty: read `file`
  std::string file;     // {"grpc": "127.0.0.1:1234", ...}

  // HOST:PORT as of now. UNAVAILABLE while the file is not there or half-written.
  Result<std::string> Resolve() const;
};

}  // namespace optfleet::worker
