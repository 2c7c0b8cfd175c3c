#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "runtime/platform/docker/archive.h"
#include "tests/docker/engines_under_test.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::docker {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Objects : public OnEngine {
 protected:
  static NetworkSpec network(const std::string& name) {
    NetworkSpec spec;
    spec.identity = identity(name);
    return spec;
  }
  static VolumeSpec volume(const std::string& name) {
    VolumeSpec spec;
    spec.identity = identity(name);
    return spec;
  }
};

TEST_P(Objects, TwentyWhoAskForOneNetworkGetOne) {
  std::vector<std::future<Result<std::string>>> asked;
  for (int i = 0; i < 20; ++i) {
    asked.push_back(
        std::async(std::launch::async, [&] { return create_network(engine, network("cairn-t-many"), {}); }));
  }
  for (auto& each : asked) EXPECT_TRUE(each.get().ok());
  // Whoever looks once more has healed it: one is left, and it is the oldest.
  const Result<std::string> id = create_network(engine, network("cairn-t-many"), {});
  ASSERT_TRUE(id.ok());
  const std::vector<NetworkFacts> left = *list_networks(engine, {"dev.cairn.project=conformance"}, {});
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].id, *id);
}

TEST_P(Objects, ANetworkOfSomebodyElseIsNotUsed) {
  ASSERT_EQ(engine
                .call({.method = "POST",
                       .path = "/networks/create",
                       .json = R"({"Name":"cairn-t-theirs","Labels":{"cairn.test":"foreign"}})"},
                      {})
                ->status,
            201);
  const Result<std::string> refused = create_network(engine, network("cairn-t-theirs"), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("of somebody else"));
  EXPECT_EQ(list_networks(engine, {"cairn.test=foreign"}, {})->size(), 1u);
}

TEST_P(Objects, ContainersJoinNetworksByIdWithAliases) {
  const std::string first = *create_network(engine, network("cairn-t-net1"), {});
  const std::string second = *create_network(engine, network("cairn-t-net2"), {});
  ContainerSpec spec = shell("cairn-t-joined", "sleep 1000");
  spec.network_mode.clear();
  spec.networks = {{first, {"db", "store"}, ""}, {second, {"other"}, ""}};
  const std::string id = started(spec);
  const ContainerFacts seen = facts(id);
  ASSERT_EQ(seen.networks.size(), 2u);
  EXPECT_EQ(seen.networks.at("cairn-t-net1").network_id, first);
  EXPECT_THAT(seen.networks.at("cairn-t-net1").aliases, testing::IsSupersetOf({"db", "store"}));
  EXPECT_NE(seen.networks.at("cairn-t-net2").address, "");
  EXPECT_NE((**inspect_network(engine, first, {})).gateways.size(), 0u);

  EXPECT_TRUE(connect_network(engine, {second, {}, ""}, id, {}).ok()) << "connected already is fine";
  const Result<> in_use = remove_network(engine, second, {});
  ASSERT_FALSE(in_use.ok());
  EXPECT_THAT(in_use.failure().causes.back(), HasSubstr("active endpoints"));
  EXPECT_TRUE(disconnect_network(engine, second, id, {}).ok());
  EXPECT_TRUE(disconnect_network(engine, second, id, {}).ok()) << "not connected is fine";
  EXPECT_TRUE(remove_network(engine, second, {}).ok());
  EXPECT_TRUE(remove_network(engine, second, {}).ok()) << "gone is fine";
}

TEST_P(Objects, VolumesHaveOwners) {
  const Result<CreatedVolume> made_now = create_volume(engine, volume("cairn-t-vol"), {});
  ASSERT_TRUE(made_now.ok());
  EXPECT_FALSE(made_now->existed);
  EXPECT_TRUE(create_volume(engine, volume("cairn-t-vol"), {})->existed);
  ASSERT_EQ(engine
                .call({.method = "POST",
                       .path = "/volumes/create",
                       .json = R"({"Name":"cairn-t-vol-theirs","Labels":{"cairn.test":"foreign"}})"},
                      {})
                ->status,
            201);
  const Result<CreatedVolume> refused = create_volume(engine, volume("cairn-t-vol-theirs"), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("of somebody else"));
  EXPECT_TRUE(remove_volume(engine, "cairn-t-vol", {}).ok());
  EXPECT_TRUE(remove_volume(engine, "cairn-t-vol", {}).ok()) << "gone is fine";
}

TEST_P(Objects, MountsOfAllKindsArrive) {
  const cairn::TemporaryFolder folder;
  folder.write("from-host", "host");
  ASSERT_TRUE(create_volume(engine, volume("cairn-t-data"), {}).ok());
  ContainerSpec writer = shell("cairn-t-writer", "echo kept > /data/file");
  writer.mounts = {{.is = MountSpec::Is::volume,
                    .source = "cairn-t-data",
                    .target = "/data",
                    .propagation = "",
                    .tmpfs_size = {},
                    .tmpfs_mode = {}}};
  EXPECT_EQ(ran(writer), 0);
  EXPECT_FALSE(remove_volume(engine, "cairn-t-data", {}).ok()) << "in use";
  ContainerSpec reader =
      shell("cairn-t-reader", "cat /data/file /host/from-host; ! touch /data/x; touch /scratch/x");
  reader.volumes_from = {"cairn-t-writer:ro"};
  reader.mounts = {{.is = MountSpec::Is::bind,
                    .source = folder.path(),
                    .target = "/host",
                    .read_only = true,
                    .propagation = "",
                    .tmpfs_size = {},
                    .tmpfs_mode = {}},
                   {.is = MountSpec::Is::tmpfs,
                    .source = "",
                    .target = "/scratch",
                    .propagation = "",
                    .tmpfs_size = 1 << 20,
                    .tmpfs_mode = 01777}};
  EXPECT_EQ(ran(reader), 0);
  const ContainerFacts seen = facts("cairn-t-reader");
  EXPECT_THAT(seen.mounts, Contains(testing::Field(&MountFacts::target, "/host")));
}

