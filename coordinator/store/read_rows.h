// Runs a query and hands out its rows.
#pragma once

#include <string_view>

#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// `visit(const Statement&) -> Status` for each row, in order; an error of it ends the query and is returned.
template <typename Visit, typename... Parameters>
Status ForEachRow(Connection* connection, std::string_view sql, Visit&& visit,
                  const Parameters&... parameters) {
  auto statement = connection->Borrow(sql);
  if (!statement.has_value()) return Fail(statement.error());
  statement->Bind(parameters...);
  Status status;
  while (status.has_value()) {
    const auto more = statement->Step();
    if (!more.has_value()) status = Fail(more.error());
    if (!more.has_value() || !*more) break;
    status = visit(*statement);
  }
  connection->GiveBack(sql, *std::move(statement));
  return status;
}

}  // namespace optfleet::store
