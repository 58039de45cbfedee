#include "optctl/commands/lists.h"

#include <fmt/format.h>

#include "common/text.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

using output::Align;
using output::Column;
using output::Table;

template <typename Message>
std::string AgeOf(const Message& message, Time now) {
  return message.has_create_time() ? Age(TimeOf(message.create_time()), now) : "";
}

std::string SlotList(const v1::Attempt& attempt) {
  std::string text;
  for (const int32_t slot : attempt.slots()) text += (text.empty() ? "" : ",") + std::to_string(slot);
  return text;
}

bool IsWaitingOrRunning(const std::string& state) {
  return state == "queued" || state == "assigned" || state == "running" || state == "paused";
}

}  // namespace

int CountOf(const v1::Sweep& sweep, const std::string& state) {
  for (const v1::StateCount& count : sweep.counts()) {
    if (count.state() == state) return count.count();
  }
  return 0;
}

int EndedCount(const v1::Sweep& sweep) {
  int ended = 0;
  for (const v1::StateCount& count : sweep.counts()) {
    if (!IsWaitingOrRunning(count.state())) ended += count.count();
  }
  return ended;
}

int FailedCount(const v1::Sweep& sweep) {
  return CountOf(sweep, "failed") + CountOf(sweep, "cancelled") + CountOf(sweep, "lost");
}

Table SweepTable(const std::vector<v1::Sweep>& sweeps, bool wide, Time now) {
  std::vector<Column> columns = {
      {"NAME"}, {"STATE"}, {"ENDED", Align::kRight}, {"RUNNING", Align::kRight}, {"FAILED", Align::kRight},
      {"BEST"}};
  if (wide) columns.insert(columns.end(), {{"AXES"}, {"FILES"}, {"CREATED"}});
  columns.push_back({"AGE", Align::kRight});
  Table table(std::move(columns));
  for (const v1::Sweep& sweep : sweeps) {
    std::vector<std::string> row = {ShortResource(sweep.name()),
                                    Condition(sweep),
                                    fmt::format("{}/{}", EndedCount(sweep), sweep.job_count()),
                                    std::to_string(CountOf(sweep, "running")),
                                    std::to_string(FailedCount(sweep)),
                                    ShortResource(sweep.best_job())};
    if (wide) {
      std::string files;
      for (const v1::SourceFile& file : sweep.files()) files += (files.empty() ? "" : "+") + file.path();
      row.insert(row.end(), {fmt::format("{}", fmt::join(sweep.axes(), ",")), files,
                             sweep.has_create_time() ? IsoTime(TimeOf(sweep.create_time())) : ""});
    }
    row.push_back(AgeOf(sweep, now));
    table.Add(std::move(row));
  }
  return table;
}

Table JobTable(const std::vector<v1::Job>& jobs, bool wide, Time now) {
  std::vector<Column> columns = {{"NAME"},
                                 {"STATE"},
                                 {"STEP", Align::kRight},
                                 {"LOSS", Align::kRight},
                                 {"VAL_LOSS", Align::kRight},
                                 {"POINT", Align::kLeft, true}};
  if (wide)
    columns.insert(columns.end(), {{"WORKER"}, {"ATTEMPTS", Align::kRight}, {"REASON", Align::kLeft, true}});
  columns.push_back({"AGE", Align::kRight});
  Table table(std::move(columns));
  for (const v1::Job& job : jobs) {
    std::vector<std::string> row = {ShortResource(job.name()),
                                    Condition(job),
                                    StepText(job.step(), job.total_steps()),
                                    FigureText("loss", FigureOf(job, "loss")),
                                    FigureText("val_loss", FigureOf(job, "val_loss")),
                                    PointLabel(job)};
    if (wide) {
      row.insert(row.end(), {ShortResource(job.worker()), std::to_string(job.attempt_count()), job.reason()});
    }
    row.push_back(AgeOf(job, now));
    table.Add(std::move(row));
  }
  return table;
}