TEST_P(Objects, FilesGoInBeforeTheStartAndOutAfterTheEnd) {
  const cairn::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "tree/deep");
  folder.write("tree/deep/leaf", "leaf");
  const std::string id =
      made(shell("cairn-t-files",
                 "mkdir -p /out/sub; cat /etc/app/conf > /out/conf; cat /srv/tree/deep/leaf > "
                 "/out/sub/leaf; stat -c %a /etc/app/conf > /out/mode; ln -s conf /out/link; "
                 "mkfifo /out/pipe; ln -s /out /way"));
  const Result<> put = put_files(engine, id,
                                 {{.path = "/etc/app/conf", .content = Text("secret", true), .mode = 0400},
                                  {.path = "/srv/tree", .from = folder / "tree"}},
                                 {});
  ASSERT_TRUE(put.ok()) << put.failure().causes.back();
  ASSERT_TRUE(start_container(engine, id, {}).ok());
  ASSERT_EQ(*ExitWait::arm(engine, id, ExitWait::For::not_running, {})->finish({}), 0);

  for (const std::string path : {"/out", "/way"}) {
    const std::string to = folder / ("got" + path);
    const Result<Extracted> got = get_archive(engine, id, path, to, {}, {});
    ASSERT_TRUE(got.ok()) << got.failure().causes.back();
    EXPECT_THAT(got->files, UnorderedElementsAre("conf", "mode", "sub/leaf"));
    EXPECT_EQ(got->left_out.size(), 2u);
    EXPECT_EQ(text_of_file(to + "/conf"), "secret");
    EXPECT_EQ(text_of_file(to + "/mode"), "400\n");
    EXPECT_EQ(text_of_file(to + "/sub/leaf"), "leaf");
  }
  const std::string one = folder / "one";
  EXPECT_THAT(get_archive(engine, id, "/out/conf", one, {}, {})->files, UnorderedElementsAre("conf"));
  EXPECT_FALSE(get_archive(engine, id, "/out", one, {.entries = 2}, {}).ok());
  EXPECT_FALSE(get_archive(engine, id, "/out", one, {.bytes = 3}, {}).ok());
  const Result<Extracted> absent = get_archive(engine, id, "/nowhere", one, {}, {});
  ASSERT_FALSE(absent.ok());
  EXPECT_THAT(absent.failure().causes, Contains("there is no such path"));
}

TEST_P(Objects, PathsAreSeenWithoutRunningAnything) {
  const std::string id = made(shell("cairn-t-stat", "exit 0"));
  const PathFacts busybox = **stat_path(engine, id, "/bin/busybox", {});
  EXPECT_EQ(busybox.is, PathFacts::Is::file);
  EXPECT_GT(busybox.size, 100'000);
  EXPECT_EQ((**stat_path(engine, id, "/bin", {})).is, PathFacts::Is::folder);
  EXPECT_EQ((**stat_path(engine, id, "/bin/sh", {})).is, PathFacts::Is::link);
  EXPECT_FALSE(stat_path(engine, id, "/nowhere", {})->has_value());
}

TEST_P(Objects, ImagesAreTaggedAndRemoved) {
  const ImageFacts image = **inspect_image(engine, test_image, {});
  EXPECT_TRUE(image.id.starts_with("sha256:"));
  EXPECT_THAT(image.env, Contains("PATH=/bin"));
  ASSERT_TRUE(tag_image(engine, test_image, "cairn-test-tag:2", {}).ok());
  EXPECT_EQ((**inspect_image(engine, "cairn-test-tag:2", {})).id, image.id);
  ASSERT_TRUE(remove_image(engine, "cairn-test-tag:2", false, {}).ok());
  EXPECT_FALSE(inspect_image(engine, "cairn-test-tag:2", {})->has_value());
  EXPECT_TRUE(remove_image(engine, "cairn-test-tag:2", false, {}).ok()) << "gone is fine";
  EXPECT_TRUE(inspect_image(engine, test_image, {})->has_value());
}

TEST_P(Objects, APullThatFailsSaysSo) {
  // Nothing listens on port 1: an error at once or within the stream, as the engine likes.
  const Result<> pulled = pull_image(engine, {.reference = "127.0.0.1:1/nothing:1"}, {}, {});
  ASSERT_FALSE(pulled.ok());
  EXPECT_EQ(pulled.failure().message, "could not pull the image `127.0.0.1:1/nothing:1`");
  EXPECT_THAT(pulled.failure().causes.back(), HasSubstr("connection refused"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Objects, testing::ValuesIn(engines_under_test()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace cairn::docker
