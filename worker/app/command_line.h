// The command line of opt-worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/log.h"
#include "common/result.h"
#include "common/time.h"
#include "worker/devices/slots.h"
#include "worker/rpc/endpoint.h"

namespace optfleet::worker {

struct CommandLine {
  Endpoint coordinator;
  std::string id;  // empty: the root's, else the host's name
  std::string root;
  std::vector<std::string> trainer;  // program and its first arguments
  std::string shim;
  SlotOptions slots;
  std::vector<std::string> labels;           // NAME=VALUE
  std::optional<int64_t> host_memory_bytes;  // default: the machine's
  bool stop_on_exit = false;
  bool stop_on_partition = false;
  Duration grace = std::chrono::seconds(30);
  std::string metrics;  // HOST:PORT; empty: none
  LogOptions log;
  bool parent_death = false;
};

// What main does next: go on with the options, or leave with a code after printing a text (help, version, a
// mistake).
struct Leaving {
  int code = 0;
  std::string text;
};
tl::expected<CommandLine, Leaving> ParseCommandLine(int count, const char* const* arguments);

// "512M", "4GiB", "1.5G", "1073741824": bytes.
Result<int64_t> ParseBytes(const std::string& text);

}  // namespace optfleet::worker
