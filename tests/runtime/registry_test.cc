#include "runtime/registry.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"
#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Base : public Actor {
 public:
  int shared() { return 11; }
};

class Counter : public Base {
 public:
  using Constructor = void(std::int64_t, std::string);
  Counter(std::int64_t start, std::string unit) : value_(start), unit_(std::move(unit)) {}
  std::int64_t add(std::int64_t amount) { return value_ += amount; }
  std::string text() const { return std::to_string(value_) + unit_; }
  void reset() { value_ = 0; }
  int take(const std::string& by_reference) { return static_cast<int>(by_reference.size()); }
  Task<int> later(int value) {
    co_await test::Yield();
    co_return value;
  }
  void keep(std::unique_ptr<int>) {}
  int unregistered() { return 0; }

 private:
  std::int64_t value_;
  std::string unit_;
};

class Other : public Actor {
 public:
  using Constructor = void();
  int method() { return 1; }
};

class Keeper : public Actor {
 public:
  using Constructor = void(std::unique_ptr<int>);
  explicit Keeper(std::unique_ptr<int> kept) : kept_(std::move(kept)) {}

 private:
  const std::unique_ptr<int> kept_;
};

Registry registry() {
  Registry registry;
  registry.actor<Keeper>("keeper");
  registry.actor<Counter>("counter")
      .method<&Counter::add>("add")
      .method<&Counter::text>("text")
      .method<&Counter::reset>("reset")
      .method<&Counter::take>("take")
      .method<&Counter::later>("later")
      .method<&Counter::keep>("keep")
      .method<&Counter::shared>("shared");
  registry.actor<Other>("other").method<&Other::method>("method");
  return registry;
}

class RegistryTest : public testing::Test {
 protected:
  // A call as it comes from another node, of an actor that begins with 40m.
  template <auto M>
  auto invoke(const Bytes& arguments) {
    auto state = make_ref<TypedState<call_detail::ReturnOf<M>>>(&node_, Awaited{Name("c")});
    node_.call(counter_, registry_.id_of<M>(), state, PackedView{arguments.span(), {}});
    return Future<call_detail::ReturnOf<M>>(std::move(state));
  }
  template <auto M, class... A>
  Bytes arguments(const A&... each) {
    return call_detail::packed_arguments<call_detail::ArgumentsOf<M>>(each...);
  }
  template <auto M, class... A>
  auto call(const A&... each) {
    auto answer = invoke<M>(arguments<M>(each...));
    node_.step();
    return answer.get();
  }
  template <auto M>
  Failure refusal(const Bytes& packed) {
    auto answer = invoke<M>(packed);
    node_.step();
    try {
      (void)answer.get();
    } catch (const ActorError& error) {
      return error.failure();
    }
    ADD_FAILURE() << "no exception";
    return Failure();
  }

  const Registry registry_ = registry();
  test::Journal journal_;
  InProcessNetwork network_;
  Node node_{test::node_options(1, journal_), registry_, network_.attach(1)};
  const ActorId counter_ = node_.adopt("c", std::make_unique<Counter>(40, "m"));
};

TEST_F(RegistryTest, knows_classes_and_methods_by_name) {
  EXPECT_THAT(registry_.class_names(), ElementsAre("counter", "keeper", "other"));
  EXPECT_EQ(registry_.name_of<Counter>(), "counter");
  EXPECT_EQ(registry_.find_class("counter")->name, "counter");
  EXPECT_EQ(registry_.find_class("nobody"), nullptr);
  EXPECT_EQ(registry_.find_method(registry_.id_of<&Counter::add>())->name, "counter.add");
  EXPECT_EQ(registry_.find_method(registry_.id_of<&Counter::shared>())->name, "counter.shared");
  EXPECT_EQ(registry_.find_method(1), nullptr);
}

TEST_F(RegistryTest, constructs_from_packed_arguments) {
  using Arguments = call_detail::ConstructorTraits<Counter::Constructor>::Arguments;
  const Bytes packed = call_detail::packed_arguments<Arguments>(7, "kg");  // int and const char* convert
  const auto actor = registry_.find_class("counter")->construct(packed);
  EXPECT_EQ(dynamic_cast<Counter&>(*actor).text(), "7kg");
  EXPECT_THROW(registry_.find_class("counter")->construct(Bytes()), DecodeError);
}

TEST_F(RegistryTest, invokes_methods_of_every_kind) {
  EXPECT_EQ(call<&Counter::add>(2), 42);
  EXPECT_EQ(call<&Counter::text>(), "42m");
  EXPECT_EQ(call<&Counter::take>("four"), 4);
  EXPECT_EQ(call<&Counter::shared>(), 11);
  call<&Counter::reset>();
  EXPECT_EQ(call<&Counter::text>(), "0m");
}

