#include "worker/shim/options.h"

#include <charconv>

namespace optfleet::shim {
namespace {

constexpr const char* kUsage = "use: opt-shim --dir DIR --shim-lock-fd N -- TRAINER ARGS...";

tl::unexpected<Error> Refuse(const std::string& what) {
  return Fail(Code::kInvalidArgument, what + "; " + kUsage);
}

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--version") {
      options.version = true;
      return options;
    }
    if (name == "--") {
      options.trainer.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (name != "--dir" && name != "--shim-lock-fd") return Refuse("unknown argument `" + name + "`");
    if (++i == arguments.size()) return Refuse(name + " needs a value");
    const std::string& value = arguments[i];
    if (name == "--dir") {
      options.folder = value;
      continue;
    }
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.shim_lock);
    if (error != std::errc() || end != value.data() + value.size() || options.shim_lock < 3)
      return Refuse("--shim-lock-fd must be a descriptor from 3, found `" + value + "`");
  }
  if (options.folder.empty() || options.folder[0] != '/') return Refuse("--dir must be an absolute path");
  if (options.shim_lock < 0) return Refuse("--shim-lock-fd is missing");
  if (options.trainer.empty()) return Refuse("the trainer is missing");
  return options;
}

}  // namespace optfleet::shim
