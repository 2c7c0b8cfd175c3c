#include "runtime/array/plugin/volume_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>

#include "runtime/array/names.h"

namespace cairn::array::plugin {
namespace {

using nlohmann::json;
using simulator::Answer;
using simulator::Asked;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  if (const std::size_t at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

// One line for `Err`: the engine shows it to whoever typed the command.
std::string told(const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += ": " + cause;
  if (!failure.help.empty()) text += " (" + failure.help + ")";
  return text;
}

}  // namespace

std::optional<std::uint64_t> bytes_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {};
  std::string unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::tolower(c); });
  if (unit.empty() || unit == "b") return number;
  constexpr std::string_view kUnits = "kmgtp";
  const std::size_t power = kUnits.find(unit[0]);
  const std::string rest = unit.substr(1);
  if (power == std::string_view::npos || (rest != "" && rest != "b" && rest != "ib")) return {};
  if (number > (std::uint64_t{1} << 53) >> (10 * power)) return {};
  return number << (10 * (power + 1));
}

VolumeDriver::VolumeDriver(FlashArray& array, Machine& machine, Clock& clock, DriverOptions options,
                           std::function<std::string(const std::string&)> image_of)
    : array_(array),
      machine_(machine),
      clock_(clock),
      options_(std::move(options)),
      image_of_(std::move(image_of)),
      host_(acceptable_name(options_.host.empty() ? machine.name() : options_.host)) {}

std::string VolumeDriver::array_name(const std::string& docker_name) const {
  return replaced(replaced(options_.volume_name, "{ns}", options_.name_space), "{name}", docker_name);
}

Result<Volume> VolumeDriver::existing(const std::string& name, std::stop_token stop) {
  Result<std::optional<Volume>> found = array_.find(array_name(name), stop);
  if (!found.ok()) return found.failure();
  if (!*found || (*found)->destroyed) {
    return Failure{.message = fmt::format("there is no volume `{}`", name),
                   .causes = {fmt::format("{} has no `{}`", array_.name(), array_name(name))}};
  }
  return std::move(**found);
}

bool VolumeDriver::is_mounted(const std::string& name) const {
  return machine_.mounted_below(options_.mounts).contains(mount_point(name));
}

Result<> VolumeDriver::save() const {
  json all = {{"format", 1}, {"holders", json::object()}, {"file_systems", file_systems_}};
  for (const auto& [name, ids] : holders_) all["holders"][name] = ids;
  const std::string beside = options_.state_file + ".new";
  {
    std::ofstream file(beside, std::ios::trunc);
    if (!(file << all.dump(1) << "\n" << std::flush)) {
      return Failure{.message = "could not write " + beside};
    }
  }
  if (std::rename(beside.c_str(), options_.state_file.c_str()) != 0) {
    return Failure{.message = "could not write " + options_.state_file};
  }
  return Done{};
}

Result<> VolumeDriver::recover(std::stop_token stop) {
  std::lock_guard lock(mutex_);
  std::ifstream file(options_.state_file);
  const json all = file ? json::parse(file, nullptr, false) : json::object();
  if (all.is_object() && all.contains("holders")) {
    for (const auto& [name, ids] : all["holders"].items()) {
      if (is_mounted(name)) holders_[name] = ids.get<std::set<std::string>>();
    }
    file_systems_ = all.value("file_systems", file_systems_);
  }
  // A crash between connecting and mounting, or between unmounting and disconnecting.
  const Result<std::optional<Host>> host = array_.find_host(host_, stop);
  if (!host.ok()) return host.failure();
  if (!*host) return save();
  const Result<std::vector<Connection>> connections = array_.connections_of_host(host_, stop);
  if (!connections.ok()) return connections.failure();
  const std::map<std::string, std::string> mounted = machine_.mounted_below(options_.mounts);
  for (const Connection& connection : *connections) {
    const bool used = std::any_of(mounted.begin(), mounted.end(), [&](const auto& one) {
      return array_name(one.first.substr(one.first.rfind('/') + 1)) == connection.volume;
    });
    if (used) continue;
    if (Result<> gone = array_.disconnect(host_, connection.volume, stop); !gone.ok()) return gone;
  }
  return save();
}

