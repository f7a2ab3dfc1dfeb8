// Not linked into anything: each WISP_REFUSE chooses one mistake that must not compile; 0 is none of them.
#include "runtime/system.h"

namespace wisp::runtime {

struct Aggregate {
  std::string text;
  template <class F>
  void fields(F& f) {
    f(text);
  }
};

class Counter : public Actor {
 public:
  using Constructor = void(std::int64_t);
  explicit Counter(std::int64_t) {}
  std::int32_t add(std::int32_t amount) { return amount; }
  void set(std::string name) { name_ = std::move(name); }
  void take(Aggregate aggregate) { name_ = aggregate.text; }
  Task<void> later(std::string name) {
    set(std::move(name));
    co_return;
  }
  Task<void> by_reference(const std::string& name) {
    set(name);
    co_return;
  }

 private:
  std::string name_;
};

class Other : public Actor {
 public:
  using Constructor = void();
  void method() {}
};

void calls(System& system, const Handle<Counter>& counter, Registry& registry) {
  counter.tell<&Counter::add>(std::int16_t{1});
  counter.tell<&Counter::set>("converts");
  (void)counter.call<&Counter::later>("x");
  (void)system.spawn<Counter>(Options("c"), 40);
  registry.actor<Counter>("counter").method<&Counter::later>("later");
#if WISP_REFUSE == 1
  counter.tell<&Counter::add>(std::string("2"));
#elif WISP_REFUSE == 2
  const std::int64_t wide = 2;
  counter.tell<&Counter::add>(wide);
#elif WISP_REFUSE == 3
  counter.tell<&Counter::take>(Aggregate{.text = "x"});
#elif WISP_REFUSE == 4
  counter.tell<&Counter::add>();
#elif WISP_REFUSE == 5
  counter.tell<&Other::method>();
#elif WISP_REFUSE == 6
  (void)system.spawn<Counter>(Options("c"), 40.5);
#elif WISP_REFUSE == 7
  registry.actor<Counter>("counter").method<&Counter::by_reference>("by_reference");
#endif
}

}  // namespace wisp::runtime
