#include "common/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <ctime>
#include <memory>

#include "common/json.h"

namespace optfleet {
namespace {

struct Output {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
};

// Of this thread.
thread_local int open_batches = 0;

std::shared_ptr<spdlog::logger> MakeLogger(spdlog::sink_ptr sink, Level level);

// The one mutable place: a process has one log, which StartLog replaces once.
std::atomic<std::shared_ptr<const Output>>& Current() {
  static std::atomic<std::shared_ptr<const Output>> current(std::make_shared<const Output>(
      Output{MakeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), Level::kInfo), false}));
  return current;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kTrace:
      return "trace";
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "info";
}

std::shared_ptr<spdlog::logger> MakeLogger(spdlog::sink_ptr sink, Level level) {
  auto logger = std::make_shared<spdlog::logger>("optfleet", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(ToSpdlog(level));
  return logger;
}

std::string TimeText() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(millis));
  return text;
}

Json ToJson(const LogField& field) {
  return std::visit([](const auto& value) { return Json(value); }, field.value);
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string PlainValue(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (!text) return Dump(ToJson(field));
  bool plain = !text->empty();
  for (const char c : *text) plain = plain && c > ' ' && c < '\x7f' && c != '"' && c != '=';
  return plain ? std::string(*text) : Dump(Json(*text));
}

std::string PlainLine(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string name(LevelName(level));
  name.resize(5, ' ');
  std::string line = TimeText() + " " + name + " " + std::string(event);
  for (const auto& field : fields)
    line.append(1, ' ').append(field.key).append(1, '=').append(PlainValue(field));
  return line;
}

std::string JsonLine(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  Json line{{"time", TimeText()}, {"level", LevelName(level)}, {"event", event}};
  for (const auto& field : fields) line[std::string(field.key)] = ToJson(field);
  return Dump(line);
}

}  // namespace

Status StartLog(const LogOptions& options) {
  spdlog::sink_ptr sink;
  try {
    if (options.path.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.path, options.max_file_bytes,
                                                                    options.max_files);
  } catch (const spdlog::spdlog_ex& error) {
    return Fail(Code::kPermissionDenied, "log file " + options.path + " cannot be opened: " + error.what());
  }
  Current().store(
      std::make_shared<const Output>(Output{MakeLogger(std::move(sink), options.level), options.json}));
  return {};
}

void SetLogLevel(Level level) { Current().load()->logger->set_level(ToSpdlog(level)); }

Result<Level> LevelFromName(std::string_view name) {
  for (const Level level : {Level::kTrace, Level::kDebug, Level::kInfo, Level::kWarn, Level::kError})
    if (LevelName(level) == name) return level;
  return Fail(Code::kInvalidArgument,
              "unknown log level `" + std::string(name) + "`; use trace, debug, info, warn or error");
}

void Log(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  const auto output = Current().load();
  if (!output->logger->should_log(ToSpdlog(level))) return;
  output->logger->log(ToSpdlog(level),
                      output->json ? JsonLine(level, event, fields) : PlainLine(level, event, fields));
  if (open_batches == 0) output->logger->flush();  // the last event before a crash matters most
}

LogBatch::LogBatch() { ++open_batches; }

LogBatch::~LogBatch() {
  if (--open_batches == 0) Current().load()->logger->flush();
}

}  // namespace optfleet
