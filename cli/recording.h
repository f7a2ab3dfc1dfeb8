#pragma once
// The files of the job keys record and replay.
#include "actors/job.h"
#include "config/experiment.h"

namespace wisp::cli {

// Reads the file that is to be replayed, and makes the one that is to be written, empty. Throws ConfigErrors
// that name the key's place: a file that can't be read or made, or one that is of no use for this job. What
// can't be written later is an Error of whoever writes it.
actors::Recording recording_of(const config::Experiment& experiment);

}  // namespace wisp::cli
