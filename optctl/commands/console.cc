#include "optctl/commands/console.h"

#include <cstdio>

#include "optctl/commands/exit_code.h"
#include "optctl/output/live_frame.h"

namespace optfleet::commands {
namespace {

void Write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

// Names and reasons come from files and other machines; a byte that is not UTF-8 must not cost the answer.
std::string Dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

void Console::ForbidColor() {
  out_.color = false;
  err_.color = false;
}

void Console::Print(std::string_view text) const { Write(stdout, text); }
void Console::PrintJson(const Json& json) const { Write(stdout, Dump(json)); }
void Console::Note(std::string_view line) const { Write(stderr, std::string(line) + "\n"); }
void Console::Draw(std::string_view text) const { Write(stderr, text); }

int Console::Report(const Error& error, Format format) const {
  const int exit_code = ExitCodeOf(error.code());
  if (format == Format::kJson) {
    Json json;
    json["error"]["code"] = CodeName(error.code());
    json["error"]["message"] = error.message();
    json["error"]["exit_code"] = exit_code;
    Write(stderr, Dump(json));
  } else {
    Note(output::Paint("optctl:", output::Color::kRed, err_) + " " + error.message());
  }
  return exit_code;
}

}  // namespace optfleet::commands
