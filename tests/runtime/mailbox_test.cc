#include "runtime/mailbox.h"

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;

class Numbered final : public Mail {
 public:
  explicit Numbered(int its_number, bool counts = true) : Mail(counts), number(its_number) {}
  void run(Cell&) override {}
  void refuse(const Failure&) override {}
  const int number;
};

std::vector<int> numbers(const Mail* mail) {
  std::vector<int> all;
  for (; mail != nullptr; mail = mail->next) all.push_back(static_cast<const Numbered*>(mail)->number);
  return all;
}

Mailbox::Pushed push(Mailbox& mailbox, Mail& mail) {
  return mailbox.push(mail, mail, mail.is_message ? 1 : 0);
}

TEST(Mailbox, the_push_that_finds_it_idle_is_the_first) {
  Mailbox mailbox;
  Numbered one(1), two(2), three(3);
  EXPECT_EQ(push(mailbox, one), Mailbox::Pushed::kFirst);
  EXPECT_EQ(push(mailbox, two), Mailbox::Pushed::kQueued);
  std::uint32_t messages = 0;
  EXPECT_THAT(numbers(mailbox.take_all(messages)), ElementsAre(1, 2));
  EXPECT_EQ(messages, 2u);
  EXPECT_EQ(mailbox.take_all(messages), nullptr);
  EXPECT_EQ(push(mailbox, three), Mailbox::Pushed::kQueued);  // its consumer has not gone idle
  EXPECT_FALSE(mailbox.try_idle());
  EXPECT_THAT(numbers(mailbox.take_all(messages)), ElementsAre(3));
  EXPECT_TRUE(mailbox.try_idle());
  EXPECT_EQ(push(mailbox, one), Mailbox::Pushed::kFirst);
}

