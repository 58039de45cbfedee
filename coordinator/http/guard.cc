#include "coordinator/http/guard.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <string>

namespace optfleet::http {
namespace {

// "[::1]:80" -> "::1", "localhost:80" -> "localhost".
std::string_view WithoutPort(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool IsLoopbackName(std::string_view name) {
  if (name == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(name), error);
  return !error && address.is_loopback();
}

bool IsLiteralAddress(std::string_view name) {
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(name), error);
  return !error;
}

}  // namespace

bool IsOurHost(std::string_view host_header, std::string_view listen_host) {
  const std::string_view name = WithoutPort(host_header);
  if (name.empty()) return false;
  if (name == listen_host || IsLoopbackName(name)) return true;
  return !IsLoopbackName(listen_host) && IsLiteralAddress(name);
}

bool IsOurOrigin(std::string_view origin_header, std::string_view host_header) {
  return origin_header.empty() || origin_header == "http://" + std::string(host_header);
}

}  // namespace optfleet::http
