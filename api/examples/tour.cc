// A tour of the C++ API: tour DIRECTORY makes a database there, and prints what it does. The tests compile and run it.
#include <atomic>
#include <cstdio>
#include <string>

#include "api/async.h"
#include "api/build.h"
#include "api/pager.h"
#include "api/varve.h"

using namespace varve::api;
using namespace varve::api::build;
using varve::Slice;
using varve::index::AttributeType;
using varve::index::AttributeValue;
using varve::index::ItemView;
using varve::index::Number;

namespace {

// What the tour does not expect ends it.
template <typename T>
T must(Outcome<T> outcome) {
  if (outcome.ok()) return std::move(outcome).value();
  std::printf("%s: %s\n", std::string(outcome.error().name()).c_str(), outcome.error().message.c_str());
  std::exit(1);
}

CreateTableRequest orders_table() {
  CreateTableRequest request;
  request.table = "Orders";
  request.attribute_definitions = {{"Customer", AttributeType::kString}, {"Number", AttributeType::kNumber}};
  request.key_schema = {{"Customer", KeyType::kHash}, {"Number", KeyType::kRange}};
  request.billing_mode = BillingMode::kPayPerRequest;
  return request;
}

Item order_key(const std::string& customer, int64_t number) {
  return {{"Customer", AttributeValue::string(customer)}, {"Number", AttributeValue::number(Number(number))}};
}

PutItemRequest order(const std::string& customer, int64_t number, int64_t total) {
  PutItemRequest put;
  put.table = "Orders";
  put.item = order_key(customer, number);
  put.item.set("Total", AttributeValue::number(Number(total)));
  put.item.set("State", AttributeValue::string("open"));
  put.item.set("Lines",
               AttributeValue::list({AttributeValue::string("tea"), AttributeValue::string("cups")}));
  put.set_condition(attribute("Customer").not_exists());  // do not replace an order
  return put;
}

void write(Database* database) {
  for (int64_t number = 1; number <= 5; ++number) must(database->put_item(order("ada", number, 10 * number)));
  const auto again = database->put_item(order("ada", 1, 0));
  std::printf("a second order 1: %s\n", again.ok() ? "taken" : again.error().message.c_str());

  UpdateItemRequest update;
  update.table = "Orders";
  update.key = order_key("ada", 3);
  update.set_update(Update()
                        .set(attribute("State"), "paid")
                        .set(attribute("Payments"), if_not_exists(attribute("Payments"), 0) + 1)
                        .remove(attribute("Lines")[1]));
  update.set_condition(attribute("State") == "open" && attribute("Total") <= 30);
  update.return_values = ReturnValues::kUpdatedNew;
  const UpdateItemResult updated = must(database->update_item(update));
  std::printf("order 3 is %s\n", updated.attributes->find("State")->as_string().c_str());
}

void read(Database* database) {
  GetItemRequest get;
  get.table = "Orders";
  get.key = order_key("ada", 3);
  const GetItemResult got = must(database->get_item(get));
  const ItemView item = got.item.view();
  // An attribute that is not there, or has another type, is an error that says so.
  std::printf("order 3: total %ld, %zu line(s); %s\n", static_cast<long>(*item.get_int64("Total")),
              item.get_list("Lines")->size(), item.get_string("Total").status().message().c_str());

  QueryRequest query;
  query.table = "Orders";
  query.set_key_condition(attribute("Customer") == "ada" && attribute("Number").between(2, 5));
  query.set_filter(text("\"Total\" > ? AND \"State\" = ?", 20, "open"));
  query.limit = 2;  // of a page
  for (Pager pages(database, query); pages.next();) {
    for (const ItemView order : pages.page().items) {
      std::printf("open order %ld\n", static_cast<long>(*order.get_int64("Number")));
    }
  }
  // The same without copies: each item is shown where it is stored.
  query.limit.reset();
  int64_t sum = 0;
  must(database->query(query, [&](const ItemView& order) {
    sum += *order.get_int64("Total");
    return true;
  }));
  std::printf("open in all: %ld\n", static_cast<long>(sum));
}

void transact(Database* database) {
  TransactWriteItemsRequest request;
  for (const int64_t number : {4, 5}) {
    UpdateItemRequest& update = request.actions.emplace_back().update.emplace();
    update.table = "Orders";
    update.key = order_key("ada", number);
    update.set_update(Update().set(attribute("State"), "shipped"));
    update.set_condition(attribute("State") == "open");
  }
  must(database->transact_write(request));
  const auto again = database->transact_write(request);
  std::printf("shipping twice: %s\n", again.error().cancellation_reasons->front().code.data());
}

void without_waiting(Database* database) {
  std::string told;  // before async, whose end waits for the completions that use them
  std::atomic<bool> done{false};
  AsyncDatabase async(database);
  async.put_item(order("grace", 1, 99), [&](Outcome<PutItemResult> result) {
    told = result.ok() ? "durable" : result.error().message;
    done = true;
    done.notify_one();
  });
  done.wait(false);
  std::printf("grace's order: %s\n", told.c_str());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::puts("usage: tour DIRECTORY"), 2;
  auto database = Database::open(arguments[1], {});
  if (!database.ok()) return std::puts(database.status().to_string().c_str()), 1;
  must((*database)->create_table(orders_table()));
  write(database->get());
  read(database->get());
  transact(database->get());
  without_waiting(database->get());
  return 0;
}
