#include "runtime/execute/hand.h"

#include "runtime/execute/telling.h"

namespace cairn::execute {
namespace {

class Watch final : public DeathWatch {
 public:
  Watch(std::shared_ptr<Messages> messages, NodeId service, int attempt)
      : messages_(std::move(messages)), service_(service), attempt_(attempt) {}

  void died(Death death) override {
    if (!said_.exchange(true)) messages_->post(ServiceGone{service_, attempt_, std::move(death)});
  }

 private:
  const std::shared_ptr<Messages> messages_;
  const NodeId service_;
  const int attempt_;
  std::atomic<bool> said_ = false;
};

}  // namespace

void Hand::work() {
  StepResult result = around_.performer.perform(request_, *this);
  if (left_) return;
  // Nobody asked: then it is a failure of its own.
  if (!result.ok() && result.failure().is == FailureClass::cancelled && !stop_.stop_requested())
    result.failure().is = FailureClass::step;
  messages_->post(HandEnded{request_.step, request_.attempt, std::move(result)});
}

void Hand::say(progress::Happening happening) {
  if (left_) return;
  around_.emitter.say(name_, request_.graph.node(request_.node).path,
                      masked(around_.masker, std::move(happening)));
}

void Hand::write(scribe::Stream stream, std::string_view bytes) {
  if (!left_) around_.scribe.write(name_, stream, bytes);
}

void Hand::note(std::string_view line) {
  if (!left_) around_.scribe.note(name_, line);
}

void Hand::publish(std::string_view name, Value value) {
  if (!left_) around_.exports.publish(request_.node, name, std::move(value));
}

Value Hand::exported(NodeId node, std::string_view name) const {
  return around_.exports.find(node, name);
}

std::shared_ptr<DeathWatch> Hand::watch() {
  return std::make_shared<Watch>(messages_, request_.node, request_.attempt);
}

}  // namespace cairn::execute