Result<> VolumeDriver::create(const std::string& name, const std::map<std::string, std::string>& given,
                              std::stop_token stop) {
  std::uint64_t size = options_.default_size;
  std::string source, file_system = options_.file_system;
  for (const auto& [option, setting] : given) {
    std::string key = option, value = setting;
    if (key == "o" && value.find('=') != std::string::npos) {  // --opt o=size=80g
      key = value.substr(0, value.find('='));
      value = value.substr(value.find('=') + 1);
    }
    if (key == "size") {
      const std::optional<std::uint64_t> bytes = bytes_in(value);
      if (!bytes) {
        return Failure{.message = fmt::format("`{}` is not a size", value), .help = "write 20g or 512MiB"};
      }
      size = *bytes;
    } else if (key == "source") {
      source = value;
    } else if (key == "fs") {
      file_system = value;
    } else {
      return Failure{.message = fmt::format("the option `{}` is not known", key),
                     .help = "known are size, source and fs"};
    }
  }
  const Result<std::optional<Volume>> there = array_.find(array_name(name), stop);
  if (!there.ok()) return there.failure();
  if (*there && !(*there)->destroyed) return Done{};  // the engine says `create` again to have it
  if (source.empty()) {
    const Result<Volume> made = array_.create(array_name(name), size, stop);
    if (!made.ok()) return made.failure();
  } else {
    const std::string as_docker_volume = array_name(source);
    const bool docker_name =
        source.find('.') == std::string::npos && (*array_.find(as_docker_volume, stop)).has_value();
    const Result<Volume> made = array_.copy(docker_name ? as_docker_volume : source, array_name(name), stop);
    if (!made.ok()) return made.failure();
  }
  file_systems_[name] = file_system;
  return save();
}

Result<> VolumeDriver::remove(const std::string& name, std::stop_token stop) {
  if (is_mounted(name)) {
    return Failure{.message = fmt::format("could not remove volume `{}`", name),
                   .causes = {"it is mounted at " + mount_point(name)},
                   .help = "stop the containers that use it"};
  }
  if (Result<> gone = array_.destroy(array_name(name), stop); !gone.ok()) return gone;
  if (options_.eradicate) {
    if (Result<Eradication> gone = array_.eradicate(array_name(name), stop); !gone.ok())
      return gone.failure();
  }
  holders_.erase(name);
  file_systems_.erase(name);
  return save();
}

Result<std::string> VolumeDriver::mount(const std::string& name, const std::string& id,
                                        std::stop_token stop) {
  const Result<Volume> volume = existing(name, stop);
  if (!volume.ok()) return volume.failure();
  if (!is_mounted(name)) {
    holders_[name].clear();
    const Result<std::optional<Host>> host = array_.find_host(host_, stop);
    if (!host.ok()) return host.failure();
    if (!*host) {
      const Result<Host> made = array_.create_host(
          {.name = host_, .iqns = {"iqn.2026-01.io.cairn:" + host_}, .wwns = {}, .nqns = {}}, stop);
      if (!made.ok()) return made.failure();
    }
    const Result<Connection> connection = array_.connect(host_, volume->name, stop);
    if (!connection.ok()) return connection.failure();
    const auto wished = file_systems_.find(name);
    const Result<> mounted =
        machine_.mount(image_of_(volume->serial), mount_point(name),
                       wished == file_systems_.end() ? options_.file_system : wished->second);
    if (!mounted.ok()) {
      (void)array_.disconnect(host_, volume->name, stop);
      return mounted.failure();
    }
  }
  holders_[name].insert(id);
  if (const Result<> saved = save(); !saved.ok()) return saved.failure();
  return mount_point(name);
}

