// registers integer|ymm|zmm: tight loops that end with a sentence if a register ever holds what it should not. A line after
// each round.
#include "common.h"
#include <immintrin.h>
#include <stdint.h>
#include <sys/prctl.h>

__attribute__((noinline)) static void integers(void) {
  uint64_t bad = 0;
#define SET(value, name) "mov $0x" value ",%%" name "\n"
#define CHECK(value, name) "mov $0x" value ",%%rax\n cmp %%rax,%%" name "\n jne 2f\n"
#define ALL(DO)                                                                                                  \
  DO("1111111111111111", "rbx") DO("2222222222222222", "rcx") DO("3333333333333333", "rdx")                      \
  DO("4444444444444444", "rsi") DO("5555555555555555", "rdi") DO("6666666666666666", "r8")                       \
  DO("7777777777777777", "r9") DO("8888888888888888", "r10") DO("9999999999999999", "r11")                       \
  DO("aaaaaaaaaaaaaaaa", "r12") DO("bbbbbbbbbbbbbbbb", "r13") DO("cccccccccccccccc", "r14") DO("dddddddddddddddd", "r15")
  // The counter lives in the red zone.
  asm volatile(ALL(SET) "mov $100000,%%rax\n 1: mov %%rax,-8(%%rsp)\n" ALL(CHECK)
               "mov -8(%%rsp),%%rax\n dec %%rax\n jnz 1b\n jmp 3f\n 2: movq $1,%0\n 3:\n"
               : "+m"(bad)::"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                 "memory", "cc");
  if (bad) fail("an integer register was changed");
}

// Compared in memory with what only general registers hold: a vector register lost with the others would agree with them.
__attribute__((noinline)) static int hold(const uint64_t *lanes, int count, uint64_t value) {
  for (int i = 0; i < count; i++)
    if (((volatile const uint64_t *)lanes)[i] != value) return 0;
  return 1;
}

__attribute__((target("avx2"), noinline)) static void ymm(long seed) {
  __m256i a = _mm256_set1_epi64x(0x0101010101010101 * seed), b = _mm256_set1_epi64x(~seed);
  for (int i = 0; i < 100000; i++) asm volatile("" : "+x"(a), "+x"(b));
  uint64_t lanes[8];
  _mm256_storeu_si256((__m256i *)lanes, a), _mm256_storeu_si256((__m256i *)(lanes + 4), b);
  if (!hold(lanes, 4, 0x0101010101010101 * seed) || !hold(lanes + 4, 4, ~seed)) fail("a ymm register was changed");
}

__attribute__((target("avx512f"), noinline)) static void zmm(long seed) {
  __m512i a = _mm512_set1_epi64(0x0101010101010101 * seed), b = _mm512_set1_epi64(~seed);
  __mmask8 mask = 0x5a;
  for (int i = 0; i < 100000; i++) asm volatile("" : "+v"(a), "+v"(b), "+Yk"(mask));
  uint64_t lanes[16];
  _mm512_storeu_si512(lanes, a), _mm512_storeu_si512(lanes + 8, b);
  if (!hold(lanes, 8, 0x0101010101010101 * seed) || !hold(lanes + 8, 8, ~seed) || mask != 0x5a)
    fail("a zmm or mask register was changed");
}

int main(int count, char **args) {
  (void)count;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Rounding towards zero, everything unmasked as it was: mxcsr is part of what must come back.
  unsigned control = _mm_getcsr() | 0x6000;
  _mm_setcsr(control);
  arm_self(), note_self();
  ready();
  for (long seed = 1;; seed = seed % 200 + 1) {
    if (args[1][0] == 'i') integers();
    else if (args[1][0] == 'y') ymm(seed);
    else zmm(seed);
    if ((_mm_getcsr() & ~0x3fu) != (control & ~0x3fu)) fail("mxcsr was changed");
    check_self();
    if (write(1, "line\n", 5) != 5) fail("write: %s", strerror(errno));
  }
}
