#include "tests/report/fixtures.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "common/json.h"
#include "optctl/report/spread.h"

namespace optfleet::report {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kBegin = 1'700'000'000 * kSecond;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Setting {
  std::string optimizer = "adamw";
  double lr = 1e-3;
  int batch = 16;
  int width = 96;
  int layers = 3;
  int seed = 0;
};

// Noise that only depends on where it is asked for, from -1 to 1.
double Noise(uint64_t a, uint64_t b) {
  uint64_t x = (a * 0x9E3779B97F4A7C15ULL) ^ (b + 0x7F4A7C15ULL) * 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 31;
  x *= 0x94D049BB133111EBULL;
  x ^= x >> 29;
  return static_cast<double>(x % 20001) / 10000.0 - 1.0;
}

double OptimumOf(const Setting& s) {
  return s.optimizer == "sgd" ? 2.0 : s.optimizer == "adam" ? 2e-3 : 3e-3;
}

double FinalLoss(const Setting& s) {
  const double floor = s.optimizer == "sgd" ? 2.21 : s.optimizer == "adam" ? 1.92 : 1.874;
  const double away = std::log10(s.lr / OptimumOf(s));
  return floor + 0.42 * away * away + (s.batch == 16 ? 0.0 : 0.03) + 0.12 * std::log2(96.0 / s.width) +
         0.01 * Noise(7, static_cast<uint64_t>(s.seed));
}

std::string SpecText(const Setting& s) {
  const Json spec = {{"model",
                      {{"layers", s.layers},
                       {"width", s.width},
                       {"heads", 4},
                       {"mlp_width", 4 * s.width},
                       {"vocab_size", 256},
                       {"context", 128}}},
                     {"optimizer", {{"name", s.optimizer}, {"learning_rate", s.lr}}},
                     {"training", {{"batch_size", s.batch}, {"seed", s.seed}}},
                     {"data", {{"path", "/data/shakespeare.txt"}, {"sequence_length", 128}}},
                     {"budget", {{"steps", 3200 / s.batch}}}};
  return spec.dump();
}

struct Columns {
  Series loss{.key = "loss"};
  Series grad_norm{.key = "grad_norm"};
  Series tokens{.key = "tokens"};
  Series val_loss{.key = "val_loss"};
  Series learning_rate{.key = "learning_rate"};
};

void Append(Series& series, int64_t step, double value, int64_t time) {
  series.steps.push_back(step);
  series.last.push_back(value);
  series.time_us.push_back(time);
}

// Trains in one formula: from ln 256 down to `final_loss`; from step `breaks_at` on it blows up.
std::vector<Series> Train(const Setting& s, int64_t steps, double final_loss, int64_t breaks_at,
                          int64_t start) {
  Columns c;
  const auto salt =
      static_cast<uint64_t>(s.lr * 1e7) + static_cast<uint64_t>(s.batch * 31 + s.width + 1000 * s.seed);
  for (int64_t step = 1; step <= steps; ++step) {
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    const double smooth = final_loss + (5.545 - final_loss) * std::exp(-6 * done) * (1 - done * 0.3);
    const double blow_up = step >= breaks_at ? std::exp(static_cast<double>(step - breaks_at) * 0.5) : 0;
    const bool broken = step > breaks_at + 12;
    const int64_t time = start + step * kSecond * 128 / (s.batch * 8 * 4);
    const double noise = Noise(salt, static_cast<uint64_t>(step));
    Append(c.loss, step, broken ? kNaN : smooth + 0.07 * noise + blow_up, time);
    Append(c.grad_norm, step, broken ? kNaN : 0.6 + 3 * std::exp(-9 * done) + 0.15 * noise + 10 * blow_up,
           time);
    Append(c.tokens, step, static_cast<double>(step * s.batch * 128), time);
    Append(c.learning_rate, step, s.lr * (0.1 + 0.45 * (1 + std::cos(3.14159265 * done))), time);
    if (step % (steps / 5) == 0 && !broken) Append(c.val_loss, step, smooth + 0.02, time);
    if (broken) break;
  }
  return {c.loss, c.grad_norm, c.tokens, c.val_loss, c.learning_rate};
}

std::vector<Figure> Figures(const Setting& s, double loss) {
  return {
      {"val_loss", loss},
      {"val_perplexity", std::exp(loss)},
      {"val_bits_per_byte", loss / std::log(2.0)},
      {"tokens_per_second",
       21000.0 + 60.0 * s.batch - 90.0 * (s.width - 96) + 900 * Noise(3, static_cast<uint64_t>(s.lr * 1e7))},
      {"peak_memory_bytes", 6.0e7 + 2.1e6 * s.batch + 4.0e5 * s.width + (s.optimizer == "sgd" ? 0 : 4.0e6)},
      {"train_seconds", 7.4 + 0.02 * s.width + 0.4 * Noise(5, static_cast<uint64_t>(s.lr * 1e7))}};
}

