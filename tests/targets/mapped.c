// mapped FILE [COUNT]: a process with memory of every kind at known addresses, and COUNT mappings more. For each byte on stdin
// it says a sum of all that can be read there.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define PAGE 4096L
#define BASE 0x100000000000L
#define SPACE 0x1000000L

static char *map(long at, long pages, int access, int flags, int fd) {
  char *wanted = (char *)(BASE + at);
  char *here = mmap(wanted, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, fd, 0);
  if (here != wanted) fail("mmap: %s", strerror(errno));
  for (long at = 0; at < pages * PAGE; at++) here[at] = at * 7 + (at >> 12);
  if (mprotect(here, pages * PAGE, access)) fail("mprotect: %s", strerror(errno));
  return here;
}

static void sum(void) {
  unsigned long sum = 0;
  static unsigned char page[PAGE];
  for (long at = BASE; at < BASE + SPACE; at += PAGE) {
    struct iovec own = {page, PAGE}, there = {(void *)at, PAGE};
    if (process_vm_readv(getpid(), &own, 1, &there, 1, 0) != PAGE) continue;
    for (long byte = 0; byte < PAGE; byte++) sum = sum * 31 + page[byte] + at;
  }
  fprintf(stderr, "sum %lx\n", sum);
}

int main(int count, char **arguments) {
  const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  int file = open(arguments[1], O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, 8 * PAGE)) fail("%s: %s", arguments[1], strerror(errno));
  map(0, 16, rw, anonymous, -1);
  // Four that lie side by side.
  map(0x100000, 3, rw, anonymous, -1);
  map(0x103000, 3, PROT_READ, anonymous, -1);
  map(0x106000, 3, PROT_NONE, anonymous, -1);
  map(0x109000, 3, PROT_READ | PROT_EXEC, anonymous, -1);
  map(0x200000, 8, rw, MAP_SHARED | MAP_ANONYMOUS, -1);
  map(0x300000, 8, PROT_READ, MAP_PRIVATE, file);
  map(0x400000, 8, rw, MAP_SHARED, file);
  char *advised = map(0x500000, 8, rw, anonymous, -1);
  mlock(advised + PAGE, 2 * PAGE);
  syscall(SYS_mlock2, advised + 3 * PAGE, PAGE, 1);
  madvise(advised + 5 * PAGE, PAGE, MADV_DONTDUMP);
  madvise(advised + 6 * PAGE, PAGE, MADV_RANDOM);
  map(0x800000, 4, rw, anonymous, -1);
  map(0x804000, 4, PROT_READ, anonymous, -1);
  char *sealed = map(0x900000, 4, rw, anonymous, -1);
  fprintf(stderr, "sealed %ld\n", syscall(462, sealed, 4 * PAGE, 0));
  int segment = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
  char *attached = shmat(segment, (char *)BASE + 0x600000, 0);
  if (attached == (char *)-1) fail("shmat: %s", strerror(errno));
  memset(attached, 5, 4 * PAGE);
  // It goes with the process.
  shmctl(segment, IPC_RMID, NULL);
  fprintf(stderr, "segment %d\n", segment);
  fprintf(stderr, "heap %ld\n", (long)sbrk(0));
  for (long more = count > 2 ? atol(arguments[2]) : 0; more > 0; more--)
    map(SPACE + more * 2 * PAGE, 1, rw, anonymous, -1);
  ready();
  char byte;
  while (read(0, &byte, 1) == 1) sum();
  return 0;
}