Table AttemptTable(const std::vector<v1::Attempt>& attempts, bool wide, Time now) {
  std::vector<Column> columns = {{"NAME"},
                                 {"STATE"},
                                 {"WORKER"},
                                 {"SLOTS"},
                                 {"STEP", Align::kRight},
                                 {"RESUMED", Align::kRight},
                                 {"REASON", Align::kLeft, true}};
  if (wide)
    columns.insert(columns.end(), {{"RECORDS", Align::kRight}, {"PID", Align::kRight}, {"RUN_DIRECTORY"}});
  columns.push_back({"AGE", Align::kRight});
  Table table(std::move(columns));
  for (const v1::Attempt& attempt : attempts) {
    std::vector<std::string> row = {ShortResource(attempt.name()),
                                    Condition(attempt),
                                    ShortResource(attempt.worker()),
                                    SlotList(attempt),
                                    std::to_string(attempt.step()),
                                    attempt.parent().empty() ? "" : std::to_string(attempt.resume_step()),
                                    attempt.reason()};
    if (wide) {
      row.insert(row.end(), {std::to_string(attempt.held_record()),
                             attempt.trainer_pid() == 0 ? "" : std::to_string(attempt.trainer_pid()),
                             attempt.run_directory()});
    }
    row.push_back(AgeOf(attempt, now));
    table.Add(std::move(row));
  }
  return table;
}

std::string SlotsText(const v1::Worker& worker) {
  if (worker.slots().empty()) return "no slots";
  const v1::Slot& first = worker.slots(0);
  std::string text = std::to_string(worker.slots_size()) + " ";
  if (first.kind() == v1::Slot::KIND_GPU) {
    text += first.model().empty() ? "GPU" : first.model();
  } else {
    text += fmt::format("CPU x {} thread{}", first.threads(), first.threads() == 1 ? "" : "s");
  }
  if (first.memory_bytes() > 0) text += ", " + FormatBytes(first.memory_bytes());
  return text;
}

Table WorkerTable(const std::vector<v1::Worker>& workers, bool wide, Time now) {
  std::vector<Column> columns = {
      {"NAME"}, {"STATE"}, {"SLOTS"}, {"ATTEMPTS", Align::kRight}, {"HOST", Align::kLeft, true}};
  if (wide) columns.insert(columns.end(), {{"VERSION"}, {"RUNS"}});
  columns.push_back({"SEEN", Align::kRight});
  Table table(std::move(columns));
  for (const v1::Worker& worker : workers) {
    std::vector<std::string> row = {ShortResource(worker.name()), Condition(worker), SlotsText(worker),
                                    std::to_string(worker.attempts_size()), worker.host()};
    if (wide) {
      std::string runs;
      for (const std::string& attempt : worker.attempts())
        runs += (runs.empty() ? "" : ",") + ShortResource(attempt);
      row.insert(row.end(), {worker.version(), runs});
    }
    row.push_back(worker.has_last_seen_time() ? Age(TimeOf(worker.last_seen_time()), now) : "");
    table.Add(std::move(row));
  }
  return table;
}

Table CheckpointTable(const std::vector<v1::Checkpoint>& checkpoints, bool wide) {
  std::vector<Column> columns = {
      {"NAME"},  {"STATE"}, {"STEP", Align::kRight}, {"VAL_LOSS", Align::kRight}, {"SIZE", Align::kRight},
      {"WORKER"}};
  if (wide) columns.push_back({"PATH"});
  Table table(std::move(columns));
  for (const v1::Checkpoint& checkpoint : checkpoints) {
    std::vector<std::string> row = {
        ShortResource(checkpoint.name()),
        Condition(checkpoint),
        std::to_string(checkpoint.step()),
        checkpoint.has_val_loss() ? FigureText("val_loss", checkpoint.val_loss()) : "",
        FormatBytes(checkpoint.bytes()),
        ShortResource(checkpoint.worker())};
    if (wide) row.push_back(checkpoint.path());
    table.Add(std::move(row));
  }
  return table;
}

Table EventTable(const std::vector<v1::Event>& events) {
  Table table({{"TIME"}, {"SUBJECT"}, {"WHAT"}, {"REASON", Align::kLeft, true}});
  for (const v1::Event& event : events) {
    // The day is in -o json; a table of one sweep needs the time of day.
    table.Add({IsoTime(TimeOf(event.time())).substr(11, 8), ShortResource(event.subject()), event.what(),
               event.reason()});
  }
  return table;
}

}  // namespace optfleet::commands
