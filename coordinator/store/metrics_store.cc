#include "coordinator/store/metrics_store.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "coordinator/domain/series.h"
#include "coordinator/store/encode.h"
#include "coordinator/store/folder.h"
#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/record_writer.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

constexpr const char* kMemory = ":memory:";
constexpr const char* kFindAttempt =
    "SELECT id, incarnation, record_limit, held_record, step, latest_json, parent, resume_record FROM "
    "attempts WHERE job = ? AND number = ?";
constexpr const char* kLinkAttempt =
    "INSERT INTO attempts(job, number, incarnation, parent, resume_record, record_limit) VALUES (?1, ?2, "
    "?3, ?4, ?5, ?6) "
    "ON CONFLICT (job, number) DO UPDATE SET parent = ?4, resume_record = ?5, record_limit = ?6";

// So many keys without a column have a newest value: a job that records every single parameter has thousands,
// which are read as series.
constexpr size_t kMostLatest = 256;

// Records that one transaction of Thin looks at: some milliseconds.
constexpr int64_t kThinAtOnce = 4096;

// Attempts that are remembered between two commits, about a kilobyte each; the half that was used last stays.
constexpr size_t kMostKnown = 32768;

// Pages in memory: the last page of each attempt that records, and what one transaction changes.
constexpr const char* kCache = "PRAGMA cache_size = -32768";

// What the database knows of an attempt.
struct Known {
  int64_t id = 0;
  int64_t incarnation = 0;
  int64_t record_limit = 0;
  int64_t held_record = 0;
  int64_t step = 0;
  domain::Figures latest;
  int32_t parent = 0;
  int64_t resume_record = 0;
  int64_t used = 0;  // in so many commits were some used before

  bool IsLinkedAs(const domain::Attempt& attempt) const {
    return incarnation == attempt.fence.incarnation && record_limit == attempt.record_limit &&
           parent == attempt.parent && resume_record == attempt.resume_record;
  }
  void Remember(const std::string& key, double value) {
    if (latest.size() < kMostLatest || latest.contains(key) || ColumnOf(key)) latest[key] = value;
  }
};

// The newest value of each key among the records of the batch from `first` to `last`.
void RememberNewest(const RecordBatch& batch, int64_t first, int64_t last, Known* known) {
  size_t begin = 0;
  size_t end = 0;
  for (int64_t number = batch.first_record; number <= last; ++number) {
    const size_t points = batch.point_counts[static_cast<size_t>(number - batch.first_record)];
    if (number < first) begin += points;
    end += points;
  }
  std::vector<std::optional<double>> newest(batch.keys.size());
  for (size_t i = begin; i < end; ++i) newest[batch.key_index[i]] = batch.values[i];
  for (size_t i = 0; i < newest.size(); ++i) {
    if (newest[i]) known->Remember(batch.keys[i], *newest[i]);
  }
}

// Its values among the records of the batch from `first` to `last`; of several in one record the last.
void Observe(const RecordBatch& batch, int64_t first, int64_t last, const std::string& objective,
             std::vector<engine::Observation>* observations) {
  const auto key = std::find(batch.keys.begin(), batch.keys.end(), objective) - batch.keys.begin();
  if (key == std::ssize(batch.keys)) return;
  size_t point = 0;
  for (int64_t number = batch.first_record; number <= last; ++number) {
    const auto index = static_cast<size_t>(number - batch.first_record);
    std::optional<double> value;
    for (const size_t end = point + batch.point_counts[index]; point < end; ++point)
      if (std::cmp_equal(batch.key_index[point], key)) value = batch.values[point];
    if (value && number >= first) observations->push_back({batch.steps[index], *value});
  }
}

class SqliteMetricsStore final : public MetricsStore {
 public:
  SqliteMetricsStore(Connection connection, RecordWriter writer, Statement find, Statement link)
      : connection_(std::move(connection)),
        writer_(std::move(writer)),
        find_(std::move(find)),
        link_(std::move(link)) {}

  Status Link(std::span<const domain::Attempt> attempts) override {
    for (const domain::Attempt& attempt : attempts) known_.erase(attempt.name);
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    std::set<std::string> jobs;
    for (const domain::Attempt& attempt : attempts) {
      const auto changed = LinkOne(attempt);
      if (!changed.has_value()) return Fail(changed.error());
      if (*changed) jobs.insert(ToResource(attempt.name.job));
    }
    for (const std::string& job : jobs) OPTFLEET_RETURN_IF_ERROR(writer_.UpdateSegments(job));
    return transaction->Commit();
  }

  Status DropNewer(const NewestAttempts& newest) override {
    const auto jobs = JobsWithMore(newest);
    if (!jobs.has_value()) return Fail(jobs.error());
    if (jobs->empty()) return {};
    known_.clear();
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    for (const auto& [job, last] : *jobs) {
      OPTFLEET_RETURN_IF_ERROR(writer_.DropNewer(job, last));
      OPTFLEET_RETURN_IF_ERROR(writer_.UpdateSegments(job));
    }
    return transaction->Commit();
  }

  void Watch(std::map<std::string, std::string> objectives) override { watched_ = std::move(objectives); }

