#include "optctl/commands/address.h"

#include <fstream>
#include <sstream>

#include "common/json.h"

namespace optfleet::commands {
namespace {

constexpr const char* kDefaultAddress = "127.0.0.1:7070";

// HOST:PORT with a decimal port; gRPC would take anything and fail much later.
bool IsHostAndPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return false;
  const std::string port = text.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5) return false;
  const int number = std::stoi(port);
  return number > 0 && number <= 65535;
}

Result<Address> Checked(const std::string& target, const std::string& origin) {
  if (IsHostAndPort(target)) return Address{target, origin};
  return Fail(Code::kInvalidArgument, "`" + target + "` from " + origin +
                                          " is no address; expected HOST:PORT, for example " +
                                          kDefaultAddress);
}

}  // namespace

Result<Endpoint> ReadEndpoint(const std::string& state) {
  const std::string path = state + "/endpoint.json";
  std::ifstream file(path);
  if (!file)
    return Fail(Code::kNotFound, "no coordinator serves in " + state + " (there is no endpoint.json)");
  std::ostringstream text;
  text << file.rdbuf();
  const Json json = Json::parse(text.str(), nullptr, false);
  if (!json.is_object() || !json.contains("grpc") || !json["grpc"].is_string()) {
    return Fail(Code::kDataLoss, path + " is not what a coordinator writes; start the coordinator again");
  }
  Endpoint endpoint{json["grpc"], "", 0};
  if (json.contains("http") && json["http"].is_string()) endpoint.http = json["http"];
  if (json.contains("pid") && json["pid"].is_number_integer()) endpoint.pid = json["pid"];
  return endpoint;
}

Result<Address> ResolveAddress(const std::string& coordinator, const std::string& state,
                               const output::Environment& environment) {
  if (!coordinator.empty()) return Checked(coordinator, "--coordinator");
  if (const std::string named = environment("OPTFLEET_COORDINATOR"); !named.empty()) {
    return Checked(named, "$OPTFLEET_COORDINATOR");
  }
  if (!state.empty()) {
    auto endpoint = ReadEndpoint(state);
    if (!endpoint) return Fail(std::move(endpoint).error());
    return Checked(endpoint->grpc, state + "/endpoint.json");
  }
  return Address{kDefaultAddress, kDefaultOrigin};
}

}  // namespace optfleet::commands
