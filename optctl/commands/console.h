// Where a command's words go: results to standard output, messages and progress to standard error. One
// thread.
#pragma once

#include <string>
#include <string_view>

#include "common/json.h"
#include "common/result.h"
#include "optctl/output/terminal.h"

namespace optfleet::commands {

enum class Format { kTable, kWide, kJson, kName, kCsv };

class Console {
 public:
  Console(output::Terminal out, output::Terminal err) : out_(out), err_(err) {}

  const output::Terminal& out() const { return out_; }
  const output::Terminal& err() const { return err_; }
  void ForbidColor();

  void Print(std::string_view text) const;  // standard output, as it is
  void PrintJson(const Json& json) const;   // the one JSON value of a command
  void Note(std::string_view line) const;   // standard error, one line
  void Draw(std::string_view text) const;   // standard error, as it is

  // "optctl: MESSAGE", or {"error": {...}} where the caller asked for JSON. Returns the exit code that fits.
  int Report(const Error& error, Format format) const;

 private:
  output::Terminal out_;
  output::Terminal err_;
};

}  // namespace optfleet::commands
