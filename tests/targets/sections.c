// sections [thread]: runs restartable sequences without end, in its first thread or in another while the first one sleeps.
//
// A section reads `epoch` when it begins and again before it commits. The test has criu-plan change `epoch` (getrandom) at an
// address that is told on stderr: a section that sees two epochs was stopped in its middle and went on, which it must not.
#define _GNU_SOURCE
#include "common.h"
#include <linux/rseq.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/rseq.h>

static volatile uint64_t epoch;
static volatile uint64_t aborts, commits;

// One attempt: 0 committed, 1 aborted, 2 torn.
__attribute__((noinline)) static int attempt(struct rseq *own) {
  int result = 0;
  asm volatile(
      ".pushsection __rseq_cs,\"aw\"\n .balign 32\n"
      "3: .long 0,0\n .quad 1f, 2f-1f, 4f\n .popsection\n"
      "lea 3b(%%rip),%%rax\n mov %%rax,%[cs]\n"
      "1:\n mov %[epoch],%%rcx\n mov $200000,%%rdx\n"
      "5: dec %%rdx\n jnz 5b\n"
      "cmp %[epoch],%%rcx\n jne 6f\n"
      "incq %[commits]\n"
      "2:\n jmp 7f\n"
      ".long 0x53053053\n"
      "4: movl $1,%[result]\n jmp 7f\n"
      "6: movl $2,%[result]\n"
      "7:\n"
      : [cs] "+m"(own->rseq_cs), [commits] "+m"(commits), [result] "+m"(result)
      : [epoch] "m"(epoch)
      : "rax", "rcx", "rdx", "memory", "cc");
  return result;
}

static void *sections(void *unused) {
  struct rseq *own = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
  if (__rseq_size == 0) fail("the C library has registered no rseq");
  for (;;) {
    int result = attempt(own);
    own->rseq_cs = 0;
    if (result == 2) fail("a restartable sequence went on over a stop");
    if (result == 1) aborts++;
  }
  return unused;
}

int main(int count, char **args) {
  (void)args;
  note_self();
  fprintf(stderr, "epoch %p\n", (void *)&epoch);
  if (count == 1) ready(), sections(NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, sections, NULL);
  while (commits + aborts == 0) {}
  ready();
  for (;;) pause();
}
