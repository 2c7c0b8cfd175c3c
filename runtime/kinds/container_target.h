// A container as a probe sees it: its own address on its network, never a published port.
#pragma once

#include "runtime/platform/docker/engine.h"
#include "runtime/reach/target.h"

namespace cairn::kinds {

class ContainerTarget final : public reach::ProbeTarget {
 public:
  ContainerTarget(docker::Engine& engine, std::string id, std::string name, bool tty) : engine_(engine), id_(std::move(id)), name_(std::move(name)), tty_(tty) {}

  std::string name() const override { return name_; }
  Result<std::vector<reach::Endpoint>> endpoints(int port, const reach::Attempt& attempt) override;
  Result<reach::CommandEnd> run(const std::vector<std::string>& command, const reach::Attempt& attempt) override;
  Result<reach::PathIs> look_at(const std::string& path, const reach::Attempt& attempt) override;
  Result<reach::LogPiece> log_after(std::uint64_t from, const reach::Attempt& attempt) override;
  Result<reach::Health> health(const reach::Attempt& attempt) override;

 private:
  docker::Engine& engine_;
  const std::string id_;
  const std::string name_;
  const bool tty_;
};

}  // namespace cairn::kinds
