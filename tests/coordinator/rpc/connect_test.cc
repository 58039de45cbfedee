#include "coordinator/rpc/connect.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/json.h"
#include "optfleet/v1/operator.pb.h"
#include "optfleet/v1/worker.pb.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kGet = "/optfleet.v1.SweepService/GetSweep";
constexpr const char* kHidden = "/optfleet.v1.AgentService/Synchronize";

class Connect : public testing::Test {
 protected:
  Connect() : methods_([](std::string_view, std::string_view, double) {}) {
    methods_.Add<v1::GetSweepRequest, v1::Sweep>(
        kGet, true, [](const v1::GetSweepRequest& request, const Reply<v1::Sweep>& reply) {
          if (request.name() != "sweeps/lr")
            return reply(tl::make_unexpected(NotFound("optfleet.v1.Sweep", request.name())));
          v1::Sweep sweep;
          sweep.set_name(request.name());
          sweep.set_progress(std::numeric_limits<double>::quiet_NaN());
          reply(sweep);
        });
    methods_.Add<v1::SynchronizeRequest, v1::SynchronizeResponse>(
        kHidden, false,
        [](const v1::SynchronizeRequest&, const Reply<v1::SynchronizeResponse>&) { FAIL() << "called"; });
  }

  // HTTP status and body.
  std::pair<int, Json> Call(const std::string& path, const std::string& body) {
    std::pair<int, Json> result{0, {}};
    CallJson(methods_, path, body, [&result](const JsonAnswer& answer) {
      EXPECT_EQ(result.first, 0) << "answered twice";
      result = {answer.http_status, Json::parse(answer.body)};
    });
    return result;
  }

  MethodTable methods_;
};

TEST_F(Connect, AnswersWithTheResponse) {
  const auto [status, body] = Call(kGet, R"({"name": "sweeps/lr"})");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(body["name"], "sweeps/lr");
  EXPECT_EQ(body["state"], "STATE_UNSPECIFIED") << "values at their default are shown, too";
  EXPECT_EQ(body["progress"], "NaN");
}

TEST_F(Connect, AnErrorHasCodeMessageAndReadableDetails) {
  const auto [status, body] = Call(kGet, R"({"name": "sweeps/no"})");
  EXPECT_EQ(status, 404);
  EXPECT_EQ(body["code"], "not_found");
  EXPECT_EQ(body["message"], "sweeps/no does not exist");
  EXPECT_EQ(body["details"][0]["type"], "google.rpc.ErrorInfo");
  EXPECT_EQ(body["details"][0]["debug"]["reason"], "RESOURCE_NOT_FOUND");
  EXPECT_EQ(body["details"][1]["debug"]["resourceName"], "sweeps/no");
}

TEST_F(Connect, RefusesWhatIsNotTheRequest) {
  for (const char* body : {"", "{", "[]", R"({"nme": "sweeps/lr"})", R"({"name": 5})", "\xff"}) {
    const auto [status, error] = Call(kGet, body);
    EXPECT_EQ(status, 400) << body;
    EXPECT_EQ(error["code"], "invalid_argument") << body;
  }
}

TEST_F(Connect, OffersOnlyWhatIsMarked) {
  EXPECT_TRUE(IsJsonMethod(methods_, kGet));
  EXPECT_FALSE(IsJsonMethod(methods_, kHidden));
  EXPECT_EQ(Call(kHidden, "{}").first, 501);
  EXPECT_EQ(Call("/optfleet.v1.SweepService/None", "{}").first, 501);
}

}  // namespace
}  // namespace optfleet::rpc
