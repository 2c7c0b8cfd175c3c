// The volume driver over a simulated array with real images and real mounts, as an engine calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/array/plugin/volume_driver.h"
#include "runtime/array/simulator/images.h"
#include "runtime/array/simulator/wire.h"
#include "runtime/clone/loop_mount.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::array::plugin {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Driver : public testing::Test {
 protected:
  void SetUp() override {
    if (const Result<> may = clone::may_mount(); !may.ok()) GTEST_SKIP() << may.failure().causes.front();
    images_ = std::move(*simulator::Images::in(folder_ / "volumes"));
    simulator_ = std::make_unique<simulator::Simulator>(
        simulator::Settings{},
        simulator::Users{.tokens = {{"token", "pureuser"}}, .passwords = {}, .clients = {}}, *images_,
        real_clock(), [] { return 0.5; });
    wire_ = std::make_unique<simulator::Wire>(*simulator_);
    array_ = std::make_unique<FlashArray>(
        *wire_, real_clock(), [] { return 0.5; },
        Access{.address = "array", .credentials = ApiToken{"token"}});
    restart();
  }
  void TearDown() override {
    for (const auto& [where, image] : this_machine().mounted_below(folder_ / "mounts")) {
      ADD_FAILURE() << where << " is still mounted";
      (void)clone::unmount(where, real_clock(), {});
    }
  }
  void restart() {
    driver_ = std::make_unique<VolumeDriver>(
        *array_, this_machine(), real_clock(),
        DriverOptions{.name_space = "ca",
                      .host = "docker-1",
                      .mounts = folder_ / "mounts",
                      .state_file = folder_ / "plugin.json"},
        [this](const std::string& serial) { return images_->path_of(serial); });
    const Result<> recovered = driver_->recover({});
    ASSERT_TRUE(recovered.ok()) << recovered.failure().message;
  }
  json call(const std::string& what, const json& body = json::object()) {
    const simulator::Answer answer = driver_->answer(
        {.method = "POST", .path = "/" + what, .query = {}, .headers = {}, .body = body.dump()}, {});
    EXPECT_EQ(answer.status, 200);
    return json::parse(answer.body);
  }
  void fine(const json& answer) { EXPECT_EQ(answer["Err"], ""); }

  TemporaryFolder folder_;
  std::unique_ptr<simulator::Images> images_;
  std::unique_ptr<simulator::Simulator> simulator_;
  std::unique_ptr<simulator::Wire> wire_;
  std::unique_ptr<FlashArray> array_;
  std::unique_ptr<VolumeDriver> driver_;
};

TEST_F(Driver, TheSourceWorkflow) {
  EXPECT_EQ(call("Plugin.Activate")["Implements"], json::array({"VolumeDriver"}));
  const json create = {{"Name", "Seed"}, {"Opts", {{"o", "size=400m"}, {"fs", "ext4"}}}};
  fine(call("VolumeDriver.Create", create));
  fine(call("VolumeDriver.Create", create));
  fine(call("VolumeDriver.Create", {{"Name", "Volume01"}, {"Opts", {{"o", "size=400m"}, {"fs", "ext4"}}}}));
  const json seed = call("VolumeDriver.Mount", {{"Name", "Seed"}, {"ID", "a"}});
  fine(seed);
  std::ofstream(seed["Mountpoint"].get<std::string>() + "/tpch") << "rows";
  fine(call("VolumeDriver.Unmount", {{"Name", "Seed"}, {"ID", "a"}}));

  const json blank = call("VolumeDriver.Mount", {{"Name", "Volume01"}, {"ID", "b"}});
  const std::string tpch = blank["Mountpoint"].get<std::string>() + "/tpch";
  EXPECT_FALSE(std::filesystem::exists(tpch));
  const Result<Volume> refused = array_->overwrite("ca-docker-Seed", "ca-docker-Volume01", {}, {});
  ASSERT_FALSE(refused.ok()) << "a container runs on it";
  EXPECT_THAT(refused.failure().causes.front(), HasSubstr("host `docker-1` is connected to it"));

  fine(call("VolumeDriver.Unmount", {{"Name", "Volume01"}, {"ID", "b"}}));
  const Result<Volume> copied = array_->overwrite("ca-docker-Seed", "ca-docker-Volume01", {}, {});
  ASSERT_TRUE(copied.ok()) << copied.failure().message;
  fine(call("VolumeDriver.Mount", {{"Name", "Volume01"}, {"ID", "c"}}));
  EXPECT_EQ(text_of_file(tpch), "rows");
  fine(call("VolumeDriver.Unmount", {{"Name", "Volume01"}, {"ID", "c"}}));
  EXPECT_EQ(call("VolumeDriver.List")["Volumes"].size(), 2u);
  fine(call("VolumeDriver.Remove", {{"Name", "Volume01"}}));
  EXPECT_THAT(call("VolumeDriver.Get", {{"Name", "Volume01"}})["Err"].get<std::string>(),
              HasSubstr("there is no volume `Volume01`"));
}

