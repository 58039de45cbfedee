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

void QueryMetrics(Backend* backend, const v1::QueryMetricsRequest& request,
                  const Reply<v1::QueryMetricsResponse>& reply) {
  using Response = v1::QueryMetricsResponse;
  const auto job = JobNameFrom("job", request.job());
  if (!job) return ReplyError(reply, job.error());
  if (auto bad = CheckQuery(request)) return ReplyError(reply, *std::move(bad));
  store::SeriesQuery query{.job = *job,
                           .keys = {request.keys().begin(), request.keys().end()},
                           .first_step = request.first_step(),
                           .buckets = request.buckets()};
  ReplyFromRead<Response>(
      backend, reply, [query = std::move(query)](store::ReadStore& store) -> RpcResult<Response> {
        const auto columns = store.QuerySeries(query);
        if (!columns)
          return tl::make_unexpected(AboutResource(columns.error(), kJobType, ToResource(query.job)));
        size_t points = 0;
        for (const store::SeriesColumn& column : *columns) points += column.steps.size();
        if (points > kMaxQueryPoints) {
          return tl::make_unexpected(
              BadField("buckets", "must be set: the answer would have " + std::to_string(points) +
                                      " points, and at most " + std::to_string(kMaxQueryPoints) +
                                      " are sent at once"));
        }
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
