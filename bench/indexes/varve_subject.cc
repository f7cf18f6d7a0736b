#include <filesystem>

#include "bench/indexes/subject.h"

namespace varve::bench {
namespace {

class VarveSubject final : public Subject {
 public:
  VarveSubject(std::unique_ptr<api::Database> database, std::string directory)
      : database_(std::move(database)), directory_(std::move(directory)) {
    request_.table = kBenchTable;
  }

  Status put(api::Item item) override {
    request_.item = std::move(item);
    const auto done = database_->put_item(request_);
    return done.ok() ? Status() : as_status(done.error());
  }

  Status settle() override {
    VARVE_RETURN_IF_ERROR(database_->store().sync());
    return database_->store().quiesce();
  }

  Status close() override { return close_database(std::move(database_), directory_); }

 private:
  std::unique_ptr<api::Database> database_;
  const std::string directory_;
  api::PutItemRequest request_;
};

}  // namespace

Result<std::unique_ptr<api::Database>> open_database(const api::CreateTableRequest& request,
                                                     const std::string& directory,
                                                     partition::Durability durability) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path());
  api::DatabaseOptions options;
  options.store.durability = durability;
  options.store.memory_bytes = 1u << 30;
  options.store.block_cache_bytes = 256u << 20;
  options.store.write_buffer_bytes = 64u << 20;
  options.store.compress = false;
  VARVE_ASSIGN_OR_RETURN(auto database, api::Database::open(directory, options));
  const auto created = database->create_table(request);
  if (!created.ok()) return as_status(created.error());
  return database;
}

Status close_database(std::unique_ptr<api::Database> database, const std::string& directory) {
  const Status status = database->close();
  database.reset();
  std::filesystem::remove_all(directory);
  return status;
}

Status enable_expiry(api::Database* database) {
  const auto enabled = database->update_time_to_live({kBenchTable, {true, kExpiryAttribute}});
  return enabled.ok() ? Status() : as_status(enabled.error());
}

Result<std::unique_ptr<Subject>> open_varve(const Arrangement& arrangement, const std::string& directory) {
  VARVE_ASSIGN_OR_RETURN(
      auto database, open_database(arranged_table(arrangement), directory, partition::Durability::kInterval));
  if (arrangement.expires) VARVE_RETURN_IF_ERROR(enable_expiry(database.get()));
  return std::unique_ptr<Subject>(std::make_unique<VarveSubject>(std::move(database), directory));
}

}  // namespace varve::bench
