#include "tests/derived/lane.h"

#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "api/dynamo/table_check.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/random.h"
#include "tests/derived/history.h"

namespace varve::derived {
namespace {

constexpr int kLives = 3;
constexpr uint64_t kEventsPerImage = 80;
constexpr int64_t kBetweenLivesUs = 100'000'000;

// A disk as a cut leaves it, and what was known of it then.
struct Cut {
  io::SimulatedDisk disk;
  Beginnings beginnings;
};

class Lane {
 public:
  explicit Lane(const LaneOptions& options) : options_(options) {}

  LaneReport run() {
    while (report_.violation.empty() && report_.images < options_.images &&
           report_.histories < options_.histories) {
      one_history(options_.seed + report_.histories);
    }
    return std::move(report_);
  }

 private:
  void one_history(uint64_t seed) {
    ++report_.histories;
    seed_ = seed;
    random_ = Random(seed * 7'919);
    Cut now;
    for (int life = 0; life < kLives && report_.violation.empty(); ++life) {
      std::optional<Cut> cut = one_life(&now, life);
      if (!cut || !random_.one_in(2)) continue;
      now = std::move(*cut);
      ++report_.lives_after_a_cut;
    }
  }

  // The last image that was taken in it.
  std::optional<Cut> one_life(Cut* now, int life) {
    ++report_.lives;
    std::optional<Cut> last;
    io::SimulatedDriver driver(&now->disk);
    driver.set_observer([&](const io::IoEventInfo& event) {
      using io::IoEvent;
      const bool changes =
          event.event != IoEvent::kRead && event.event != IoEvent::kOpen && event.event != IoEvent::kList;
      if (!changes || !random_.one_in(kEventsPerImage) || !report_.violation.empty()) return;
      last = cut(now->disk, now->beginnings);
      check_cut({last->disk.clone(), last->beginnings}, life, event.index, true);
    });
    const uint64_t life_seed = seed_ * 10 + static_cast<uint64_t>(life);
    in_simulation(life_seed, life, [&] {
      auto world = World::open(&driver, options_.planted);
      if (!world.ok()) return complain("open: " + world.status().to_string(), life);
      LifeOptions options;
      options.seed = life_seed;
      options.failures_count = options_.planted.fault == partition::Fault::kNone;
      complain(run_life(world->get(), options, &now->beginnings, &report_.seen), life);
      driver.set_observer(nullptr);
      world->reset();
      check_offline(&driver, life);
    });
    return last;
  }

  // What `varve verify` says of it.
  void check_offline(io::Driver* driver, int life) {
    const auto checked = api::dynamo::check_tables(driver, "db");
    if (!checked.ok()) return complain("check: " + checked.status().to_string(), life);
    if (!checked->problems.empty()) complain("check: " + checked->problems[0], life);
  }

  Cut cut(const io::SimulatedDisk& disk, const Beginnings& beginnings) {
    constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kPrefix,
                                          io::CrashStyle::kTearLast, io::CrashStyle::kLoseAll,
                                          io::CrashStyle::kKeepAll};
    ++report_.images;
    return {disk.crash_image(kStyles[random_.below(std::size(kStyles))], &random_), beginnings};
  }

  void check_cut(Cut image, int life, uint64_t event, bool may_cut) {
    const bool cut_again = may_cut && random_.one_in(4);
    const uint64_t cut_at = random_.between(1, 150);
    std::optional<Cut> second;
    io::SimulatedDriver driver(&image.disk);
    if (cut_again) {
      driver.set_observer([&](const io::IoEventInfo& info) {
        if (info.index == cut_at && !second) second = cut(image.disk, image.beginnings);
      });
    }
    in_simulation(random_.next(), life, [&] {
      const std::string problem = recover_and_check(&driver, &image.beginnings);
      if (problem.empty()) return;
      complain(
          problem + ", after a cut at event " + std::to_string(event) + (may_cut ? "" : ", and a second"),
          life);
    });
    if (!second || !report_.violation.empty()) return;
    ++report_.double_cuts;
    check_cut(std::move(*second), life, event, false);
  }

  std::string recover_and_check(io::Driver* driver, Beginnings* beginnings) {
    auto world = World::open(driver, options_.planted);
    if (!world.ok()) return "open: " + world.status().to_string();
    std::string problem = difference((*world)->context(), beginnings, &report_.seen);
    if (problem.empty() && random_.one_in(8)) {
      ++report_.written_on;
      LifeOptions options;
      options.seed = random_.next();
      options.writers = 2;
      options.steps = 12;
      options.failures_count = options_.planted.fault == partition::Fault::kNone;
      problem = run_life(world->get(), options, beginnings, &report_.seen);
    }
    if (problem.empty()) problem = settle((*world)->context());
    return problem.empty() ? difference((*world)->context(), beginnings, &report_.seen) : problem;
  }

  // The clock goes on from one life to the next.
  template <typename Body>
  void in_simulation(uint64_t seed, int life, const Body& body) {
    io::Simulation simulation(seed);
    simulation.jump_wall_clock_us((life + 1) * kBetweenLivesUs);
    simulation.run(body);
  }

  void complain(const std::string& problem, int life) {
    if (problem.empty() || !report_.violation.empty()) return;
    report_.violation =
        problem + " (VARVE_SEED=" + std::to_string(seed_) + ", life " + std::to_string(life) + ")";
  }

  const LaneOptions options_;
  LaneReport report_;
  uint64_t seed_ = 0;
  Random random_{0};
};

}  // namespace

std::string LaneReport::to_string() const {
  std::ostringstream text;
  text << histories << " histories, " << lives << " lives (" << lives_after_a_cut << " begun after a cut), "
       << images << " images (" << double_cuts << " cut again while they recovered, " << written_on
       << " written on); " << seen.items << " items, " << seen.index_entries << " index entries, "
       << seen.expiry_entries << " expiry entries and " << seen.records << " stream records (" << seen.expired
       << " of expired items) looked at";
  return text.str();
}

LaneReport run_lane(const LaneOptions& options) { return Lane(options).run(); }

}  // namespace varve::derived