  Result<std::vector<engine::RecordsHeld>> Append(std::span<const RecordBatch> batches) override {
    ++commits_;
    auto held = TryAppend(batches);
    if (!held.has_value()) {
      writer_.ForgetKeys();
      known_.clear();
    } else if (known_.size() > kMostKnown) {
      ForgetHalf();
    }
    return held;
  }

  Result<std::map<AttemptName, engine::RecordsHeld>> Held(
      std::span<const domain::Attempt> attempts) override {
    std::map<AttemptName, engine::RecordsHeld> held;
    for (const domain::Attempt& attempt : attempts) {
      auto known = Find(attempt.name);
      if (!known.has_value()) return Fail(known.error());
      const bool same = known->has_value() && (*known)->incarnation == attempt.fence.incarnation;
      if (same && (*known)->held_record > 0) {
        held[attempt.name] = {attempt.name, (*known)->held_record, (*known)->step};
      }
    }
    return held;
  }

  Result<Thinned> Thin(const ThinPlan& plan, int64_t next) override {
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    const auto known = Find(plan.attempt);
    if (!known.has_value()) return Fail(known.error());
    Thinned result{.next = std::max(next, plan.first), .deleted = 0, .done = true};
    if (!known->has_value() || (*known)->id != plan.id || (*known)->incarnation != plan.incarnation ||
        plan.keep.empty())
      return result;
    for (int64_t looked = 0; result.next < plan.keep.back() && looked < kThinAtOnce; ++looked) {
      const int64_t keep = *std::lower_bound(plan.keep.begin(), plan.keep.end(), result.next);
      const int64_t last = std::min(keep - 1, result.next + kThinAtOnce - 1 - looked);
      if (last >= result.next) {
        const auto dropped = writer_.DropRange(result.next, last);
        if (!dropped.has_value()) return Fail(dropped.error());
        result.deleted += *dropped;
        looked += last - result.next;
      }
      result.next = last == keep - 1 ? keep + 1 : last + 1;
    }
    result.done = result.next >= plan.keep.back();
    if (result.done) OPTFLEET_RETURN_IF_ERROR(writer_.SetThinned(plan.id));
    OPTFLEET_RETURN_IF_ERROR(transaction->Commit());
    return result;
  }

  int64_t wal_bytes() const override {
    std::error_code missing;
    const auto size = std::filesystem::file_size(connection_.path() + "-wal", missing);
    return missing ? 0 : static_cast<int64_t>(size);
  }

 private:
  Result<std::vector<engine::RecordsHeld>> TryAppend(std::span<const RecordBatch> batches) {
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    std::vector<engine::RecordsHeld> held;
    std::map<AttemptName, size_t> places;  // in `held`
    std::map<AttemptName, Known*> grown;
    for (const RecordBatch& batch : batches) {
      auto known = FindCached(batch.attempt);
      if (!known.has_value()) return Fail(known.error());
      engine::RecordsHeld one{batch.attempt, 0, 0};
      if (*known != nullptr && Matches(**known, batch)) {
        const int64_t before = (*known)->held_record;
        const auto grew = AppendOne(batch, *known);
        if (!grew.has_value()) return Fail(grew.error());
        if (*grew) grown[batch.attempt] = *known;
        one = {batch.attempt, (*known)->held_record, (*known)->step};
        const auto watched = watched_.find(batch.attempt.job.sweep);
        if (*grew && watched != watched_.end())
          Observe(batch, before + 1, one.record, watched->second, &one.observations);
      }
      const auto [place, fresh] = places.emplace(batch.attempt, held.size());
      if (fresh) held.emplace_back();
      if (fresh)
        held[place->second] = std::move(one);
      else if (one.record > held[place->second].record)
        held[place->second].Join(one);
    }
    for (const auto& [name, known] : grown) {
      OPTFLEET_RETURN_IF_ERROR(writer_.SetHeld(known->id, known->held_record, known->step, known->latest));
    }
    OPTFLEET_RETURN_IF_ERROR(transaction->Commit());
    return held;
  }

  static bool Matches(const Known& known, const RecordBatch& batch) {
    return known.incarnation == batch.fence.incarnation && batch.fence.attempt == batch.attempt.attempt;
  }

  // nullptr if it is not there. What is known stays in memory from commit to commit.
  Result<Known*> FindCached(const AttemptName& name) {
    auto cached = known_.find(name);
    if (cached == known_.end()) {
      auto found = Find(name);
      if (!found.has_value()) return Fail(found.error());
      if (!found->has_value()) return nullptr;
      cached = known_.emplace(name, *std::move(*found)).first;
    }
    cached->second.used = commits_;
    return &cached->second;
  }

  Result<std::optional<Known>> Find(const AttemptName& name) {
    auto row = find_.Bind(ToResource(name.job), name.attempt).Step();
    if (!row.has_value()) return Fail(row.error());
    std::optional<Known> known;
    if (*row) {
      known = Known{.id = find_.Int(0),
                    .incarnation = find_.Int(1),
                    .record_limit = find_.Int(2),
                    .held_record = find_.Int(3),
                    .step = find_.Int(4),
                    .latest = DecodeFigures(find_.Text(5)),
                    .parent = static_cast<int32_t>(find_.Int(6)),
                    .resume_record = find_.Int(7),
                    .used = commits_};
    }
    find_.Reset();
    return known;
  }

