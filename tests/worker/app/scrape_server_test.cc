// What a process on the same machine can do to a worker through --metrics: nothing.
#include "worker/app/scrape_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <list>

namespace optfleet::worker {
namespace {

using Tcp = boost::asio::ip::tcp;
using std::chrono::milliseconds;

class Scraped : public testing::Test {
 protected:
  Scraped() : server_(&loop_, [] { return std::string("figures\n"); }) {
    const auto address = server_.Listen("127.0.0.1:0");
    EXPECT_TRUE(address);
    port_ = static_cast<unsigned short>(std::stoi(address->substr(address->rfind(':') + 1)));
  }

  Tcp::socket& Connect() {
    Tcp::socket& client = clients_.emplace_back(loop_);
    client.connect({boost::asio::ip::make_address("127.0.0.1"), port_});
    return client;
  }
  // Everything until the server closes; nothing if it does not within two seconds.
  std::string Answer(Tcp::socket* client) {
    std::string text;
    bool ended = false;
    boost::asio::async_read(*client, boost::asio::dynamic_buffer(text),
                            [&](boost::system::error_code, size_t) { ended = true; });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!ended && std::chrono::steady_clock::now() < end) loop_.run_one_for(milliseconds(50));
    client->cancel();
    loop_.poll();
    return ended ? text : "still open";
  }
  std::string Get(Tcp::socket* client) {
    boost::asio::write(*client, boost::asio::buffer(std::string("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")));
    return Answer(client);
  }

  boost::asio::io_context loop_;
  ScrapeServer server_;
  unsigned short port_ = 0;
  std::list<Tcp::socket> clients_;
};

TEST_F(Scraped, OneConnectionTooManyIsClosedAndTheNextIsServedOnceThereIsRoom) {
  for (int i = 0; i < ScrapeServer::kMostVisits; ++i) Connect();
  EXPECT_EQ(Answer(&Connect()), "");
  clients_.front().close();
  loop_.poll();
  EXPECT_NE(Get(&Connect()).find("figures"), std::string::npos);
}

TEST_F(Scraped, ALackOfDescriptorsDoesNotKeepTheLoopBusy) {
  Tcp::socket& client = Connect();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_LT(loop_.run_for(milliseconds(500)), 20U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_NE(Get(&client).find("figures"), std::string::npos);
}

}  // namespace
}  // namespace optfleet::worker