class SweepBuilder {
 public:
  SweepBuilder(std::string id, std::vector<std::string> axes) {
    data_.sweep = "sweeps/" + id;
    data_.title = id;
    data_.state = "ended";
    data_.version = "0.1.0";
    data_.axes = std::move(axes);
    data_.create_us = kBegin;
    data_.end_us = kBegin + 171 * kSecond;
    data_.made_us = kBegin + 172 * kSecond;
    data_.files = {
        {id + ".yaml", "model: {layers: 3, width: 96}\nsweep:\n  - optimizer.learning_rate: [1e-4, 1e-3]\n"}};
  }

  // Adds a job that ended well; the caller changes what else happened to it.
  Job& Add(const Setting& s, std::vector<Parameter> parameters) {
    const auto number = static_cast<int64_t>(data_.jobs.size()) + 1;
    Job& job = data_.jobs.emplace_back();
    job.name = fmt::format("{}/jobs/{}", data_.sweep, number);
    job.state = "ended";
    job.outcome = Outcome::kSucceeded;
    job.parameters = std::move(parameters);
    job.spec_json = SpecText(s);
    job.spec_hash = fmt::format("{:064x}", 0xabcdef00 + number);
    job.attempts = 1;
    job.start_us = kBegin + number * 4 * kSecond;
    job.end_us = job.start_us + 9 * kSecond;
    job.total_steps = 16 * 200 / s.batch;
    job.step = job.total_steps;
    job.series = Train(s, job.total_steps, FinalLoss(s), job.total_steps + 1, job.start_us);
    job.final_figures = Figures(s, FinalLoss(s));
    return job;
  }

  void Diverge(const Setting& s, Job& job, int64_t at) {
    job.outcome = Outcome::kDiverged;
    job.reason = fmt::format("the loss became NaN at step {}", at + 13);
    job.step = at + 13;
    job.series = Train(s, job.total_steps, FinalLoss(s) + 1, at, job.start_us);
    job.final_figures = {
        {"loss", kNaN}, {"tokens_per_second", 21400.0}, {"peak_memory_bytes", 9.9e7}, {"train_seconds", 1.4}};
  }

  ReportData& data() { return data_; }

 private:
  ReportData data_;
};

void RunOutOfMemory(Job& job) {
  job.outcome = Outcome::kOutOfMemory;
  job.reason = "needed 512.0 MiB more at step 1, 3.8 of 4.0 GiB in use";
  job.step = 0;
  job.series.clear();
  job.final_figures = {{"peak_memory_bytes", 4.08e9}};
}

// A job has a value on every axis, also on those that only another block names.
std::vector<Parameter> AxisValues(const Setting& s, const std::string& lr) {
  return {{"optimizer.name", s.optimizer},
          {"optimizer.learning_rate", lr},
          {"training.batch_size", std::to_string(s.batch)},
          {"optimizer.weight_decay", s.optimizer == "adamw" ? "0.1" : "0"},
          {"model.width", std::to_string(s.width)}};
}

}  // namespace

ReportData QuickstartSweep() {
  SweepBuilder builder("quickstart", {"optimizer.name", "optimizer.learning_rate", "training.batch_size",
                                      "optimizer.weight_decay", "model.width"});
  builder.data().description =
      "Which optimizer and which learning rate, at two batch sizes, for a small model on real text?";
  const std::map<std::string, std::vector<std::string>> ranges = {
      {"sgd", {"0.01", "0.03", "0.1", "0.3", "1.0"}},
      {"adam", {"1e-4", "3e-4", "1e-3", "3e-3", "1e-2"}},
      {"adamw", {"3e-4", "1e-3", "3e-3", "1e-2", "3e-2"}}};
  for (const char* optimizer : {"sgd", "adam", "adamw"}) {
    for (const std::string& lr : ranges.at(optimizer)) {
      for (int batch : {8, 16}) {
        const Setting s{.optimizer = optimizer, .lr = std::stod(lr), .batch = batch};
        Job& job = builder.Add(s, AxisValues(s, lr));
        if (lr == "3e-2" || (lr == "1e-2" && s.optimizer == "adam" && batch == 8))
          builder.Diverge(s, job, 30);
      }
    }
  }
  for (int batch : {8, 16}) {
    for (int width : {64, 160}) {
      const Setting s{.lr = 3e-3, .batch = batch, .width = width};
      Job& job = builder.Add(s, AxisValues(s, "3e-3"));
      if (batch == 16 && width == 160) RunOutOfMemory(job);
    }
  }
  return builder.data();
}