  void ForgetHalf() {
    std::vector<int64_t> used;
    used.reserve(known_.size());
    for (const auto& [name, known] : known_) used.push_back(known.used);
    const auto middle = used.begin() + static_cast<ptrdiff_t>(used.size() / 2);
    std::nth_element(used.begin(), middle, used.end());
    std::erase_if(known_, [&](const auto& entry) { return entry.second.used <= *middle; });
  }

  // By resource name: jobs of which there is more than their newest attempt, with its number (0: none).
  Result<std::map<std::string, int32_t>> JobsWithMore(const NewestAttempts& newest) {
    std::map<std::string, int32_t> more;
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(&connection_, "SELECT job, max(number) FROM attempts GROUP BY job",
                                        [&](const Statement& row) -> Status {
                                          const auto job = ParseJobResource(row.Text(0));
                                          const auto found = job ? newest.find(*job) : newest.end();
                                          const int32_t last = found == newest.end() ? 0 : found->second;
                                          if (row.Int(1) > last) more.emplace(row.Text(0), last);
                                          return {};
                                        }));
    return more;
  }

  // Whether anything changed: at a start almost all attempts are as they should be.
  Result<bool> LinkOne(const domain::Attempt& attempt) {
    auto known = Find(attempt.name);
    if (!known.has_value()) return Fail(known.error());
    if (known->has_value() && (*known)->incarnation != attempt.fence.incarnation) {
      // The attempt of this number that was given out before a backup was restored never counted in this
      // history.
      if ((*known)->incarnation > attempt.fence.incarnation) return false;
      OPTFLEET_RETURN_IF_ERROR(writer_.Drop((*known)->id));
    }
    if (known->has_value() && (*known)->IsLinkedAs(attempt)) return false;
    OPTFLEET_RETURN_IF_ERROR(link_
                                 .Bind(ToResource(attempt.name.job), attempt.name.attempt,
                                       attempt.fence.incarnation, attempt.parent, attempt.resume_record,
                                       attempt.record_limit)
                                 .Run());
    return true;
  }

  // Whether something new was in it.
  Result<bool> AppendOne(const RecordBatch& batch, Known* known) {
    const int64_t held_before = known->held_record;
    const int64_t last = std::min(
        {batch.first_record + static_cast<int64_t>(batch.size()) - 1, known->record_limit, kLastRecord});
    if (batch.first_record > held_before + 1 || last <= held_before) return false;
    OPTFLEET_RETURN_IF_ERROR(writer_.Insert(known->id, batch, held_before + 1, last));
    RememberNewest(batch, held_before + 1, last, known);
    known->held_record = last;
    known->step = batch.steps[static_cast<size_t>(last - batch.first_record)];
    if (held_before > 0) return true;
    // With its first record the attempt becomes the head of the series, which reads what is held.
    OPTFLEET_RETURN_IF_ERROR(writer_.SetHeld(known->id, known->held_record, known->step, known->latest));
    OPTFLEET_RETURN_IF_ERROR(writer_.UpdateSegments(ToResource(batch.attempt.job)));
    return true;
  }

  Connection connection_;
  RecordWriter writer_;
  Statement find_;
  Statement link_;
  std::map<std::string, std::string> watched_;
  int64_t commits_ = 0;
  // Of attempts whose records came lately: what the last commit left in the database.
  std::map<AttemptName, Known> known_;
};

}  // namespace

void RecordBatch::Add(int64_t step, Time time, std::span<const MetricPoint> points) {
  steps.push_back(step);
  times_us.push_back(UnixMicros(time));
  point_counts.push_back(static_cast<uint32_t>(points.size()));
  for (const MetricPoint& point : points) {
    key_index.push_back(point.key);
    values.push_back(point.value);
  }
}

Result<std::unique_ptr<MetricsStore>> MetricsStore::Open(const StoreOptions& options) {
  std::string path = kMemory;
  if (options.folder != kMemory) {
    if (options.vfs.empty())
      OPTFLEET_RETURN_IF_ERROR(RefuseNetworkDisk(options.folder, options.file_system_type));
    path = options.folder + "/" + kMetricsFile;
  }
  auto connection = OpenForWriting(path, kMetricsSchema, options.vfs);
  if (!connection.has_value()) return Fail(connection.error());
  OPTFLEET_RETURN_IF_ERROR(connection->Execute(kCache));
  auto writer = RecordWriter::Prepare(&*connection);
  if (!writer.has_value()) return Fail(writer.error());
  auto find = connection->Prepare(kFindAttempt);
  if (!find.has_value()) return Fail(find.error());
  auto link = connection->Prepare(kLinkAttempt);
  if (!link.has_value()) return Fail(link.error());
  return std::make_unique<SqliteMetricsStore>(std::move(*connection), std::move(*writer), std::move(*find),
                                              std::move(*link));
}

}  // namespace optfleet::store
