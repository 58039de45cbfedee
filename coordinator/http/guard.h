// Which Host and Origin headers are ours. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace optfleet::http {

// True for the listening host, for loopback names and addresses (any port: an SSH tunnel may change it) when
// `listen_host` is a loopback address, and for any literal IP address otherwise (a literal address cannot be
// rebound by DNS).
bool IsOurHost(std::string_view host_header, std::string_view listen_host);

// True when there is no Origin, or when it is http://<Host header>.
bool IsOurOrigin(std::string_view origin_header, std::string_view host_header);

}  // namespace optfleet::http
