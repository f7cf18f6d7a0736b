// Everything derived from a table equals what is computed from it: after any history, after any crash, and only without the planted faults.
// VARVE_DERIVED_IMAGES=n (`./dev lab derived n`) looks at so many images of power cuts.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/derived/lane.h"
#include "tests/support/scale.h"

namespace varve::derived {
namespace {

using partition::Fault;

TEST(Derived, IndexesExpiryAndStreamAreWhatTheTableSaysAfterEveryCut) {
  LaneOptions options;
  options.seed = first_seed();
  options.images = from_environment("VARVE_DERIVED_IMAGES", scaled(4'000));
  const LaneReport report = run_lane(options);
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed), report.to_string().c_str());
  EXPECT_EQ(report.violation, "");
  EXPECT_GE(report.images, options.images);
  EXPECT_GT(report.double_cuts, 0u);
  EXPECT_GT(report.written_on, 0u);
  EXPECT_GT(report.lives_after_a_cut, 0u);
  EXPECT_GT(report.seen.index_entries, report.images);
  EXPECT_GT(report.seen.expiry_entries, report.images);
  EXPECT_GT(report.seen.records, report.images);
  EXPECT_GT(report.seen.expired, 0u);
}

class DerivedLane : public ::testing::TestWithParam<Planted> {};

TEST_P(DerivedLane, Finds) {
  LaneOptions options;
  options.histories = 60;
  options.images = 20'000;
  options.planted = GetParam();
  const LaneReport report = run_lane(options);
  EXPECT_NE(report.violation, "");
  std::printf("found in history %llu: %s\n", static_cast<unsigned long long>(report.histories),
              report.violation.c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Planted, DerivedLane,
    ::testing::Values(Planted{"StaleImage", Fault::kStaleImage, Place::kOperations},
                      Planted{"IndexEntryLeftBehind", Fault::kIndexLeftBehind, Place::kOperations},
                      Planted{"SparseEntryLeftBehind", Fault::kSparseLeftBehind, Place::kOperations},
                      Planted{"ExpiryEntryLeftBehind", Fault::kExpiryLeftBehind, Place::kOperations},
                      Planted{"RecordOutsideTheBatch", Fault::kRecordApart, Place::kOperations},
                      Planted{"NoRecord", Fault::kNoRecord, Place::kOperations},
                      Planted{"WriterThatDoesNotKnowTheChange", Fault::kOldCatalog, Place::kEverywhere},
                      Planted{"BackfillOverwritesNewerEntries", Fault::kStaleImage, Place::kBackfill},
                      Planted{"SweepRemovesWhatHasChanged", Fault::kStaleImage, Place::kHousekeeping},
                      Planted{"SweepLeavesIndexEntries", Fault::kIndexLeftBehind, Place::kHousekeeping},
                      Planted{"SweepLeavesExpiryEntries", Fault::kExpiryLeftBehind, Place::kHousekeeping},
                      Planted{"SweepWithoutRecord", Fault::kNoRecord, Place::kHousekeeping},
                      Planted{"SweepRecordOutsideTheBatch", Fault::kRecordApart, Place::kHousekeeping}),
    [](const auto& planted) { return std::string(planted.param.name); });

}  // namespace
}  // namespace varve::derived
