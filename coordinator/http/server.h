// A small HTTP/1.1 server for the operator's browser, Prometheus and JSON clients: plain requests with a body
// of bounded size, keep-alive, no streaming, no TLS.
//
// Two checks stand before the handler: the Host header must name this server (an answer to a foreign name
// would let a web page reach it by DNS rebinding), and an Origin header, if there is one, must be this
// server's own address.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"

namespace optfleet::http {

struct Request {
  std::string method;        // "GET"
  std::string path;          // without the query
  std::string content_type;  // lower case, without parameters
  std::string body;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Called once per request, from any thread. After the server is gone a call does nothing.
using Respond = std::function<void(Response)>;
// Runs on the server's thread and must not block.
using Handler = std::function<void(Request, Respond)>;

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: a free one
  size_t max_connections = 256;
  size_t max_body_bytes = 32 << 20;
  std::chrono::seconds idle_timeout{60};     // of a connection between requests and while reading one
  std::chrono::seconds handler_timeout{60};  // then 504
};

// Owns one thread. Start and destruction on the same thread; destruction closes every connection.
class Server {
 public:
  // ALREADY_EXISTS if the port is taken, INVALID_ARGUMENT for a host that is no address of this machine.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace optfleet::http