ReportData RunningSweep() {
  ReportData data = QuickstartSweep();
  data.state = "active";
  data.end_us = 0;
  for (size_t i = 20; i < data.jobs.size(); ++i) {
    Job& job = data.jobs[i];
    job.outcome.reset();
    job.reason.clear();
    job.final_figures.clear();
    job.end_us = 0;
    job.state = i < 22 ? "running" : "queued";
    job.step = i < 22 ? job.total_steps / 2 : 0;
    job.latest_figures =
        i < 22 ? std::vector<Figure>{{"loss", 2.7}, {"val_loss", 2.6}} : std::vector<Figure>{};
    if (i >= 22) job.series.clear();
  }
  return data;
}

ReportData DivergedSweep() {
  SweepBuilder builder("too-hot", {"optimizer.learning_rate"});
  for (const char* lr : {"1", "10", "100"}) {
    const Setting s{.lr = std::stod(lr)};
    builder.Diverge(s, builder.Add(s, {{"optimizer.learning_rate", lr}}), 5);
  }
  return builder.data();
}

ReportData OneJob() {
  SweepBuilder builder("one", {});
  builder.Add({}, {});
  return builder.data();
}

ReportData WordsOnly() {
  SweepBuilder builder("words", {"optimizer.name", "training.precision"});
  for (const char* optimizer : {"sgd", "adam", "adamw"}) {
    for (const char* precision : {"fp32", "bf16"}) {
      builder.Add({.optimizer = optimizer},
                  {{"optimizer.name", optimizer}, {"training.precision", precision}});
    }
  }
  return builder.data();
}

// As of a model whose early blocks get next to no gradient at first, and less so with a small learning rate.
void AddBlockNorms(double lr, Job* job) {
  for (int block = 0; block < 4; ++block) {
    Series norms{.key = fmt::format("{}{}", kBlockNorm, block)};
    for (int64_t step = 10; step <= job->step; step += 10) {
      const double done = static_cast<double>(step) / static_cast<double>(job->step);
      const double fall = (3 - block) * (2 + lr * 200) * (1 - 0.8 * done);
      Append(norms, step, std::pow(10.0, -fall) * (0.5 + 0.1 * Noise(7, static_cast<uint64_t>(step))),
             job->start_us + step * kSecond / 100);
    }
    job->series.push_back(std::move(norms));
  }
  AddSpread(job, /*keep_blocks=*/true);
}

ReportData Seeds() {
  SweepBuilder builder("seeds", {"optimizer.learning_rate", "training.seed"});
  for (const char* lr : {"3e-4", "1e-3", "3e-3", "1e-2"}) {
    for (int seed : {0, 1, 2}) {
      Job& job = builder.Add({.lr = std::stod(lr), .seed = seed},
                             {{"optimizer.learning_rate", lr}, {"training.seed", std::to_string(seed)}});
      AddBlockNorms(std::stod(lr), &job);
    }
  }
  return builder.data();
}

ReportData Thousand() {
  SweepBuilder builder("thousand", {"model.width", "training.batch_size", "optimizer.learning_rate"});
  for (int width : {32, 48, 64, 80, 96, 112, 128, 144, 160, 192}) {
    for (int batch : {8, 16}) {
      for (int i = 0; i < 50; ++i) {
        const Setting s{.lr = std::pow(10.0, -4 + i * 0.05), .batch = batch, .width = width};
        Job& job = builder.Add(s, {{"model.width", std::to_string(width)},
                                   {"training.batch_size", std::to_string(batch)},
                                   {"optimizer.learning_rate", fmt::format("{:.3g}", s.lr)}});
        if (i > 46) builder.Diverge(s, job, 20);
      }
    }
  }
  return builder.data();
}

ReportData Hostile() {
  const std::string attack =
      "</script><script>window.broken=1</script><img src=x onerror=\"window.broken=2\">'\"&\xff";
  SweepBuilder builder("hostile", {"optimizer.name", "optimizer.learning_rate", attack});
  ReportData& data = builder.data();
  data.title = attack;
  data.description = attack;
  data.files = {{attack, "<!--<script>" + attack}};
  data.overrides = {attack};
  for (const char* lr : {"1e-3", "1e-2"}) {
    Job& job =
        builder.Add({.lr = std::stod(lr)},
                    {{"optimizer.name", attack}, {"optimizer.learning_rate", lr}, {attack, attack + lr}});
    job.reason = attack;
    job.spec_json = "{\"" + attack;
    job.final_figures.push_back({attack, 1.0});
    job.series.push_back({.key = attack, .steps = {1, 2}, .last = {1, 2}});
  }
  builder.data().jobs[1].outcome = Outcome::kFailed;
  return data;
}

ReportData Empty() { return SweepBuilder("empty", {}).data(); }

std::map<std::string, ReportData> AllSweeps() {
  return {{"quickstart", QuickstartSweep()},
          {"running", RunningSweep()},
          {"diverged", DivergedSweep()},
          {"one", OneJob()},
          {"words", WordsOnly()},
          {"seeds", Seeds()},
          {"thousand", Thousand()},
          {"hostile", Hostile()},
          {"empty", Empty()}};
}

}  // namespace optfleet::report
