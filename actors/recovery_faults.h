#pragma once
// RecoveryFaults: mistakes that a run can be told to make, to see whether a test finds them.

namespace wisp::actors {

// For tests that plant faults; all off.
struct RecoveryFaults {
  RecoveryFaults() = default;
  // Of the masters.
  bool no_recall = false;           // a successor is not told what was sent since its checkpoint
  bool no_known_check = false;      // any successor will do, however old its checkpoint
  bool nothing_on_its_way = false;  // updates on their way are left out of a cut
  bool late_save = false;           // the master's state is saved some updates after the cut
  bool keep_dead_cut = false;       // a cut waits for the part of a worker that has died
  bool early_trim = false;          // what was sent is forgotten before the checkpoint is durable
  // Of workers.
  bool no_rewind = false;  // it goes on from where it is when a new master leads
  bool late_part = false;  // its part is taken after its next step
  // Of the keeper.
  bool mixed_parts = false;   // parts of different cuts come together in a checkpoint
  bool early_answer = false;  // a checkpoint is called durable before it is written
  // Of the supervisor.
  bool ends_by_name = false;  // the end of an earlier incarnation is taken for the present one's
  template <class F>
  void fields(F& f) {
    f(no_recall, no_known_check, nothing_on_its_way, late_save, keep_dead_cut, early_trim, no_rewind,
      late_part, mixed_parts, early_answer, ends_by_name);
  }
};

}  // namespace wisp::actors
