#include "base/io/simulated/simulation.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/io/simulated/fiber.h"
#include "base/random.h"

namespace varve::io {
namespace {

constexpr uint64_t kNever = UINT64_MAX;
constexpr uint64_t kStepNs = 100;
// Reading the clock costs time too, so that a loop that polls it ends.
constexpr uint64_t kClockReadNs = 10;
constexpr uint64_t kStartNs = 1'000'000'000;
constexpr uint64_t kEpochUs = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr uint64_t kSwitchOneIn[] = {1, 2, 4, 16};
// A slow fiber must be drawn this often in a row to run.
constexpr int kSlowDraws = 3;

thread_local Simulation* current_simulation = nullptr;

struct Fiber {
  uint64_t id = 0;
  std::string name;
  std::function<void()> body;
  FiberContext context;
  Scheduler* scheduler = nullptr;
  bool finished = false;
  bool slow = false;
  // While blocked.
  const void* address = nullptr;
  uint64_t address_id = 0;
  uint64_t deadline_ns = kNever;
  bool timed_out = false;
  // For the deadlock report: the last yield's label, and the fiber it joins.
  const char* last_step = "start";
  const Fiber* joining = nullptr;
};

}  // namespace

class Simulation::Impl final : public Scheduler {
 public:
  explicit Impl(uint64_t seed)
      : random_(seed),
        identities_(hash64("identities", seed)),
        draws_(hash64("draws", seed)),
        switch_one_in_(kSwitchOneIn[random_.below(std::size(kSwitchOneIn))]) {}

  ~Impl() override { CHECK(running_ == nullptr); }

  void run(Simulation* owner, std::function<void()> root) {
    CHECK(running_ == nullptr && live_ == 0);
    Scheduler* outer_scheduler = exchange_current_scheduler(this);
    Simulation* outer_simulation = std::exchange(current_simulation, owner);
    host_.adopt_caller();
    add_fiber("root", std::move(root));
    running_ = pick();
    host_.switch_to(&running_->context);
    running_ = nullptr;
    CHECK(live_ == 0 && runnable_.empty() && blocked_.empty());
    fibers_.clear();
    first_id_ = next_id_;
    current_simulation = outer_simulation;
    CHECK(exchange_current_scheduler(outer_scheduler) == this);
  }

  void yield(const char* what) override {
    CHECK(running_ != nullptr);
    running_->last_step = what;
    mix(hash64(what));
    step();
    if (runnable_.empty() || !random_.one_in(switch_one_in_)) return;
    Fiber* self = running_;
    Fiber* next = std::exchange(runnable_[choose()], self);
    switch_from(self, next);
  }

  bool block(const void* address, uint64_t deadline_ns) override {
    Fiber* self = running_;
    CHECK(self != nullptr);
    self->address = address;
    self->address_id = name_address(address);
    self->deadline_ns = deadline_ns;
    self->timed_out = false;
    mix(self->address_id);
    blocked_.push_back(self);
    if (deadline_ns < earliest_deadline_ns_) earliest_deadline_ns_ = deadline_ns;
    Fiber* next = pick();
    if (next != self) switch_from(self, next);
    return !self->timed_out;
  }

  void wake_one(const void* address) override {
    if (blocked_.empty()) return;
    size_t waiters = 0;
    for (const Fiber* fiber : blocked_) waiters += fiber->address == address ? 1 : 0;
    if (waiters == 0) return;
    size_t chosen = waiters == 1 ? 0 : random_.below(waiters);
    for (size_t i = 0;; ++i) {
      if (blocked_[i]->address != address || chosen-- != 0) continue;
      make_runnable(i);
      return;
    }
  }

  void wake_all(const void* address) override {
    for (size_t i = 0; i < blocked_.size();) {
      if (blocked_[i]->address == address) {
        make_runnable(i);
      } else {
        ++i;
      }
    }
  }

  uint64_t spawn(std::string name, std::function<void()> body) override {
    const uint64_t id = add_fiber(std::move(name), std::move(body));
    yield("spawn");
    return id;
  }

  void join(uint64_t id) override {
    CHECK(id >= first_id_ && id < next_id_);
    std::unique_ptr<Fiber>& target = fibers_[id - first_id_];
    CHECK(target != nullptr && target.get() != running_);  // joined once, and by another
    Fiber* fiber = target.get();
    while (!fiber->finished) {
      running_->joining = fiber;
      block(fiber, kNever);
    }
    running_->joining = nullptr;
    mix(id);
    fibers_[id - first_id_].reset();  // not `target`: fibers_ may have grown meanwhile
  }

  uint64_t monotonic_ns() override { return now_ns_ += kClockReadNs; }
  uint64_t wall_us() override {
    return kEpochUs + static_cast<uint64_t>(wall_offset_us_) + monotonic_ns() / 1000;
  }

  uint64_t random_id() override { return identities_.next(); }
  uint64_t draw(uint64_t bound) { return draws_.below(bound); }

  void note(const char* what, uint64_t a, uint64_t b) {
    mix(hash64(what));
    mix(a);
    mix(b);
  }
  void jump_wall_clock_us(int64_t by_us) { wall_offset_us_ += by_us; }
  uint64_t trace_hash() const { return trace_; }
  uint64_t context_switches() const { return context_switches_; }

 private:
  // murmur3's finalizer over a running state.
  void mix(uint64_t value) {
    uint64_t z = (trace_ ^ value) * 0xff51afd7ed558ccdu + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53u;
    trace_ = z ^ (z >> 33);
  }

  void step() {
    now_ns_ += kStepNs;
    if (earliest_deadline_ns_ <= now_ns_) expire_deadlines();
  }

