#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kListBinding = "ListWorkers";

void ListWorkers(Backend* backend, const v1::ListWorkersRequest& request,
                 const Reply<v1::ListWorkersResponse>& reply) {
  using Response = v1::ListWorkersResponse;
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const auto after = ReadPageToken(request.page_token(), kListBinding);
  if (!after) return ReplyError(reply, after.error());
  ReplyFromRead<Response>(
      backend, reply, [size = *size, after = *after](store::ReadStore& store) -> RpcResult<Response> {
        auto views = store.ListWorkers(after, size + 1);
        if (!views) return tl::make_unexpected(FromError(views.error()));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          response.set_next_page_token(MakePageToken(kListBinding, views->back().worker.id));
        }
        for (const store::WorkerView& view : *views) *response.add_workers() = ToWire(view);
        return response;
      });
}

}  // namespace

void AddWorkerMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::ListWorkersRequest, v1::ListWorkersResponse>("/optfleet.v1.WorkerService/ListWorkers",
                                                                true, std::bind_front(&ListWorkers, backend));
}

}  // namespace optfleet::rpc
