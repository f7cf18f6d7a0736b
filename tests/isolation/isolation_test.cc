// Concurrent histories over every face of the database, on real threads and real sockets, in simulations with many schedules and with a
// power cut in the middle. VARVE_ISOLATION_SECONDS=n (`./dev lab isolation n`) goes on with new seeds for so long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "base/io/clock.h"
#include "tests/api/test_database.h"
#include "tests/isolation/planted_clients.h"
#include "tests/isolation/workload.h"
#include "tests/support/scale.h"
#include "tests/support/temporary_directory.h"

namespace varve::isolation {
namespace {

using api::Database;
using MakeFace = std::function<std::unique_ptr<api::Face>(int client)>;
using MakeClient = std::function<std::unique_ptr<Client>(api::Face*)>;

constexpr int kClients = 6;

std::unique_ptr<Client> honest(api::Face* face) { return std::make_unique<Client>(face); }

// Every client on a thread of its own.
void run_clients(Workload* workload, const MakeFace& make_face, const MakeClient& make_client, uint64_t seed,
                 int operations) {
  std::vector<io::Thread> threads;
  for (int number = 0; number < kClients; ++number) {
    threads.emplace_back("client", [&, number] {
      const auto face = make_face(number);
      const auto client = make_client(face.get());
      workload->run(client.get(), number, seed * 1000 + static_cast<uint64_t>(number), operations);
    });
  }
}

// A whole history; tables are new.
Verdict run_history(const MakeFace& make_face, const MakeClient& make_client, uint64_t seed, int operations) {
  const auto face = make_face(0);
  Client trusted(face.get());
  trusted.set_up();
  Workload workload;
  run_clients(&workload, make_face, make_client, seed, operations);
  return workload.finish(&trusted);
}

std::unique_ptr<Database> open_database(const std::string& directory) {
  api::DatabaseOptions options;
  options.store.memory_bytes = 32u << 20;
  auto database = Database::open(directory, options);
  CHECK(database.ok());
  return std::move(*database);
}

// The seeds of a test: a few, or new ones until the time of the lab is up.
template <typename Body>
void for_seeds(uint64_t count, const Body& body) {
  const uint64_t until =
      io::monotonic_ns() + from_environment("VARVE_ISOLATION_SECONDS", 0) * 1'000'000'000 / 4;
  Verdict sum;
  uint64_t seed = first_seed();
  for (uint64_t n = 0; n < scaled(count) || io::monotonic_ns() < until; ++n, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Verdict verdict = body(seed);
    ASSERT_EQ(verdict.violation, "");
    EXPECT_GT(verdict.operations, 50u);
    sum.operations += verdict.operations;
    sum.unknown += verdict.unknown;
    sum.reads += verdict.reads;
    sum.writes += verdict.writes;
    sum.edges += verdict.edges;
  }
  std::cout << "seeds " << first_seed() << " to " << seed - 1 << ": " << sum.to_string() << '\n';
}

TEST(Isolation, OverTheWire) {
  for_seeds(2, [](uint64_t seed) {
    TemporaryDirectory directory;
    const auto database = open_database(directory.path());
    const api::WireServer server(database.get());
    const MakeFace connect = [&](int) { return std::make_unique<api::WireFace>(server.endpoint()); };
    return run_history(connect, honest, seed, 60);
  });
}

// Half of the threads wait in the call, half for a completion.
TEST(Isolation, OfTheCppApi) {
  for_seeds(2, [](uint64_t seed) {
    TemporaryDirectory directory;
    const auto database = open_database(directory.path());
    api::CompletedDatabase completed(database.get());
    const MakeFace mixed = [&](int client) -> std::unique_ptr<api::Face> {
      if (client % 2 == 0) return std::make_unique<api::TypedFace<Database>>(database.get());
      return std::make_unique<api::TypedFace<api::CompletedDatabase>>(&completed);
    };
    return run_history(mixed, honest, seed, 60);
  });
}

TEST(Isolation, InAnySchedule) {
  for_seeds(12, [](uint64_t seed) {
    Verdict verdict;
    api::with_database(seed, [&](Database* database) {
      api::dynamo::Dispatcher dispatcher(database);
      api::CompletedDatabase completed(database);
      const MakeFace mixed = [&](int client) -> std::unique_ptr<api::Face> {
        if (client % 3 == 0) return std::make_unique<api::TypedFace<Database>>(database);
        if (client % 3 == 1) return std::make_unique<api::TypedFace<api::CompletedDatabase>>(&completed);
        return std::make_unique<api::DispatcherFace>(&dispatcher);
      };
      verdict = run_history(mixed, honest, seed, 25);
    });
    return verdict;
  });
}

// Two lives of one database: the second finds what a power cut left of the first.
class PowerCut {
 public:
  explicit PowerCut(uint64_t seed) : seed_(seed), random_(seed), driver_(&disk_) {}

