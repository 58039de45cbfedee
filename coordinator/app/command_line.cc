#include "coordinator/app/command_line.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "common/version.h"

namespace optfleet::app {
namespace {

constexpr int kUsage = 2;
constexpr double kLongestSeconds = 365.0 * 86400;

struct Texts {
  std::string listen = "127.0.0.1:7070";
  std::string http = "127.0.0.1:7080";
  std::string insecure_listen;
  std::string lease = "10m";
  std::string period = "1s";
  std::string keep_events = "90d";
  std::string thin_after = "never";
  std::string log_level = "info";
  std::vector<std::string> faults;
};

ParsedCommandLine Mistake(const std::string& message) {
  return {{}, "opt-coordinator: " + message + "\n", kUsage};
}

void Declare(CLI::App* app, CommandLine* line, Texts* texts) {
  app->set_version_flag("--version", std::string("opt-coordinator ") + kVersion);
  app->add_option("--state", line->state_folder,
                  "Folder of the databases, created if it is not there (mode 0700); a local disk")
      ->required()
      ->type_name("DIR");
  app->add_option("--restore", line->restore,
                  "Puts a backup (a folder made by `optctl backup`) in the place of the databases and ends")
      ->type_name("DIR");
  app->add_option("--listen", texts->listen, "Address of the API (gRPC); port 0 takes a free one")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app->add_option("--http", texts->http, "Address of the web page, /metrics, /healthz and JSON")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app->add_option("--insecure-listen", texts->insecure_listen,
                  "Repeats a --listen or --http host that other machines can reach: there is neither "
                  "encryption nor authentication")
      ->type_name("HOST");
  app->add_option("--lease", texts->lease, "A worker that is silent for so long loses its attempts")
      ->capture_default_str()
      ->type_name("TIME");
  app->add_option("--period", texts->period, "How often workers call")
      ->capture_default_str()
      ->type_name("TIME");
  app->add_option("--keep-events", texts->keep_events,
                  "How long the history of ended sweeps is kept; that of open ones always is")
      ->capture_default_str()
      ->type_name("TIME");
  app->add_option(
         "--thin-after", texts->thin_after,
         "Thin the curves of sweeps that ended so long ago (90d), keeping their extremes; never by default")
      ->capture_default_str()
      ->type_name("TIME");
  app->add_option("--thin-to", line->retention.points, "About how many points of each curve stay then")
      ->check(CLI::Range(int64_t{100}, int64_t{1'000'000}))
      ->capture_default_str()
      ->type_name("POINTS");
  app->add_option("--fault", texts->faults,
                  "For tests: METHOD:KIND:PROBABILITY makes calls go wrong; request_lost, answer_lost or "
                  "reported_failed; may be repeated")
      ->type_name("FAULT");
  app->add_option("--fault-seed", line->fault_seed, "Which calls --fault hits")->capture_default_str();
  app->add_option("--log-file", line->log.path, "Log file, rotated; standard error if not given")
      ->type_name("FILE");
  app->add_option("--log-level", texts->log_level,
                  "trace, debug, info, warn or error; SIGHUP switches between this and debug")
      ->capture_default_str()
      ->type_name("LEVEL");
  app->add_flag("--log-json", line->log.json, "Log lines as JSON");
  app->add_flag("--parent-death", line->parent_death, "Ends when the process that started it ends");
}

Result<Address> ParseListenAddress(const std::string& option, const std::string& text,
                                   const std::string& repeated) {
  auto address = ParseAddress(text);
  if (!address) return Fail(address.error().In(option));
  if (IsLoopback(*address) || address->host == repeated) return address;
  return Fail(
      Code::kInvalidArgument,
      option + ": other machines can reach " + address->host +
          ", and this version has neither encryption nor authentication: whoever reaches the port controls "
          "the fleet. "
          "Use 127.0.0.1 (and an SSH tunnel), or, in a network that you trust, add --insecure-listen " +
          address->host);
}

Status Interpret(const Texts& texts, CommandLine* line) {
  auto grpc = ParseListenAddress("--listen", texts.listen, texts.insecure_listen);
  if (!grpc) return Fail(std::move(grpc).error());
  auto http = ParseListenAddress("--http", texts.http, texts.insecure_listen);
  if (!http) return Fail(std::move(http).error());
  const auto lease = ParseDuration(texts.lease);
  if (!lease) return Fail(lease.error().In("--lease"));
  const auto period = ParseDuration(texts.period);
  if (!period) return Fail(period.error().In("--period"));
  const auto keep_events = ParseDuration(texts.keep_events);
  if (!keep_events) return Fail(keep_events.error().In("--keep-events"));
  if (*lease < 2 * *period) {
    return Fail(Code::kInvalidArgument,
                "--lease must be at least twice --period, or a single late call would give up a training");
  }
  if (texts.thin_after != "never") {
    const auto thin_after = ParseDuration(texts.thin_after);
    if (!thin_after) return Fail(thin_after.error().In("--thin-after"));
    line->retention.after = *thin_after;
  }
  for (const std::string& text : texts.faults) {
    auto fault = rpc::ParseFault(text);
    if (!fault) return Fail(fault.error().In("--fault"));
    line->faults.push_back(*std::move(fault));
  }
  const auto level = LevelFromName(texts.log_level);
  if (!level) return Fail(level.error().In("--log-level"));
  line->grpc = *std::move(grpc);
  line->http = *std::move(http);
  line->engine.lease = *lease;
  line->engine.period = *period;
  line->keep_events = *keep_events;
  line->engine.eager_period = std::min(line->engine.eager_period, *period);
  line->log.level = *level;
  return {};
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app{"Optfleet's coordinator: keeps sweeps, gives their jobs to workers, stores what they report.",
               "opt-coordinator"};
  CommandLine line;
  Texts texts;
  Declare(&app, &line, &texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {{}, app.help(), 0};
  } catch (const CLI::CallForVersion& version) {
    return {{}, std::string(version.what()) + "\n", 0};
  } catch (const CLI::ParseError& error) {
    return Mistake(std::string(error.what()) + "; see opt-coordinator --help");
  }
  if (const Status status = Interpret(texts, &line); !status) return Mistake(status.error().message());
  return {std::move(line), {}, 0};
}

Result<Duration> ParseDuration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {{"", 1},   {"ms", 1e-3}, {"s", 1},
                                                       {"m", 60}, {"h", 3600},  {"d", 86400}};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const auto unit = kUnits.find(end);
  const double seconds = unit == kUnits.end() ? 0 : number * unit->second;
  if (end == text.c_str() || !std::isfinite(seconds) || seconds < 1e-3 || seconds > kLongestSeconds) {
    return Fail(Code::kInvalidArgument,
                "\"" + text + "\" is no length of time; write 500ms, 30s, 10m, 2h or 1d");
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace optfleet::app
