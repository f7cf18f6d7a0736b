#include "tests/lsm/tree_model.h"

#include <gtest/gtest.h>

#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "tests/support/scale.h"
#include "tests/support/temporary_directory.h"

namespace varve::lsm {
namespace {

TEST(TreeModel, AnswersAsAMapDoesOnRealFiles) {
  const std::unique_ptr<io::Driver> driver = io::make_posix_driver();
  for (const ModelConfiguration& configuration : model_configurations()) {
    const uint64_t seed = first_seed();
    SCOPED_TRACE(std::string(configuration.name) + ", seed " + std::to_string(seed));
    TemporaryDirectory directory;
    TreeModel model(driver.get(), directory.path(), configuration, seed);
    ASSERT_TRUE(model.run(300));
  }
}

TEST(TreeModel, AnswersAsAMapDoesInASimulation) {
  for (const ModelConfiguration& configuration : model_configurations()) {
    for (uint64_t seed = 1; seed <= scaled(10); ++seed) {
      SCOPED_TRACE(std::string(configuration.name) + ", seed " + std::to_string(seed));
      io::SimulatedDisk disk;
      io::SimulatedDriver driver(&disk);
      io::Simulation simulation(seed);
      bool ok = false;
      simulation.run([&] {
        ASSERT_TRUE(driver.create_directory("lsm").ok());
        TreeModel model(&driver, "lsm", configuration, seed);
        ok = model.run(700);
      });
      ASSERT_TRUE(ok);
    }
  }
}

}  // namespace
}  // namespace varve::lsm
