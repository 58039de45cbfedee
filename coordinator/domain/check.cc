#include "coordinator/domain/check.h"

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

namespace optfleet::domain {

void CheckFailed(const char* file, int line, const char* condition, std::string_view detail) {
  const std::string text = std::string(file) + ":" + std::to_string(line) +
                           ": broken invariant: " + condition + "; " + std::string(detail);
  const std::exception_ptr broken = std::make_exception_ptr(std::logic_error(text));
  // An exception that nobody may catch: the language's own way to print a text and abort, without a stream
  // here.
  [&]() noexcept { std::rethrow_exception(broken); }();
  std::abort();
}

}  // namespace optfleet::domain
