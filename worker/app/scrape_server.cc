#include "worker/app/scrape_server.h"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <memory>

namespace optfleet::worker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPauseAfterFailedAccept = std::chrono::milliseconds(200);

Result<Tcp::endpoint> ParseEndpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  unsigned short port = 0;
  const char* end = text.data() + text.size();
  if (colon == std::string::npos || error || std::from_chars(text.data() + colon + 1, end, port).ptr != end)
    return Fail(Code::kInvalidArgument,
                "--metrics `" + text + "` is not an address; write it as 127.0.0.1:9101");
  return Tcp::endpoint(address, port);
}

// One request, one answer.
class Visit : public std::enable_shared_from_this<Visit> {
 public:
  // Counts itself in `visits`.
  Visit(Tcp::socket socket, const std::function<std::string()>& text, std::shared_ptr<int> visits)
      : stream_(std::move(socket)), text_(text), visits_(std::move(visits)) {
    ++*visits_;
  }
  ~Visit() { --*visits_; }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void Start() {
    stream_.expires_after(kPatience);
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->Answer();
                     });
  }

 private:
  void Answer() {
    const bool known = request_.target() == "/metrics" || request_.target() == "/healthz";
    response_.version(request_.version());
    response_.result(!known                                 ? http::status::not_found
                     : request_.method() == http::verb::get ? http::status::ok
                                                            : http::status::method_not_allowed);
    response_.keep_alive(false);
    response_.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response_.body() = response_.result() != http::status::ok ? "not here\n"
                       : request_.target() == "/healthz"      ? "ok\n"
                                                              : text_();
    response_.prepare_payload();
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code ignored, size_t) {
      self->stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
    });
  }

  beast::tcp_stream stream_;
  const std::function<std::string()> text_;
  const std::shared_ptr<int> visits_;
  beast::flat_buffer buffer_{16 << 10};
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
};

}  // namespace

Result<std::string> ScrapeServer::Listen(const std::string& address) {
  const auto endpoint = ParseEndpoint(address);
  if (!endpoint) return Fail(endpoint.error());
  boost::system::error_code error;
  acceptor_.open(endpoint->protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(*endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == boost::system::errc::address_in_use)
    return Fail(Code::kAlreadyExists,
                "the port of --metrics " + address + " is taken; name another one, or 0 for any");
  if (error) return Fail(ErrnoError(error.value(), "--metrics " + address));
  Accept();
  const auto bound = acceptor_.local_endpoint(error);
  return bound.address().to_string() + ":" + std::to_string(bound.port());
}

void ScrapeServer::Accept() {
  acceptor_.async_accept([this](boost::system::error_code error, Tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      pause_.expires_after(kPauseAfterFailedAccept);
      return pause_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled) Accept();
      });
    }
    if (*visits_ < kMostVisits) std::make_shared<Visit>(std::move(socket), text_, visits_)->Start();
    Accept();
  });
}

}  // namespace optfleet::worker