Result<> VolumeDriver::unmount(const std::string& name, const std::string& id, std::stop_token stop) {
  std::set<std::string>& ids = holders_[name];
  ids.erase(id);
  if (!ids.empty()) return save();
  holders_.erase(name);
  if (Result<> gone = machine_.unmount(mount_point(name), clock_, stop); !gone.ok()) {
    holders_[name].insert(id);
    return gone;
  }
  if (Result<> gone = array_.disconnect(host_, array_name(name), stop); !gone.ok()) return gone;
  return save();
}

Result<std::vector<std::pair<std::string, Volume>>> VolumeDriver::list(std::stop_token stop) {
  const std::string pattern = array_name("*");
  const std::size_t star = pattern.find('*');
  const Result<std::vector<Volume>> volumes = array_.volumes({.names = {pattern}}, stop);
  if (!volumes.ok()) return volumes.failure();
  std::vector<std::pair<std::string, Volume>> found;
  for (const Volume& volume : *volumes) {
    found.emplace_back(volume.name.substr(star, volume.name.size() - (pattern.size() - 1)), volume);
  }
  return found;
}

Answer VolumeDriver::answer(const Asked& asked, std::stop_token stop) {
  std::lock_guard lock(mutex_);
  const json request = json::parse(asked.body, nullptr, false);
  const auto text = [&](const char* key) {
    return request.is_object() && request.contains(key) && request[key].is_string()
               ? request[key].get<std::string>()
               : std::string();
  };
  const std::string name = text("Name");
  const auto outcome = [](const auto& result, json body = json::object()) {
    body["Err"] = result.ok() ? std::string() : told(result.failure());
    Answer answer = simulator::json_answer(200, body);
    answer.headers = {{"Content-Type", "application/vnd.docker.plugins.v1.2+json"}};
    return answer;
  };
  const auto where = [&](const std::string& volume) { return is_mounted(volume) ? mount_point(volume) : ""; };
  const Result<> fine = Done{};
  if (asked.path == "/Plugin.Activate") return outcome(fine, {{"Implements", {"VolumeDriver"}}});
  if (asked.path == "/VolumeDriver.Capabilities")
    return outcome(fine, {{"Capabilities", {{"Scope", "global"}}}});
  if (asked.path == "/VolumeDriver.Create") {
    std::map<std::string, std::string> given;
    if (request.is_object() && request.contains("Opts") && request["Opts"].is_object()) {
      for (const auto& [key, value] : request["Opts"].items()) {
        if (value.is_string()) given[key] = value.get<std::string>();
      }
    }
    return outcome(create(name, given, stop));
  }
  if (asked.path == "/VolumeDriver.Remove") return outcome(remove(name, stop));
  if (asked.path == "/VolumeDriver.Mount") {
    const Result<std::string> mounted = mount(name, text("ID"), stop);
    return outcome(mounted, {{"Mountpoint", mounted.ok() ? *mounted : ""}});
  }
  if (asked.path == "/VolumeDriver.Unmount") return outcome(unmount(name, text("ID"), stop));
  if (asked.path == "/VolumeDriver.Path") {
    const Result<Volume> volume = existing(name, stop);
    return outcome(volume, {{"Mountpoint", where(name)}});
  }
  if (asked.path == "/VolumeDriver.Get") {
    const Result<Volume> volume = existing(name, stop);
    if (!volume.ok()) return outcome(volume);
    return outcome(
        volume, {{"Volume",
                  {{"Name", name},
                   {"Mountpoint", where(name)},
                   {"CreatedAt", simulator::iso_time(volume->created)},
                   {"Status",
                    {{"array_volume", volume->name}, {"serial", volume->serial}, {"size", volume->size}}}}}});
  }
  if (asked.path == "/VolumeDriver.List") {
    const Result<std::vector<std::pair<std::string, Volume>>> all = list(stop);
    json volumes = json::array();
    if (all.ok()) {
      for (const auto& [docker_name, volume] : *all) {
        volumes.push_back({{"Name", docker_name}, {"Mountpoint", where(docker_name)}});
      }
    }
    return outcome(all, {{"Volumes", volumes}});
  }
  return outcome(Result<>(Failure{.message = "the volume driver does not know " + asked.path}));
}

}  // namespace cairn::array::plugin