  Verdict run() {
    first_life();
    if (!image_) return {"the history was too short for a power cut", 0, 0, 0, 0, 0};
    workload_.history()->cut(before_, after_);
    return second_life();
  }

 private:
  void first_life() {
    io::Simulation simulation(seed_);
    simulation.run([&] {
      const auto database = open(&driver_);
      const MakeFace face = faces_of(database.get());
      const auto trusted_face = face(0);
      Client(trusted_face.get()).set_up();
      const io::Thread cutter("cutter", [&, at = 20 + random_.below(100)] { cut_at(at); });
      run_clients(&workload_, face, honest, seed_, 25);
    });
  }

  void cut_at(uint64_t operations) {
    for (int waits = 0; workload_.history()->size() < operations; ++waits) {
      if (waits > 100'000) return;
      io::sleep_ns(1000 + random_.below(20'000));
    }
    constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kLoseAll,
                                          io::CrashStyle::kKeepAll, io::CrashStyle::kPrefix,
                                          io::CrashStyle::kTearLast};
    before_ = workload_.history()->now();
    image_ = std::make_unique<io::SimulatedDisk>(disk_.crash_image(kStyles[random_.below(5)], &random_));
    after_ = workload_.history()->now();
  }

  Verdict second_life() {
    Verdict verdict;
    io::SimulatedDriver driver(image_.get());
    io::Simulation simulation(seed_ + 1'000'000);
    simulation.run([&] {
      const auto database = open(&driver);
      const MakeFace face = faces_of(database.get());
      run_clients(&workload_, face, honest, seed_ + 1'000'000, 8);
      const auto trusted_face = face(0);
      Client trusted(trusted_face.get());
      verdict = workload_.finish(&trusted);
    });
    return verdict;
  }

  static std::unique_ptr<Database> open(io::Driver* driver) {
    auto database = Database::open("db", api::small_options(driver));
    CHECK(database.ok());
    return std::move(*database);
  }
  static MakeFace faces_of(Database* database) {
    return [database](int) { return std::make_unique<api::TypedFace<Database>>(database); };
  }

  const uint64_t seed_;
  Random random_;
  io::SimulatedDisk disk_;
  io::SimulatedDriver driver_;
  Workload workload_;
  uint64_t before_ = 0, after_ = 0;  // moments around the cut
  std::unique_ptr<io::SimulatedDisk> image_;
};

TEST(Isolation, WithAPowerCutInTheMiddle) {
  for_seeds(12, [](uint64_t seed) { return PowerCut(seed).run(); });
}

// Longer and longer histories over a face with a bug, until it is found.
size_t operations_until_found(const PlantedBug& bug, std::string* violation) {
  size_t operations = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + 60 && violation->empty(); ++seed) {
    api::with_database(seed, [&](Database* database) {
      PlantedState state;
      const MakeFace face = [&](int) { return std::make_unique<api::TypedFace<Database>>(database); };
      const MakeClient with_bug = [&](api::Face* under) { return bug.make(under, &state); };
      const Verdict verdict = run_history(face, with_bug, seed, 20);
      operations += verdict.operations;
      *violation = verdict.violation;
    });
  }
  return operations;
}

TEST(Isolation, EveryPlantedBugIsFound) {
  for (const PlantedBug& bug : planted_bugs()) {
    SCOPED_TRACE(bug.name);
    std::string violation;
    const size_t operations = operations_until_found(bug, &violation);
    EXPECT_NE(violation, "");
    std::cout << bug.name << ": found after " << operations
              << " operations: " << violation.substr(0, violation.find(':')) << '\n';
  }
}

}  // namespace
}  // namespace varve::isolation
