#include "tests/crash/crash_lane.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/scale.h"

namespace varve::crash {
namespace {

void expect_every_fault_fired(const LaneReport& report) {
  EXPECT_GT(report.eio_fired, 0u);
  EXPECT_GT(report.no_space_fired, 0u);
  EXPECT_GT(report.short_fired, 0u);
}

TEST(Crash, PowerCutsAtEveryWriteLoseNothingAcknowledged) {
  LaneOptions options;
  options.seed = first_seed();
  options.images = from_environment("VARVE_CRASH_IMAGES", scaled(50'500));
  const LaneReport report = run_crash_lane(options);
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed), report.to_string().c_str());
  EXPECT_EQ(report.violation, "");
  EXPECT_GE(report.distinct_images, options.images);
  EXPECT_GE(report.tree_images * 10, report.distinct_images);
  EXPECT_LE(report.largest_image_bytes, 1u << 20);
  EXPECT_GE(report.least_flushes, 3u);
  EXPECT_GE(report.least_compactions, 1u);
  EXPECT_GT(report.double_crashes, 0u);
  expect_every_fault_fired(report);
}

// A lane that cannot fail proves nothing: each planted bug must be found.
LaneReport run_with_bug(io::PlantedBug bug) {
  LaneOptions options;
  options.seed = first_seed(7);
  options.images = 20'000;
  options.bug = bug;
  LaneReport report = run_crash_lane(options);
  std::printf("%s\nfound after %llu images: %s\n", report.to_string().c_str(),
              static_cast<unsigned long long>(report.distinct_images), report.violation.c_str());
  return report;
}

TEST(CrashLane, FindsAcknowledgementBeforeSync) {
  EXPECT_NE(run_with_bug(io::PlantedBug::kAckBeforeSync).violation, "");
}

TEST(CrashLane, FindsMissingDirectorySync) {
  EXPECT_NE(run_with_bug(io::PlantedBug::kNoDirectorySync).violation, "");
}

TEST(CrashLane, FindsRetryOfAFailedSync) {
  EXPECT_NE(run_with_bug(io::PlantedBug::kRetryFailedSync).violation, "");
}

}  // namespace
}  // namespace varve::crash
