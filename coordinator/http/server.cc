#include "coordinator/http/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "common/log.h"
#include "coordinator/http/session.h"

namespace optfleet::http {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::milliseconds kPauseAfterFailedAccept{200};

Error ListenError(const ServerOptions& options, const ErrorCode& error) {
  const std::string what = "cannot serve HTTP on " + options.host + ":" + std::to_string(options.port);
  if (error == boost::asio::error::address_in_use) {
    return {Code::kAlreadyExists, what +
                                      ": another program uses this port; stop it, or choose another with "
                                      "--http (port 0 takes a free one)"};
  }
  return ErrnoError(error.value(), what);
}

}  // namespace

struct Server::State {
  State(ServerOptions given_options, Handler given_handler)
      : options(std::move(given_options)), handler(std::move(given_handler)), acceptor(io), pause(io) {}

  Status Listen();
  void Accept();

  // Constant after Start.
  const ServerOptions options;
  const Handler handler;
  // Used on the server's thread only.
  std::shared_ptr<size_t> connections = std::make_shared<size_t>(0);
  boost::asio::io_context io{1};
  std::shared_ptr<Gate> gate = std::make_shared<Gate>(io);
  tcp::acceptor acceptor;
  boost::asio::steady_timer
      pause;  // after a failed accept, so that a process out of descriptors does not spin
  std::thread thread;
};

Status Server::State::Listen() {
  ErrorCode error;
  const auto address =
      boost::asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  if (error) return Fail(Code::kInvalidArgument, options.host + " is not an IP address to serve HTTP on");
  const tcp::endpoint endpoint(address, options.port);
  if (acceptor.open(endpoint.protocol(), error)) return Fail(ListenError(options, error));
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);  // only skips the wait after a close
  if (acceptor.bind(endpoint, error)) return Fail(ListenError(options, error));
  if (acceptor.listen(tcp::acceptor::max_listen_connections, error)) return Fail(ListenError(options, error));
  return {};
}

void Server::State::Accept() {
  acceptor.async_accept([this](const ErrorCode& error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      const bool full = *connections >= options.max_connections;
      const auto session = std::make_shared<Session>(std::move(socket), options, handler, gate, connections);
      full ? session->Refuse() : session->Read();
    } else {
      Log(Level::kWarn, "http.accept_failed", {{"error", error.message()}});
      pause.expires_after(kPauseAfterFailedAccept);
      return pause.async_wait([this](const ErrorCode& cancelled) {
        if (!cancelled) Accept();
      });
    }
    Accept();
  });
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler) {
  auto state = std::make_unique<State>(options, std::move(handler));
  OPTFLEET_RETURN_IF_ERROR(state->Listen());
  state->Accept();
  state->thread = std::thread([&io = state->io] { io.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  state_->gate->Close();
  state_->io.stop();
  state_->thread.join();
}

uint16_t Server::port() const { return state_->acceptor.local_endpoint().port(); }

}  // namespace optfleet::http