TEST(Mailbox, takes_chains) {
  Mailbox mailbox;
  Numbered zero(0), one(1), two(2, false), three(3);
  (void)push(mailbox, zero);
  one.next = nullptr;
  two.next = &one;
  three.next = &two;
  EXPECT_EQ(mailbox.push(three, one, 2), Mailbox::Pushed::kQueued);
  EXPECT_EQ(mailbox.messages(), 3u);
  std::uint32_t messages = 0;
  EXPECT_THAT(numbers(mailbox.take_all(messages)), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(messages, 3u);
  mailbox.taken(messages);
  EXPECT_EQ(mailbox.messages(), 0u);
}

TEST(Mailbox, reserves_up_to_its_capacity) {
  Mailbox mailbox;
  EXPECT_TRUE(mailbox.reserve(2));
  EXPECT_TRUE(mailbox.reserve(2));
  EXPECT_FALSE(mailbox.reserve(2));
  mailbox.taken(1);
  EXPECT_TRUE(mailbox.reserve(2));
}

TEST(Mailbox, takes_nothing_when_it_is_closed) {
  for (const bool idle : {false, true}) {
    Mailbox mailbox;
    Numbered one(1), two(2);
    if (!idle) (void)push(mailbox, one);
    EXPECT_FALSE(mailbox.is_closed());
    EXPECT_EQ(numbers(mailbox.close()), idle ? std::vector<int>() : std::vector<int>({1}));
    EXPECT_TRUE(mailbox.is_closed());
    EXPECT_EQ(push(mailbox, two), Mailbox::Pushed::kClosed);
    EXPECT_EQ(mailbox.close(), nullptr);
  }
}

// An actor with its scheduler: whose push is the first lets the consumer have a turn.
class Consumer {
 public:
  explicit Consumer(int senders) : last_(static_cast<std::size_t>(senders), -1) {}
  Mailbox mailbox;
  std::atomic<int> scheduled{0};

  void serve(int expected) {
    while (taken_ < expected) {
      int turns = scheduled.load(std::memory_order_acquire);
      if (turns == 0 || !scheduled.compare_exchange_weak(turns, turns - 1)) {
        std::this_thread::yield();
        continue;
      }
      EXPECT_EQ(turns, 1) << "it was scheduled while it had a turn";
      while (!take_all()) {
      }
    }
    EXPECT_EQ(taken_, expected);
    EXPECT_EQ(mailbox.messages(), 0u);
  }

 private:
  // True: it has gone idle.
  bool take_all() {
    std::uint32_t messages = 0;
    Mail* mail = mailbox.take_all(messages);
    if (mail == nullptr) return mailbox.try_idle();
    mailbox.taken(messages);
    while (mail != nullptr) {
      const int number = static_cast<const Numbered*>(mail)->number;
      const auto sender = static_cast<std::size_t>(number / 10'000);
      EXPECT_EQ(number % 10'000, ++last_[sender]) << "of sender " << sender;
      mail = mail->next;
      ++taken_;
    }
    return false;
  }
  std::vector<int> last_;
  int taken_ = 0;
};

TEST(MailboxRace, keeps_each_senders_order_and_schedules_once) {
  constexpr int kSenders = 4;
  constexpr int kMails = 300;
  for (int repeat = 0; repeat < test::repeats(); ++repeat) {
    Consumer consumer(kSenders);
    std::vector<std::vector<std::unique_ptr<Numbered>>> mails(kSenders);
    for (int sender = 0; sender < kSenders; ++sender) {
      for (int i = 0; i < kMails; ++i) {
        mails[static_cast<std::size_t>(sender)].push_back(std::make_unique<Numbered>(sender * 10'000 + i));
      }
    }
    std::vector<std::thread> threads;
    for (const auto& own : mails) {
      threads.emplace_back([&consumer, &own] {
        for (std::size_t i = 0; i < own.size();) {
          const std::size_t end = std::min(own.size(), i + 1 + i % 5);  // chains of 1 to 5
          own[i]->next = nullptr;
          for (std::size_t k = i + 1; k < end; ++k) own[k]->next = own[k - 1].get();
          const auto count = static_cast<std::uint32_t>(end - i);
          if (consumer.mailbox.push(*own[end - 1], *own[i], count) == Mailbox::Pushed::kFirst)
            ++consumer.scheduled;
          i = end;
        }
      });
    }
    consumer.serve(kSenders * kMails);
    for (std::thread& each : threads) each.join();
  }
}

// Each mail is either among those that waited when it closed, or was not taken, and then nothing hangs on to
// it.
TEST(MailboxRace, a_close_divides_what_was_taken_from_what_was_not) {
  constexpr int kSenders = 3;
  for (int repeat = 0; repeat < 4 * test::repeats(); ++repeat) {
    Mailbox mailbox;
    std::vector<std::unique_ptr<Numbered>> mails;
    for (int i = 0; i < kSenders * 40; ++i) mails.push_back(std::make_unique<Numbered>(i));
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender < kSenders; ++sender) {
      threads.emplace_back([&, sender] {
        for (std::size_t i = 0; i < 40; i += 2) {
          Numbered& oldest = *mails[sender * 40 + i];
          Numbered& newest = *mails[sender * 40 + i + 1];
          oldest.next = nullptr;
          newest.next = &oldest;
          if (mailbox.push(newest, oldest, 2) != Mailbox::Pushed::kClosed) continue;
          EXPECT_EQ(newest.next, &oldest);
          EXPECT_EQ(oldest.next, nullptr);
          refused += 2;
        }
      });
    }
    for (int i = 0; i < repeat % 7; ++i) std::this_thread::yield();
    const std::size_t waited = numbers(mailbox.close()).size();
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(waited + static_cast<std::size_t>(refused.load()), mails.size());
  }
}

TEST(MailboxRace, reservations_never_exceed_the_capacity) {
  for (int repeat = 0; repeat < test::repeats(); ++repeat) {
    Mailbox mailbox;
    std::atomic<int> reserved = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          if (!mailbox.reserve(5)) continue;
          EXPECT_LE(++reserved, 5);
          --reserved;
          mailbox.taken(1);
        }
      });
    }
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(mailbox.messages(), 0u);
  }
}

}  // namespace
}  // namespace wisp::runtime
