#include "tests/fake_trainer/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "common/json.h"
#include "common/rundir/layout.h"

namespace optfleet::fake {

Result<Control> Control::Listen(const std::string& folder) {
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return Fail(ErrnoError(errno, "open " + folder));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + rundir::kControlSocket;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Control control;
  control.listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool bound = ::bind(control.listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::listen(control.listener_, 8) == 0;
  const int error = errno;
  ::close(directory);
  if (!bound) return Fail(ErrnoError(error, "listen on " + folder + "/" + rundir::kControlSocket));
  return control;
}

Control::Control(Control&& other) noexcept
    : listener_(std::exchange(other.listener_, -1)),
      connections_(std::move(other.connections_)),
      stop_(std::move(other.stop_)),
      checkpoint_requested_(other.checkpoint_requested_) {
  other.connections_.clear();
}

Control::~Control() {
  for (const auto& connection : connections_) ::close(connection.descriptor);
  if (listener_ >= 0) ::close(listener_);
}

void Control::Serve(int64_t milliseconds, int64_t step) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  do {
    std::vector<pollfd> polled;
    if (listener_ >= 0) polled.push_back({listener_, POLLIN, 0});
    for (const auto& connection : connections_) polled.push_back({connection.descriptor, POLLIN, 0});
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (::poll(polled.data(), polled.size(), static_cast<int>(std::max<int64_t>(0, left))) <= 0) return;
    std::vector<Connection> kept;
    for (size_t i = 0; i < connections_.size(); ++i)
      if (!polled[i + 1].revents || Read(&connections_[i], step)) kept.push_back(std::move(connections_[i]));
    connections_ = std::move(kept);
    if (polled[0].revents) Accept();
  } while (!stop_ && Clock::now() < end);
}

bool Control::TakeCheckpointRequest() { return std::exchange(checkpoint_requested_, false); }

void Control::Accept() {
  const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor >= 0) connections_.push_back({descriptor, ""});
}

bool Control::Read(Connection* connection, int64_t step) {
  char buffer[4096];
  const ssize_t got = ::read(connection->descriptor, buffer, sizeof buffer);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) {
    ::close(connection->descriptor);
    return false;
  }
  connection->text.append(buffer, static_cast<size_t>(got));
  for (size_t end; (end = connection->text.find('\n')) != std::string::npos;) {
    const std::string answer = Answer(connection->text.substr(0, end), step) + "\n";
    connection->text.erase(0, end + 1);
    if (::send(connection->descriptor, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
      ::close(connection->descriptor);
      return false;
    }
  }
  return true;
}

std::string Control::Answer(const std::string& line, int64_t step) {
  const Json command = Json::parse(line, nullptr, false);
  const std::string name = command.is_object() ? command.value("command", "") : "";
  if (name == "checkpoint") {
    checkpoint_requested_ = true;
  } else if (name == "stop") {
    const auto outcome = OutcomeFromName(command.value("outcome", ""));
    if (!outcome) return Json{{"ok", false}, {"error", "unknown outcome"}}.dump();
    stop_ = Stop{*outcome, command.value("checkpoint", false), command.value("reason", "")};
  } else if (name != "status") {
    return Json{{"ok", false}, {"error", "unknown command"}}.dump();
  }
  return Json{{"ok", true}, {"step", step}}.dump();
}

}  // namespace optfleet::fake
