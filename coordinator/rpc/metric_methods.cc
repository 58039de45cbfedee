#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

std::optional<RpcError> CheckQuery(const v1::QueryMetricsRequest& request) {
  if (request.keys_size() > kMaxQueryKeys) {
    return BadField("keys", "must have at most " + std::to_string(kMaxQueryKeys) + " entries");
  }
  if (request.first_step() < 0) return BadField("first_step", "must not be negative");
  if (request.buckets() < 0 || request.buckets() > kMaxQueryBuckets) {
    return BadField("buckets", "must be from 0 to " + std::to_string(kMaxQueryBuckets));
  }
  return std::nullopt;
}

RpcError TooMany(const store::SeriesQuery& query) {
  const std::string what = "the answer would have more than " + std::to_string(kMaxQueryPoints) + " points";
  if (query.buckets == 0)
    return BadField("buckets", "must be set, or keys be fewer, or first_step larger: " + what);
  return BadField("buckets", "must be smaller, or keys be fewer: " + what);
}

void QueryMetrics(Backend* backend, const v1::QueryMetricsRequest& request,
                  const Reply<v1::QueryMetricsResponse>& reply) {
  using Response = v1::QueryMetricsResponse;
  const auto job = JobNameFrom("job", request.job());
  if (!job) return ReplyError(reply, job.error());
  if (auto bad = CheckQuery(request)) return ReplyError(reply, *std::move(bad));
  store::SeriesQuery query{.job = *job,
                           .keys = {request.keys().begin(), request.keys().end()},
                           .first_step = request.first_step(),
                           .buckets = request.buckets(),
                           .most_points = kMaxQueryPoints};
  ReplyFromRead<Response>(
      backend, reply, [query = std::move(query)](store::ReadStore& store) -> RpcResult<Response> {
        const auto columns = store.QuerySeries(query);
        if (!columns && columns.error().code() == Code::kOutOfRange)
          return tl::make_unexpected(TooMany(query));
        if (!columns)
          return tl::make_unexpected(AboutResource(columns.error(), kJobType, ToResource(query.job)));
        Response response;
        for (const store::SeriesColumn& column : *columns)
          *response.add_series() = ToWire(column, query.buckets == 0);
        return response;
      });
}

}  // namespace

void AddMetricMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::QueryMetricsRequest, v1::QueryMetricsResponse>(
      "/optfleet.v1.MetricService/QueryMetrics", true, std::bind_front(&QueryMetrics, backend));
}

}  // namespace optfleet::rpc
