#include "trainer_core/control/control_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "common/log.h"
#include "common/rundir/layout.h"

namespace optfleet::trainer {
namespace {

constexpr size_t kMaxClients = 16;
constexpr size_t kMaxLineBytes = 64 * 1024;

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Start(const std::string& run_folder, Control* control) {
  std::unique_ptr<ControlServer> server(new ControlServer(run_folder, control));
  OPTFLEET_RETURN_IF_ERROR(server->Open());
  server->thread_ = std::thread([raw = server.get()] { raw->Run(); });
  return server;
}

Status ControlServer::Open() {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  signals_ = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = eventfd(0, EFD_CLOEXEC);
  folder_ = open(run_folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (signals_ < 0 || wake_ < 0 || folder_ < 0 || listener_ < 0) return Fail(ErrnoError(errno, run_folder_));
  // Through the descriptor, since a socket's path has at most 107 bytes.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder_, rundir::kControlSocket);
  unlink(address.sun_path);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 8) != 0) {
    return Fail(ErrnoError(errno, run_folder_ + "/" + rundir::kControlSocket));
  }
  return {};
}

ControlServer::~ControlServer() {
  if (thread_.joinable()) {
    eventfd_write(wake_, 1);
    thread_.join();
  }
  if (folder_ >= 0) unlinkat(folder_, rundir::kControlSocket, 0);
  for (const Client& client : clients_) close(client.descriptor);
  for (const int descriptor : {listener_, folder_, signals_, wake_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

void ControlServer::Run() {
  while (true) {
    std::vector<pollfd> watched{{wake_, POLLIN, 0}, {signals_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Client& client : clients_) watched.push_back({client.descriptor, POLLIN, 0});
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) ReadSignal();
    if (watched[0].revents != 0) return;
    // Clients first: accepting changes their number.
    std::vector<Client> left;
    for (size_t i = 0; i < clients_.size(); ++i) {
      if (watched[3 + i].revents == 0 || Serve(&clients_[i])) {
        left.push_back(std::move(clients_[i]));
      } else {
        close(clients_[i].descriptor);
      }
    }
    clients_ = std::move(left);
    if (watched[2].revents != 0) Accept();
  }
}

void ControlServer::ReadSignal() {
  signalfd_siginfo signal{};
  if (read(signals_, &signal, sizeof signal) != sizeof signal) return;
  const bool interrupted = signal.ssi_signo == SIGINT;
  Log(Level::kInfo, "stop.signal", {{"signal", interrupted ? "SIGINT" : "SIGTERM"}});
  control_->RequestStop({interrupted ? Outcome::kCancelled : Outcome::kPreempted, /*checkpoint=*/true,
                         interrupted ? "interrupted (SIGINT)" : "asked to stop (SIGTERM)"});
}

void ControlServer::Accept() {
  const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return;
  if (clients_.size() >= kMaxClients) {
    close(descriptor);
  } else {
    clients_.push_back({descriptor, ""});
  }
}

bool ControlServer::Serve(Client* client) {
  char buffer[4096];
  const ssize_t got = read(client->descriptor, buffer, sizeof buffer);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  client->pending.append(buffer, static_cast<size_t>(got));
  for (size_t end = client->pending.find('\n'); end != std::string::npos; end = client->pending.find('\n')) {
    const std::string answer = HandleCommand(client->pending.substr(0, end), control_) + "\n";
    client->pending.erase(0, end + 1);
    // Answers are short; a client that does not read its answers is dropped rather than waited for.
    if (send(client->descriptor, answer.data(), answer.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(answer.size())) {
      return false;
    }
  }
  return client->pending.size() <= kMaxLineBytes;
}

}  // namespace optfleet::trainer
