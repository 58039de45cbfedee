// Runs a query and hands out its rows.
#pragma once

#include <string_view>

#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// `visit(const Statement&) -> Status` for each row, in order; an error of it ends the query and is returned.
template <typename Visit, typename... Parameters>
Status ForEachRow(Connection* connection, std::string_view sql, Visit&& visit,
                  const Parameters&... parameters) {
  auto statement = connection->Prepare(sql);
  if (!statement.has_value()) return Fail(statement.error());
  statement->Bind(parameters...);
  while (true) {
    const auto more = statement->Step();
    if (!more.has_value()) return Fail(more.error());
    if (!*more) return {};
    OPTFLEET_RETURN_IF_ERROR(visit(*statement));
  }
}

}  // namespace optfleet::store