  uint64_t add_fiber(std::string name, std::function<void()> body) {
    auto fiber = std::make_unique<Fiber>();
    fiber->id = next_id_++;
    fiber->name = std::move(name);
    fiber->body = std::move(body);
    fiber->scheduler = this;
    fiber->slow = some_are_slow_ && random_.one_in(2);
    fiber->context.start(&Impl::fiber_main, fiber.get());
    runnable_.push_back(fiber.get());
    fibers_.push_back(std::move(fiber));
    ++live_;
    return next_id_ - 1;
  }

  static void fiber_main(void* argument) {
    auto* self = static_cast<Fiber*>(argument);
    self->body();
    self->body = nullptr;  // destroys what it captured while its world still stands
    static_cast<Impl*>(self->scheduler)->end_fiber(self);
  }

  void end_fiber(Fiber* self) {
    self->finished = true;
    mix(self->id);
    wake_all(self);
    --live_;
    if (live_ == 0) self->context.finish(&host_);
    running_ = pick();
    ++context_switches_;
    self->context.finish(&running_->context);
  }

  void switch_from(Fiber* self, Fiber* next) {
    ++context_switches_;
    mix(next->id);
    running_ = next;
    self->context.switch_to(&next->context);
  }

  // Takes the next fiber out of the runnable ones, passing time until there is one.
  Fiber* pick() {
    step();
    while (runnable_.empty()) {
      if (earliest_deadline_ns_ == kNever) fail_deadlocked();
      if (now_ns_ < earliest_deadline_ns_) now_ns_ = earliest_deadline_ns_;
      expire_deadlines();
    }
    const size_t chosen = choose();
    Fiber* next = runnable_[chosen];
    runnable_[chosen] = runnable_.back();
    runnable_.pop_back();
    mix(next->id);
    return next;
  }

  size_t choose() {
    if (runnable_.size() == 1) return 0;
    size_t chosen = random_.below(runnable_.size());
    for (int draws = 1; draws < kSlowDraws && runnable_[chosen]->slow; ++draws) {
      chosen = random_.below(runnable_.size());
    }
    return chosen;
  }

  // earliest_deadline_ns_ may name a fiber that was woken since: then nothing expires and it is computed
  // anew. It is never later than the true one, so the clock never jumps too far.
  void expire_deadlines() {
    for (size_t i = 0; i < blocked_.size();) {
      if (blocked_[i]->deadline_ns <= now_ns_) {
        blocked_[i]->timed_out = true;
        make_runnable(i);
      } else {
        ++i;
      }
    }
    earliest_deadline_ns_ = kNever;
    for (const Fiber* fiber : blocked_) {
      if (fiber->deadline_ns < earliest_deadline_ns_) earliest_deadline_ns_ = fiber->deadline_ns;
    }
  }

  void make_runnable(size_t blocked_index) {
    Fiber* fiber = blocked_[blocked_index];
    blocked_.erase(blocked_.begin() + static_cast<ptrdiff_t>(blocked_index));
    fiber->address = nullptr;
    fiber->deadline_ns = kNever;
    mix(fiber->id);
    runnable_.push_back(fiber);
  }

  // An address keeps its number while someone waits on it. Afterwards the memory may become another lock, so
  // the next wait takes a new number.
  uint64_t name_address(const void* address) {
    for (const Fiber* fiber : blocked_) {
      if (fiber->address == address) return fiber->address_id;
    }
    return next_address_id_++;
  }

  [[noreturn]] void fail_deadlocked() {
    std::string report = "deadlock: no fiber can run and none has a deadline\n";
    for (const Fiber* fiber : blocked_) {
      report += "  fiber " + std::to_string(fiber->id) + " \"" + fiber->name + "\" waits ";
      if (fiber->joining != nullptr) {
        report += "to join \"" + fiber->joining->name + "\"";
      } else {
        report += "on address #" + std::to_string(fiber->address_id);
      }
      report += std::string(", last step: ") + fiber->last_step + "\n";
    }
    std::fputs(report.c_str(), stderr);
    check_failed(__FILE__, __LINE__, "simulation is not deadlocked");
  }

  Random random_;
  // Apart from the choices, so that drawing an identity or a latency moves no schedule by itself.
  Random identities_;
  Random draws_;
  const uint64_t switch_one_in_;
  const bool some_are_slow_ = random_.one_in(2);
  FiberContext host_;
  Fiber* running_ = nullptr;
  std::vector<Fiber*> runnable_;                // without the running one
  std::vector<Fiber*> blocked_;                 // in the order they blocked
  std::vector<std::unique_ptr<Fiber>> fibers_;  // [id - first_id_]; null once joined
  uint64_t first_id_ = 1;
  uint64_t next_id_ = 1;
  size_t live_ = 0;
  uint64_t next_address_id_ = 1;
  uint64_t earliest_deadline_ns_ = kNever;
  uint64_t now_ns_ = kStartNs;
  int64_t wall_offset_us_ = 0;
  uint64_t trace_ = 0;
  uint64_t context_switches_ = 0;
};

Simulation::Simulation(uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
Simulation::~Simulation() = default;
void Simulation::run(std::function<void()> root) { impl_->run(this, std::move(root)); }
uint64_t Simulation::trace_hash() const { return impl_->trace_hash(); }
void Simulation::note(const char* what, uint64_t a, uint64_t b) { impl_->note(what, a, b); }
uint64_t Simulation::draw(uint64_t bound) { return impl_->draw(bound); }
uint64_t Simulation::context_switches() const { return impl_->context_switches(); }
void Simulation::jump_wall_clock_us(int64_t by_us) { impl_->jump_wall_clock_us(by_us); }
Simulation* Simulation::current() { return current_simulation; }

}  // namespace varve::io
