// GET /metrics and GET /healthz over HTTP, on the owner's event loop; nothing else is served.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>

#include "common/result.h"

namespace optfleet::worker {

class ScrapeServer {
 public:
  // `text` makes the body of /metrics, on the event loop.
  ScrapeServer(boost::asio::io_context* loop, std::function<std::string()> text)
      : acceptor_(*loop), text_(std::move(text)) {}

  // Begins to serve HOST:PORT and returns the address with the real port. ALREADY_EXISTS if the port is
  // taken.
  Result<std::string> Listen(const std::string& address);

 private:
  void Accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  const std::function<std::string()> text_;
};

}  // namespace optfleet::worker
