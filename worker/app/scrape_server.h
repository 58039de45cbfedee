// GET /metrics and GET /healthz over HTTP, on the owner's event loop; nothing else is served.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"

namespace optfleet::worker {

class ScrapeServer {
 public:
  // Connections at a time; one more is closed unread.
  static constexpr int kMostVisits = 32;

  // `text` makes the body of /metrics, on the event loop.
  ScrapeServer(boost::asio::io_context* loop, std::function<std::string()> text)
      : acceptor_(*loop), pause_(*loop), text_(std::move(text)) {}

  // Begins to serve HOST:PORT and returns the address with the real port. ALREADY_EXISTS if the port is
  // taken.
  Result<std::string> Listen(const std::string& address);

 private:
  void Accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer
      pause_;  // after a failed accept, so that a process out of descriptors does not spin
  std::shared_ptr<int> visits_ = std::make_shared<int>(0);
  const std::function<std::string()> text_;
};

}  // namespace optfleet::worker
