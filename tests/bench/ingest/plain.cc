#include "tests/bench/ingest/plain.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/layouts/layout.h"

namespace optfleet::bench {
namespace {

LayoutKind ProductLayout() {
  for (LayoutKind& kind : RowLayouts()) {
    if (kind.name == "wide_integer") return kind;
  }
  std::abort();
}

}  // namespace

double InsertPlainly(const std::string& path, int attempts, const Flood& flood, int64_t commit_points) {
  Database database = Database::Create(path, 32768, 1000);
  const auto layout = ProductLayout().make(&database);
  const auto begin = std::chrono::steady_clock::now();
  Run run;
  int64_t uncommitted = 0;
  database.Execute("BEGIN IMMEDIATE");
  for (int64_t first = 1; first <= flood.steps; first += flood.hand_over) {
    const int64_t count = std::min(flood.hand_over, flood.steps - first + 1);
    for (int attempt = 1; attempt <= attempts; ++attempt) {
      Fill(attempt, first, static_cast<size_t>(count), &run);
      layout->Insert(run);
      uncommitted += count * static_cast<int64_t>(kKeys.size());
      if (uncommitted < commit_points) continue;
      database.Execute("COMMIT; BEGIN IMMEDIATE");
      uncommitted = 0;
    }
  }
  database.Execute("COMMIT");
  return SecondsSince(begin);
}

void CheckRecords(const std::string& path, int attempts, int64_t steps) {
  Database database = Database::OpenForReading(path);
  Query query =
      database.Prepare("SELECT step, loss, data_wait_seconds FROM series WHERE job = ? ORDER BY attempt, id");
  Run run;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    Fill(attempt, 1, static_cast<size_t>(steps), &run);
    const std::string job = "sweeps/bench/jobs/" + std::to_string(attempt);
    sqlite3_bind_text(query.get(), 1, job.c_str(), -1, SQLITE_TRANSIENT);
    size_t at = 0;
    bool same = true;
    while (query.Row()) {
      same = same && at < run.steps.size() && sqlite3_column_int64(query.get(), 0) == run.steps[at].step &&
             sqlite3_column_double(query.get(), 1) == run.steps[at].values.front() &&
             sqlite3_column_double(query.get(), 2) == run.steps[at].values.back();
      ++at;
    }
    if (same && at == run.steps.size()) continue;
    std::fprintf(stderr, "%s: not every step is there once (%zu of %zu)\n", job.c_str(), at,
                 run.steps.size());
    std::exit(1);
  }
}

}  // namespace optfleet::bench
