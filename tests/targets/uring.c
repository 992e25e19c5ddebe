// uring poll|workers: an io_uring whose kernel thread polls, or whose workers are stuck in reads of an empty pipe; prints lines.
#define _GNU_SOURCE
#include "common.h"
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/syscall.h>

int main(int count, char **args) {
  (void)count;
  int poll = args[1][0] == 'p', pipe_fd[2], entries = 4;
  static char buffer[64];
  struct io_uring_params params = {.flags = poll ? IORING_SETUP_SQPOLL : 0, .sq_thread_idle = 3600000};
  int fd = syscall(SYS_io_uring_setup, entries, &params);
  if (fd < 0) {
    fprintf(stderr, "unavailable: %s\n", strerror(errno));
    return 0;
  }
  if (pipe(pipe_fd)) fail("pipe");
  // One mapping holds both rings (IORING_FEAT_SINGLE_MMAP).
  char *sq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
  struct io_uring_sqe *entry = mmap(NULL, params.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
  for (int i = 0; i < entries; i++) {
    entry[i] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ, .fd = pipe_fd[0], .addr = (uintptr_t)buffer, .len = 1, .flags = IOSQE_ASYNC};
    ((unsigned *)(sq + params.sq_off.array))[i] = i;
  }
  if (!poll) {
    __atomic_store_n((unsigned *)(sq + params.sq_off.tail), entries, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, fd, entries, 0, 0, NULL, 0) != entries) fail("io_uring_enter: %s", strerror(errno));
  }
  note_self();
  ready();
  for (;;) {
    check_self();
    if (*(volatile unsigned *)(sq + params.cq_off.tail)) fail("a read by a worker was interrupted");
    if (write(1, "line\n", 5) < 0) fail("write");
    usleep(20000);
  }
}
