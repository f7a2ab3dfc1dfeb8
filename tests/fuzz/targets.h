#pragma once
// The fuzz targets, by name: fuzz_<name> is in <name>_fuzz.cc, its corpus in the folder corpus/<name>.
#include "tests/fuzz/fuzz.h"

namespace wisp::fuzz {

// Bytes from the network.
void fuzz_frame(Data data);    // what a frame is: its header, its messages; heartbeats
void fuzz_indices(Data data);  // encoded indices
void fuzz_message(Data data);  // every message that is packed
void fuzz_node(Data data);     // a node that is sent frames
void fuzz_pack(Data data);     // msgpack
void fuzz_vector(Data data);   // a sparse vector

// Files, and what other programs say.
void fuzz_checkpoint(Data data);  // checkpoints of runs
void fuzz_elf(Data data);         // what a program asks of the C library
void fuzz_idx(Data data);         // data sets of images
void fuzz_job(Data data);         // job files
void fuzz_libsvm(Data data);      // data sets
void fuzz_lines(Data data);       // lines of logs
void fuzz_pipe(Data data);        // an agent's stdin and stdout
void fuzz_records(Data data);     // state.json, and the words of ssh, of Slurm, and of hosts
void fuzz_restore(Data data);     // saved states of actors and methods
void fuzz_words(Data data);       // addresses, durations, sizes, what a shell and a terminal are given

struct Target {
  const char* name;
  void (*run)(Data data);
};

inline constexpr Target kTargets[] = {
    {"checkpoint", fuzz_checkpoint},
    {"elf", fuzz_elf},
    {"frame", fuzz_frame},
    {"idx", fuzz_idx},
    {"indices", fuzz_indices},
    {"job", fuzz_job},
    {"libsvm", fuzz_libsvm},
    {"lines", fuzz_lines},
    {"message", fuzz_message},
    {"node", fuzz_node},
    {"pack", fuzz_pack},
    {"pipe", fuzz_pipe},
    {"records", fuzz_records},
    {"restore", fuzz_restore},
    {"vector", fuzz_vector},
    {"words", fuzz_words},
};

}  // namespace wisp::fuzz
