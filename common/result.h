// How functions fail: a value or an Error, never an exception across a module's border.
//
// Codes are the canonical ones of gRPC, so that a service turns an Error into a status without a table of its
// own. An Error is one clear sentence (what was wrong, where, what to do); callers add context in front while
// returning. Immutable values, usable from any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace optfleet {

enum class Code {  // numbers are gRPC's
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT" and so on.
std::string_view CodeName(Code code);

class Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " in front of its message.
  Error In(std::string_view context) const { return Error(code_, std::string(context) + ": " + message_); }

 private:
  Code code_;
  std::string message_;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(Code code, std::string message) {
  return tl::make_unexpected(Error(code, std::move(message)));
}
inline tl::unexpected<Error> Fail(Error error) { return tl::make_unexpected(std::move(error)); }

// An Error from errno: "what: strerror", with the code that fits (ENOSPC, EDQUOT and EFBIG:
// RESOURCE_EXHAUSTED, ENOENT: NOT_FOUND, EACCES, EPERM and EROFS: PERMISSION_DENIED, EADDRINUSE:
// ALREADY_EXISTS, others UNAVAILABLE).
Error ErrnoError(int error_number, std::string_view what);

}  // namespace optfleet

// Returns the error of `expr` from the calling function if it failed. For a Result whose value is wanted,
// write it out.
#define OPTFLEET_RETURN_IF_ERROR(expr)                                \
  do {                                                                \
    if (auto optfleet_status = (expr); !optfleet_status.has_value())  \
      return tl::make_unexpected(std::move(optfleet_status).error()); \
  } while (false)
