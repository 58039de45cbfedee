// One line per event, key=value (JSON on request), job and attempt ids in every line about them; times in
// UTC. By spdlog, which only this file's source sees.
//
//   Log(Level::kInfo, "lease.expired", {{"job", name}, {"unreachable_s", 600}});
//
// Thread-safe. Before StartLog lines go to standard error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"

namespace optfleet {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError };

struct LogOptions {
  std::string path;  // empty: standard error
  Level level = Level::kInfo;
  bool json = false;
  size_t max_file_bytes = 16 << 20;  // then rotates
  size_t max_files = 4;
};

struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <typename Int>
  requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>) LogField(std::string_view k, Int v)
      : key(k), value(static_cast<int64_t>(v)) {}
};

// Once per process, from main. PERMISSION_DENIED and so on if the file cannot be opened.
Status StartLog(const LogOptions& options);
void SetLogLevel(Level level);  // while running
Result<Level> LevelFromName(std::string_view name);

void Log(Level level, std::string_view event, std::initializer_list<LogField> fields);

// While one lives, the lines of this thread wait and are written together when it goes: many events of one
// moment cost one write. Outside, each line is written at once.
class LogBatch {
 public:
  LogBatch();
  ~LogBatch();
  LogBatch(const LogBatch&) = delete;
  LogBatch& operator=(const LogBatch&) = delete;
};

}  // namespace optfleet