TEST_F(Driver, TheLastOfTwoHoldersUnmounts) {
  fine(call("VolumeDriver.Create", {{"Name", "v"}, {"Opts", {{"size", "400m"}, {"fs", "ext4"}}}}));
  const std::string where = call("VolumeDriver.Mount", {{"Name", "v"}, {"ID", "a"}})["Mountpoint"];
  fine(call("VolumeDriver.Mount", {{"Name", "v"}, {"ID", "b"}}));
  EXPECT_THAT(call("VolumeDriver.Remove", {{"Name", "v"}})["Err"].get<std::string>(),
              HasSubstr("it is mounted at"));
  fine(call("VolumeDriver.Unmount", {{"Name", "v"}, {"ID", "a"}}));
  EXPECT_EQ(call("VolumeDriver.Path", {{"Name", "v"}})["Mountpoint"], where);
  restart();
  EXPECT_EQ(call("VolumeDriver.Path", {{"Name", "v"}})["Mountpoint"], where) << "it is known after a restart";
  EXPECT_EQ(array_->connections_of_host("docker-1", {})->size(), 1u);
  fine(call("VolumeDriver.Unmount", {{"Name", "v"}, {"ID", "b"}}));
  EXPECT_EQ(call("VolumeDriver.Path", {{"Name", "v"}})["Mountpoint"], "");
  EXPECT_EQ(array_->connections_of_host("docker-1", {})->size(), 0u);
}

TEST_F(Driver, AConnectionWithoutAMountIsLetGoAfterARestart) {
  fine(call("VolumeDriver.Create", {{"Name", "v"}, {"Opts", {{"size", "400m"}}}}));
  ASSERT_TRUE(array_->create_host({.name = "docker-1", .iqns = {}, .wwns = {}, .nqns = {}}, {}).ok());
  ASSERT_TRUE(array_->connect("docker-1", "ca-docker-v", {}).ok());
  restart();
  EXPECT_EQ(array_->connections_of_host("docker-1", {})->size(), 0u);
}

TEST_F(Driver, ClonesByOptionAndNamesWhatItDoesNotKnow) {
  fine(call("VolumeDriver.Create", {{"Name", "seed"}, {"Opts", {{"size", "400m"}}}}));
  fine(call("VolumeDriver.Create", {{"Name", "copy"}, {"Opts", {{"source", "seed"}}}}));
  EXPECT_EQ((*array_->find("ca-docker-copy", {}))->source, "ca-docker-seed");
  EXPECT_EQ(call("VolumeDriver.Create", {{"Name", "x"}, {"Opts", {{"sise", "1g"}}}})["Err"],
            "the option `sise` is not known (known are size, source and fs)");
  EXPECT_EQ(call("VolumeDriver.Create", {{"Name", "x"}, {"Opts", {{"size", "many"}}}})["Err"],
            "`many` is not a size (write 20g or 512MiB)");
}

TEST(Sizes, AreReadAsDockerUsersWriteThem) {
  EXPECT_EQ(bytes_in("80g"), std::uint64_t{80} << 30);
  EXPECT_EQ(bytes_in("512MiB"), std::uint64_t{512} << 20);
  EXPECT_EQ(bytes_in("1073741824"), std::uint64_t{1} << 30);
  EXPECT_EQ(bytes_in("1x"), std::nullopt);
  EXPECT_EQ(bytes_in("99999999999p"), std::nullopt);
}

}  // namespace
}  // namespace cairn::array::plugin
