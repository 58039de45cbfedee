#include "coordinator/http/session.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "coordinator/http/guard.h"

namespace optfleet::http {
namespace {

namespace beast = boost::beast;

constexpr size_t kMaxHeaderBytes = 16 << 10;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

// "Application/JSON; charset=utf-8" -> "application/json".
std::string MediaType(std::string_view header) {
  std::string type(header.substr(0, header.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

}  // namespace

void Gate::Post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
}

void Gate::Close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
}

Session::Session(boost::asio::ip::tcp::socket socket, const ServerOptions& options, const Handler& handler,
                 std::shared_ptr<Gate> gate, std::shared_ptr<size_t> connections)
    : stream_(std::move(socket)),
      options_(options),
      handler_(handler),
      gate_(std::move(gate)),
      connections_(std::move(connections)),
      deadline_(stream_.get_executor()) {
  ++*connections_;
}

Session::~Session() { --*connections_; }

void Session::Read() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  parser_->body_limit(options_.max_body_bytes);
  stream_.expires_after(options_.idle_timeout);
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](ErrorCode error, size_t) { self->OnRead(error); });
}

void Session::Refuse() { Write({503, "text/plain; charset=utf-8", "too many connections\n"}, false); }

void Session::OnRead(ErrorCode error) {
  if (error == beast::http::error::body_limit) {
    return Write({413, "text/plain; charset=utf-8", "the body is too large\n"}, false);
  }
  if (error == beast::http::error::end_of_stream || error == beast::error::timeout) return Close();
  if (error.category() == beast::http::make_error_code(beast::http::error::end_of_stream).category()) {
    return Write({400, "text/plain; charset=utf-8", "not an HTTP request: " + error.message() + "\n"}, false);
  }
  if (error) return Close();
  Serve();
}

void Session::Serve() {
  const auto& message = parser_->get();
  const std::string_view host = View(message[beast::http::field::host]);
  if (!IsOurHost(host, options_.host) || !IsOurOrigin(View(message[beast::http::field::origin]), host)) {
    return Write({403, "text/plain; charset=utf-8", "this Host or Origin is not served here\n"},
                 message.keep_alive());
  }
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target = View(message.target());
  request.path = std::string(target.substr(0, target.find('?')));
  request.content_type = MediaType(View(message[beast::http::field::content_type]));
  request.body = message.body();

  const uint64_t number = ++request_number_;
  waiting_ = true;
  stream_.expires_never();
  deadline_.expires_after(options_.handler_timeout);
  // This wait owns the session until the answer is there.
  deadline_.async_wait([self = shared_from_this(), number](ErrorCode error) {
    if (!error) self->Answer(number, {504, "text/plain; charset=utf-8", "no answer in time\n"});
  });
  handler_(std::move(request), [gate = gate_, weak = weak_from_this(), number](Response response) {
    gate->Post([weak, number, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->Answer(number, std::move(response));
    });
  });
}

void Session::Answer(uint64_t number, Response response) {
  if (!waiting_ || number != request_number_) return;
  waiting_ = false;
  deadline_.cancel();
  Write(std::move(response), parser_->get().keep_alive());
}

void Session::Write(Response response, bool keep_alive) {
  response_ = std::make_shared<beast::http::response<beast::http::string_body>>();
  response_->result(static_cast<unsigned>(response.status));
  response_->version(11);
  response_->set(beast::http::field::content_type, response.content_type);
  response_->set(beast::http::field::cache_control, "no-store");
  response_->set("X-Content-Type-Options", "nosniff");
  response_->set("Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  const bool head = parser_ && parser_->get().method() == beast::http::verb::head;
  response_->content_length(response.body.size());
  if (!head) response_->body() = std::move(response.body);
  response_->keep_alive(keep_alive);
  stream_.expires_after(options_.idle_timeout);
  beast::http::async_write(
      stream_, *response_,
      [self = shared_from_this(), keep_alive](ErrorCode error, size_t) { self->OnWrite(error, keep_alive); });
}

void Session::OnWrite(ErrorCode error, bool keep_alive) {
  if (error || !keep_alive) return Close();
  Read();
}

void Session::Close() {
  ErrorCode ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace optfleet::http
