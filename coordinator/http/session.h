// One HTTP connection: reads a request, hands it to the handler, writes its response, and again.
// Everything but Respond runs on the server's thread. The object keeps itself alive while an operation is
// under way.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "coordinator/http/server.h"

namespace optfleet::http {

// The way back onto the server's thread for answers that are ready on another one. Thread-safe; after Close a
// Post does nothing.
class Gate {
 public:
  explicit Gate(boost::asio::io_context& io) : io_(&io) {}
  void Post(std::function<void()> work);
  void Close();

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;  // null once closed
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `options` and `handler` must outlive the server's io_context; `connections` counts the sessions that
  // live.
  Session(boost::asio::ip::tcp::socket socket, const ServerOptions& options, const Handler& handler,
          std::shared_ptr<Gate> gate, std::shared_ptr<size_t> connections);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Read();
  // Answers 503 without reading, for a connection above the limit.
  void Refuse();

 private:
  using ErrorCode = boost::beast::error_code;

  void OnRead(ErrorCode error);
  void Serve();
  void Answer(uint64_t number, Response response);
  void Write(Response response, bool keep_alive);
  void OnWrite(ErrorCode error, bool keep_alive);
  void Close();

  boost::beast::tcp_stream stream_;
  const ServerOptions& options_;
  const Handler& handler_;
  const std::shared_ptr<Gate> gate_;
  const std::shared_ptr<size_t> connections_;
  boost::asio::steady_timer deadline_;  // of the handler
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::shared_ptr<boost::beast::http::response<boost::beast::http::string_body>> response_;
  uint64_t request_number_ = 0;  // a late answer to an earlier request is dropped
  bool waiting_ = false;         // for the handler
};

}  // namespace optfleet::http
