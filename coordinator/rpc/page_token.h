// Page tokens of the List methods (AIP-158): opaque to clients, bound to the method and its other parameters,
// and checked, so that a token that was changed or belongs to another list is refused and never continues at
// a wrong place. Not a secret: a token says where a page ends and gives no access. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coordinator/rpc/rpc_error.h"

namespace optfleet::rpc {

// `binding` is everything but page_size that decides the list, "ListJobs sweeps/lr"; `key` says behind which
// row the next page begins.
std::string MakePageToken(std::string_view binding, std::string_view key);
// The key, empty for an empty token (first page). INVALID_ARGUMENT on field page_token.
RpcResult<std::string> ReadPageToken(std::string_view token, std::string_view binding);

// The number of rows of a page: 0 means 100, above 1000 means 1000, negative is INVALID_ARGUMENT on field
// page_size.
RpcResult<int32_t> PageSize(int32_t requested);

}  // namespace optfleet::rpc
