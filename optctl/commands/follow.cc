#include "optctl/commands/follow.h"

#include <optional>

#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/sweep_follower.h"
#include "optctl/output/live_frame.h"
#include "optctl/output/sweep_view.h"

namespace optfleet::commands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLivePeriod{250};
constexpr std::chrono::milliseconds kPlainPeriod{500};

// The stream that progress goes to: frames on a terminal, lines elsewhere.
class Screen {
 public:
  explicit Screen(const Console& console) : console_(console), frame_(console.err()) {}
  ~Screen() { console_.Draw(frame_.Clear()); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool live() const { return console_.err().interactive; }

  void Line(const std::string& line) {
    if (live()) {
      console_.Draw(frame_.Above(line));
    } else {
      console_.Note(line);
    }
  }

  void Frame(const output::SweepProgress& progress) {
    if (!live()) return;
    const output::Terminal terminal = output::DetectTerminal(2);  // the window may have been resized
    frame_.Resize(terminal);
    console_.Draw(
        frame_.Show(output::SweepFrame(progress, terminal.width - 1, terminal.height, terminal.unicode)));
  }

 private:
  const Console& console_;
  output::LiveFrame frame_;
};

bool MayComeBack(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
}

// The connection to a coordinator that may restart.
class Connection {
 public:
  explicit Connection(const FollowOptions& options)
      : open_(options.open),
        patience_(options.patience),
        has_answered_(options.has_answered),
        last_answer_(Clock::now()) {}

  // The error if it cannot be waited out; true if the coordinator answered.
  Result<bool> Poll(SweepFollower& follower, double seconds) {
    if (!client_) {
      auto client = open_();
      if (client) client_.emplace(*std::move(client));
      if (!client) return Silent(client.error());
    }
    if (auto polled = follower.Poll(*client_, seconds); !polled) {
      if (MayComeBack(polled.error())) client_.reset();
      return Silent(polled.error());
    }
    last_answer_ = Clock::now();
    has_answered_ = true;
    return true;
  }

 private:
  Result<bool> Silent(const Error& error) const {
    const bool wait = MayComeBack(error) || (error.code() == Code::kNotFound && !client_);
    if (!wait || !has_answered_ || Clock::now() - last_answer_ > patience_) return Fail(error);
    return false;
  }

  const std::function<Result<Client>()> open_;
  const std::chrono::seconds patience_;
  bool has_answered_;
  Clock::time_point last_answer_;
  std::optional<Client> client_;
};

}  // namespace

Result<Followed> Follow(const Console& console, FollowOptions options, Interrupts& interrupts) {
  Screen screen(console);
  SweepFollower follower(options.sweep, screen.live());
  Connection connection(options);
  const Clock::time_point begin = Clock::now();
  bool silent = false;
  for (;;) {
    if (options.each_round) {
      auto lines = options.each_round();
      if (!lines) return Fail(std::move(lines).error());
      for (const std::string& line : *lines) screen.Line(line);
    }
    auto answered = connection.Poll(follower, std::chrono::duration<double>(Clock::now() - begin).count());
    if (!answered) return Fail(std::move(answered).error());
    if (silent == *answered && !screen.live()) {
      screen.Line(silent ? "the coordinator answers again"
                         : "the coordinator does not answer; waiting for it");
    }
    silent = !*answered;
    const auto changes = follower.TakeChanges();
    if (!screen.live()) {
      for (const std::string& line : changes) screen.Line(line);
    }
    if (*answered && follower.is_over()) return Followed{false, follower.sweep(), follower.jobs()};
    output::SweepProgress progress = follower.Progress();
    if (silent) progress.notice = "the coordinator does not answer; waiting for it";
    screen.Frame(progress);
    if (interrupts.WaitFor(screen.live() ? kLivePeriod : kPlainPeriod)) {
      return Followed{true, follower.sweep(), follower.jobs()};
    }
  }
}

bool IsHeld(const v1::Sweep& sweep) {
  return sweep.state() == v1::Sweep::STATE_ACTIVE && !sweep.guard_verdict().empty() &&
         CountOf(sweep, "running") == 0 && CountOf(sweep, "assigned") == 0;
}

int ExitCodeOfJobs(const v1::Sweep& sweep) {
  return FailedCount(sweep) > 0 || IsHeld(sweep) ? kExitJobsFailed : kExitOk;
}

}  // namespace optfleet::commands
