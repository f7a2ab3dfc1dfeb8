// The peer of the slow-link demonstration: synchronous data parallelism of dense vectors over MPI. Each round
// every process computes for so long, then all of them sum a vector of floats.
//
// usage: mpirun -n N mpi_peer VALUES SECONDS COMPUTE_US
// Runs rounds for SECONDS, at least 3, and prints {processes, values, rounds, seconds, compute_seconds}:
// those of process 0. Computing is a loop that keeps its core busy until it has had COMPUTE_US of processor
// time.

#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace {

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void compute(double seconds) {
  const double end = processor_seconds() + seconds;
  while (processor_seconds() < end) {
  }
}

void all_reduce(std::vector<float>& values) {
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_FLOAT, MPI_SUM,
                MPI_COMM_WORLD);
}

int run(int values, double seconds, double compute_seconds) {
  int rank = 0;
  int processes = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  std::vector<float> sum(static_cast<std::size_t>(values), 1);
  all_reduce(sum);  // connects
  if (sum.front() != static_cast<float>(processes)) {
    std::fprintf(stderr, "mpi_peer: a sum of %d ones is %g\n", processes, static_cast<double>(sum.front()));
    return 1;
  }
  sum.assign(sum.size(), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  double computing = 0;
  int rounds = 0;
  for (int more = 1; more != 0; ++rounds) {
    const double start = MPI_Wtime();
    compute(compute_seconds);
    computing += MPI_Wtime() - start;
    all_reduce(sum);
    more = rounds < 2 || MPI_Wtime() - begin < seconds ? 1 : 0;
    MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  if (rank == 0) {
    std::printf(
        "{\"processes\": %d, \"values\": %d, \"rounds\": %d, \"seconds\": %.6f, \"compute_seconds\": %.6f}\n",
        processes, values, rounds, MPI_Wtime() - begin, computing);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  MPI_Init(&count, &words);
  int status = 64;
  if (count == 4 && std::atoi(words[1]) > 0) {
    status = run(std::atoi(words[1]), std::atof(words[2]), 1e-6 * std::atof(words[3]));
  } else {
    std::fprintf(stderr, "usage: mpi_peer VALUES SECONDS COMPUTE_US\n");
  }
  MPI_Finalize();
  return status;
}
