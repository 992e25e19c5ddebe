// A process whose stack was in use down to its bottom, and whose data ends early in a page; prints lines.
#include "common.h"

// Nothing else of this program is large: its data end a little behind the begin of a page.
asm(".section .bss\n .balign 4096\n .zero 64\n .text\n");

static int dive(int depth) {
  volatile unsigned char frame[4096];
  for (size_t i = 0; i < sizeof frame; i++) frame[i] = (unsigned char)(depth | 1);
  return depth ? dive(depth - 1) + frame[0] : 0;
}

int main(void) {
  dive(100);
  note_self();
  ready();
  for (;;) {
    check_self();
    if (write(1, "line\n", 5) < 0) fail("write: %s", strerror(errno));
    usleep(20000);
  }
}
