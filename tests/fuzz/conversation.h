// Calls of the wire one after the other as bytes, which is what the wire fuzzer is given: per call a byte for
// the method (in the order of Methods(); the upper bit: as JSON), one for the time that passed before it, two
// for the size of what follows, the request. Pure.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet::fuzz {

struct MethodInfo {
  std::string path;                            // "/optfleet.v1.SweepService/GetSweep"
  const google::protobuf::Message* prototype;  // of its request
};

// All methods of the worker API and of the operator API.
const std::vector<MethodInfo>& Methods();

struct WireCall {
  uint8_t method = 0;
  bool as_json = false;
  uint8_t time = 0;
  std::string body;
};

// What is cut off or too much is left out.
std::vector<WireCall> ReadConversation(std::string_view bytes);
std::string WriteConversation(const std::vector<WireCall>& calls);

}  // namespace optfleet::fuzz
