// keeper KIND …: a process that has several of something, and ends with a sentence if something is done to it.
//   keeper logs PATH…      has each file open for appending, on descriptors from 20 on, and writes a line to each for ever
//   keeper flips           has descriptor 30 open half of the time
//   keeper workers N       has N threads named worker-0, worker-1 … that each look after themselves
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>

static void nap(void) { nanosleep(&(struct timespec){0, 5000000}, NULL); }

static void logs(int count, char **paths) {
  for (int i = 0; i < count; i++) {
    int fd = open(paths[i], O_WRONLY | O_CREAT | (i % 2 ? 0 : O_APPEND), 0644);
    if (fd < 0 || dup3(fd, 20 + i, i % 2 ? O_CLOEXEC : 0) < 0) fail("%s: %s", paths[i], strerror(errno));
    close(fd);
  }
  note_self();
  ready();
  for (;;) {
    check_self();
    for (int i = 0; i < count; i++)
      if (write(20 + i, "line\n", 5) != 5) fail("descriptor %d: %s", 20 + i, strerror(errno));
    nap();
  }
}

static void flips(void) {
  note_self();
  ready();
  for (;;) {
    check_self();
    dup2(2, 30);
    for (volatile int i = 0; i < 20000; i++) {}
    close(30);
    for (volatile int i = 0; i < 20000; i++) {}
  }
}

static pthread_barrier_t all_there;
static void *worker(void *number) {
  char name[16];
  snprintf(name, sizeof name, "worker-%ld", (long)number);
  pthread_setname_np(pthread_self(), name);
  volatile unsigned char canary[4096];
  for (size_t i = 0; i < sizeof canary; i++) canary[i] = (unsigned char)(i * 7 + (long)number);
  sigset_t before, now;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  pthread_barrier_wait(&all_there);
  for (;;) {
    // Some wait in the kernel, some compute.
    if ((long)number % 3) nap();
    else for (volatile int i = 0; i < 100000; i++) {}
    for (size_t i = 0; i < sizeof canary; i++)
      if (canary[i] != (unsigned char)(i * 7 + (long)number)) fail("a stack was overwritten");
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    for (int signal = 1; signal < 65; signal++)
      if (sigismember(&before, signal) != sigismember(&now, signal)) fail("a thread's mask has changed");
  }
  return NULL;
}

int main(int count, char **args) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (count > 2 && strcmp(args[1], "logs") == 0) logs(count - 2, args + 2);
  if (count > 1 && strcmp(args[1], "flips") == 0) flips();
  if (count > 2 && strcmp(args[1], "workers") == 0) {
    int amount = atoi(args[2]);
    pthread_barrier_init(&all_there, NULL, (unsigned)amount + 1);
    pthread_t thread;
    for (long i = 0; i < amount; i++)
      if (pthread_create(&thread, NULL, worker, (void *)i)) fail("no thread");
    pthread_barrier_wait(&all_there);
    note_self();
    ready();
    for (;;) check_self(), nap();
  }
  fail("no such kind");
}
