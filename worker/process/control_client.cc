#include "worker/process/control_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "common/json.h"
#include "common/rundir/layout.h"

namespace optfleet::worker {
namespace {

constexpr timeval kPatience{1, 0};  // for sending and for the answer
constexpr size_t kLongestAnswer = 64 << 10;

// Through the folder's descriptor: the path of a socket may have 107 bytes only.
Result<int> Connect(const std::string& folder) {
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return Fail(ErrnoError(errno, "open " + folder));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + rundir::kControlSocket;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const int result = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::close(directory);
  if (result == 0) return socket;
  ::close(socket);
  return Fail(ErrnoError(error, "connect to " + folder + "/" + rundir::kControlSocket));
}

Result<std::string> Exchange(int socket, const std::string& line) {
  if (::send(socket, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return Fail(ErrnoError(errno, "send to the trainer"));
  std::string answer;
  while (answer.find('\n') == std::string::npos && answer.size() < kLongestAnswer) {
    char buffer[1024];
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return Fail(Code::kUnavailable, "the trainer did not answer");
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

}  // namespace

Status SendStop(const std::string& folder, const StopOrder& order) {
  const auto socket = Connect(folder);
  if (!socket) return Fail(socket.error());
  const Json command{{"command", "stop"},
                     {"outcome", OutcomeName(order.outcome)},
                     {"checkpoint", order.checkpoint},
                     {"reason", order.reason}};
  const auto text = Exchange(*socket, command.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  ::close(*socket);
  if (!text) return Fail(text.error());
  const Json answer = Json::parse(*text, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok") || answer["ok"] != true)
    return Fail(Code::kUnavailable, "the trainer refused to stop: " + *text);
  return {};
}

}  // namespace optfleet::worker