TEST_F(RegistryTest, a_method_that_waits_answers_when_it_is_done) {
  auto answer = invoke<&Counter::later>(arguments<&Counter::later>(5));
  EXPECT_FALSE(answer.ready());
  node_.step();
  EXPECT_EQ(answer.get(), 5);
}

TEST_F(RegistryTest, refuses_arguments_that_do_not_decode) {
  const std::vector<Bytes> wrong = {Bytes(), pack(1), arguments<&Counter::text>(),
                                    arguments<&Counter::take>("a word"),
                                    pack(std::vector<std::string>{"a", "b"})};
  for (const Bytes& packed : wrong) {
    const Failure failure = refusal<&Counter::add>(packed);
    EXPECT_EQ(failure.kind, Failure::Kind::kRefused);
    EXPECT_EQ(failure.actor, "c");
  }
  EXPECT_EQ(call<&Counter::text>(), "40m");
  EXPECT_THAT(refusal<&Counter::add>(arguments<&Counter::text>()).text,
              HasSubstr("0 arguments where 1 are taken"));
}

TEST_F(RegistryTest, refuses_a_method_of_another_class) {
  const Failure failure = refusal<&Other::method>(arguments<&Other::method>());
  EXPECT_EQ(failure.kind, Failure::Kind::kRefused);
  EXPECT_EQ(failure.text, "has no such method");
}

TEST_F(RegistryTest, a_method_whose_arguments_can_not_travel_is_refused_from_elsewhere) {
  const Failure failure = refusal<&Counter::keep>(arguments<&Counter::text>());
  EXPECT_EQ(failure.kind, Failure::Kind::kRefused);
  EXPECT_THAT(failure.text, HasSubstr("can't travel: call it on its own node"));
}

TEST_F(RegistryTest, a_class_whose_arguments_can_not_travel_is_made_on_its_own_node) {
  try {
    (void)registry_.find_class("keeper")->construct(Bytes());
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "an actor of this class is made on its own node only");
  }
}

TEST_F(RegistryTest, has_a_word_for_each_method) {
  EXPECT_EQ(registry_.method_word(&call_detail::kMethodKey<&Counter::later>), "later");
  EXPECT_EQ(registry_.method_word(&call_detail::kMethodKey<&Counter::unregistered>), "a method");
}

class Tuned : public Actor {
 public:
  using Constructor = void(std::uint32_t, bool, std::vector<std::string>);
  Tuned(std::uint32_t every, bool verbose, std::vector<std::string> names, const std::string& bound)
      : text(std::to_string(every) + (verbose ? " loud" : " quiet") + " " + names.at(0) + " " + bound) {}
  void run() {}
  void take(int) {}
  std::string text;
};

TEST(Registry, makes_actors_from_named_parameters_and_what_is_bound) {
  Registry registry;
  const std::string bound = "here";
  registry.actor<Tuned>("tuned", std::cref(bound))
      .parameters({"every", {"verbose", true}, "names"})
      .method<&Tuned::run>("run")
      .method<&Tuned::take>("take");
  const ClassEntry& entry = *registry.find_class("tuned");
  ASSERT_EQ(entry.parameters->size(), 3U);
  EXPECT_FALSE(entry.parameters->at(0).fallback);
  EXPECT_THAT(*entry.parameters->at(1).fallback, ElementsAre("true"));
  EXPECT_THAT(entry.commands, ElementsAre("run"));
  Settings values;
  values.set("every", 5);
  values.set("names", std::vector<std::string>{"a"});
  const auto actor =
      entry.construct(entry.pack_arguments(values.completed(*entry.parameters, "class tuned")));
  EXPECT_EQ(dynamic_cast<Tuned&>(*actor).text, "5 loud a here");
}

TEST(Registry, refuses_a_class_name_that_is_taken) {
  Registry twice = registry();
  EXPECT_THROW(twice.actor<Other>("counter"), Error);
}

TEST(RegistryDeathTest, names_are_unique_and_known) {
  EXPECT_DEATH(
      {
        Registry twice;
        twice.actor<Other>("other").method<&Other::method>("a").method<&Other::method>("a");
      },
      "two methods have the same name");
  EXPECT_DEATH(registry().id_of<&Counter::unregistered>(), "never registered");
  EXPECT_DEATH(Registry().name_of<Counter>(), "never registered");
}

}  // namespace
}  // namespace wisp::runtime
