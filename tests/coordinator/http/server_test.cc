// A real server on an ephemeral port, spoken to byte by byte.
#include "coordinator/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "coordinator/http/pages.h"

namespace optfleet::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpServer : public testing::Test {
 protected:
  void Start(ServerOptions options, Handler handler) {
    auto server = Server::Start(options, std::move(handler));
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
  }

  // Everything that the server says until it closes.
  std::string Exchange(const std::string& request) {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server_->port()});
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(request), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  std::string Get(const std::string& path, const std::string& headers = "") {
    return Exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
                    "\r\n");
  }
  std::string Post(const std::string& path, const std::string& type, const std::string& body) {
    return Exchange("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: " +
                    type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  static Handler Pages() {
    return MakePages(
        {.version = "1.2.3",
         .health = [](const std::function<void(std::string)>& answer) { answer(""); },
         .metrics_text = [](const std::function<void(std::string)>& answer) { answer("up 1\n"); },
         .is_method = [](const std::string& path) { return path == "/optfleet.v1.S/Get"; },
         .call = [](const std::string& path, const std::string& body,
                    const std::function<void(int, std::string)>& answer) { answer(404, path + body); }});
  }

  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, ServesItsPages) {
  Start({}, Pages());
  EXPECT_THAT(Get("/"), HasSubstr("Optfleet coordinator"));
  EXPECT_THAT(Get("/"), HasSubstr("1.2.3"));
  EXPECT_THAT(Get("/metrics"), HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(Get("/metrics"), testing::EndsWith("\r\n\r\nup 1\n"));
  EXPECT_THAT(Get("/healthz?verbose=1"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get("/none"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get("/optfleet.v1.S/Get"), StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServer, MethodsTakeJsonOnly) {
  Start({}, Pages());
  const std::string answer = Post("/optfleet.v1.S/Get", "Application/JSON; charset=utf-8", "{}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n/optfleet.v1.S/Get{}"));
  EXPECT_THAT(Post("/optfleet.v1.S/Get", "text/plain", "{}"), StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(Post("/optfleet.v1.S/Get", "application/x-www-form-urlencoded", "{}"),
              StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(Post("/other", "application/json", "{}"), StartsWith("HTTP/1.1 404"));
}

TEST_F(HttpServer, RefusesForeignNamesAndPages) {
  Start({}, [](const Request&, const Respond&) { FAIL() << "the handler was reached"; });
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Exchange("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Get("/", "Origin: http://evil.example\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST_F(HttpServer, RefusesWhatIsTooLargeOrNoHttp) {
  Start({.max_body_bytes = 10}, Pages());
  EXPECT_THAT(Post("/optfleet.v1.S/Get", "application/json", "0123456789a"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Exchange("hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServer, KeepsAConnectionForSeveralRequests) {
  Start({}, Pages());
  const std::string answer = Exchange(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: localhost\r\nConnection: "
      "close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 404"));
}

TEST_F(HttpServer, AnswersMayComeFromAnotherThread) {
  std::promise<Respond> asked;
  Start({}, [&asked](const Request&, Respond respond) { asked.set_value(std::move(respond)); });
  std::thread answering([&asked] {
    const Respond respond = asked.get_future().get();
    respond({200, "text/plain", "first"});
    respond({200, "text/plain", "second"});
  });
  const std::string answer = Get("/");
  answering.join();
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nfirst"));
}

TEST_F(HttpServer, AnAnswerAfterTheEndIsDropped) {
  std::promise<Respond> asked;
  Start({}, [&asked](const Request&, Respond respond) { asked.set_value(std::move(respond)); });
  std::thread client([this] { EXPECT_EQ(Get("/"), ""); });
  const Respond respond = asked.get_future().get();
  server_.reset();
  client.join();
  respond({});
}

TEST_F(HttpServer, SaysWhenThePortIsTaken) {
  Start({}, Pages());
  const auto second = Server::Start({.port = server_->port()}, Pages());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
  EXPECT_THAT(second.error().message(), HasSubstr("--http"));
}

TEST_F(HttpServer, TurnsConnectionsAwayAboveItsLimit) {
  Start({.max_connections = 1}, Pages());
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket idle(io);
  idle.connect({boost::asio::ip::make_address("127.0.0.1"), server_->port()});
  EXPECT_THAT(Get("/"), StartsWith("HTTP/1.1 503"));
}

}  // namespace
}  // namespace optfleet::http
