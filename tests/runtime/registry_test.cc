#include "runtime/registry.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

Registry registry() {
  Registry registry;
  registry.actor<Counter>("counter")
      .method<&Counter::add>("add")
      .method<&Counter::text>("text")
      .method<&Counter::reset>("reset")
      .method<&Counter::take>("take")
      .method<&Counter::later>("later")
      .method<&Counter::shared>("shared");
  registry.actor<Other>("other").method<&Other::method>("method");
  return registry;
}

// What a call answers, with arguments packed as given.
struct Answer {
  bool given = false;
  Bytes body;
  std::optional<Failure> failure;
};

class RegistryTest : public testing::Test {
 protected:
  template <auto M>
  Answer invoke(Actor& actor, const Bytes& arguments) {
    Answer answer;
    const ReplySlot reply([&answer](Bytes body, const Failure* failure) {
      answer.given = true;
      answer.body = std::move(body);
      if (failure != nullptr) answer.failure = *failure;
    });
    Roots roots;
    try {
      registry_.find_method(registry_.id_of<M>())->invoke(actor, "c", roots, arguments, reply);
    } catch (...) {
      reply.failure(Failure::from_current_exception("c"));
    }
    return answer;
  }
  template <auto M, class... A>
  Bytes arguments(const A&... each) {
    return registry_detail::pack_arguments<typename registry_detail::MethodTraits<decltype(M)>::Arguments>(
        each...);
  }

  const Registry registry_ = registry();
  Counter counter_{40, "m"};
};

TEST_F(RegistryTest, knows_classes_and_methods_by_name) {
  EXPECT_THAT(registry_.class_names(), ElementsAre("counter", "other"));
  EXPECT_EQ(registry_.name_of<Counter>(), "counter");
  EXPECT_EQ(registry_.find_class("counter")->name, "counter");
  EXPECT_EQ(registry_.find_class("nobody"), nullptr);
  EXPECT_EQ(registry_.find_method(registry_.id_of<&Counter::add>())->name, "counter.add");
  EXPECT_EQ(registry_.find_method(registry_.id_of<&Counter::shared>())->name, "counter.shared");
  EXPECT_EQ(registry_.find_method(1), nullptr);
}

TEST_F(RegistryTest, constructs_from_packed_arguments) {
  using Arguments = registry_detail::ConstructorTraits<Counter::Constructor>::Arguments;
  const Bytes packed = registry_detail::pack_arguments<Arguments>(7, "kg");  // int and const char* convert
  const auto actor = registry_.find_class("counter")->construct(packed);
  EXPECT_EQ(dynamic_cast<Counter&>(*actor).text(), "7kg");
  EXPECT_THROW(registry_.find_class("counter")->construct(Bytes()), DecodeError);
}

TEST_F(RegistryTest, invokes_methods_of_every_kind) {
  EXPECT_EQ(unpack<std::int64_t>(invoke<&Counter::add>(counter_, arguments<&Counter::add>(2)).body), 42);
  EXPECT_EQ(unpack<std::string>(invoke<&Counter::text>(counter_, arguments<&Counter::text>()).body), "42m");
  EXPECT_EQ(unpack<int>(invoke<&Counter::take>(counter_, arguments<&Counter::take>("four")).body), 4);
  EXPECT_EQ(unpack<int>(invoke<&Counter::shared>(counter_, arguments<&Counter::shared>()).body), 11);
  const Answer nothing = invoke<&Counter::reset>(counter_, arguments<&Counter::reset>());
  EXPECT_TRUE(nothing.given && nothing.body.empty() && !nothing.failure);
  EXPECT_EQ(counter_.text(), "0m");
}

TEST_F(RegistryTest, a_method_that_waits_answers_when_it_is_done) {
  test::Stage stage;
  int answered = 0;
  Roots roots;
  stage.turn([&] {
    registry_.find_method(registry_.id_of<&Counter::later>())
        ->invoke(counter_, "c", roots, arguments<&Counter::later>(5),
                 ReplySlot([&](Bytes body, const Failure*) { answered = unpack<int>(body); }));
  });
  EXPECT_EQ(answered, 0);
  stage.run();
  EXPECT_EQ(answered, 5);
}

TEST_F(RegistryTest, refuses_arguments_that_do_not_decode) {
  const std::vector<Bytes> wrong = {Bytes(), pack(1), arguments<&Counter::text>(),
                                    arguments<&Counter::take>("a word"),
                                    pack(std::vector<std::string>{"a", "b"})};
  for (const Bytes& packed : wrong) {
    const Answer answer = invoke<&Counter::add>(counter_, packed);
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->kind, Failure::Kind::kRefused);
    EXPECT_EQ(answer.failure->actor, "c");
  }
  EXPECT_EQ(counter_.text(), "40m");
  EXPECT_THAT(invoke<&Counter::add>(counter_, arguments<&Counter::text>()).failure->text,
              HasSubstr("0 arguments where 1 are taken"));
}

TEST_F(RegistryTest, refuses_a_method_of_another_class) {
  const Answer answer = invoke<&Other::method>(counter_, arguments<&Other::method>());
  ASSERT_TRUE(answer.failure);
  EXPECT_EQ(answer.failure->kind, Failure::Kind::kRefused);
  EXPECT_EQ(answer.failure->text, "has no such method");
}

TEST(RegistryDeathTest, names_are_unique_and_known) {
  EXPECT_DEATH(
      {
        Registry twice = registry();
        twice.actor<Other>("counter");
      },
      "two actor classes have the same name");
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
