// Prints lines for ever; of calls that every C library has.
#include "common.h"

int main(void) {
  note_self();
  ready();
  for (;;) {
    check_self();
    if (write(1, "line\n", 5) < 0) fail("write: %s", strerror(errno));
    usleep(20000);
  }
}
