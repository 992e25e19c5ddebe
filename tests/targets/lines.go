// Prints lines for ever, with goroutines that grow their stacks, a collector that runs all the time, and timers.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

func deeper(n int) int {
	var frame [128]int
	for i := range frame {
		frame[i] = n
	}
	if n == 0 {
		return 0
	}
	sum := deeper(n-1) + 1
	for i := range frame {
		if frame[i] != n {
			fmt.Fprintln(os.Stderr, "FAILED a frame was overwritten")
			os.Exit(9)
		}
	}
	return sum
}

func main() {
	for i := 0; i < 8; i++ {
		go func(depth int) {
			for {
				deeper(depth)
				time.Sleep(time.Millisecond)
			}
		}(50 + i*20)
	}
	go func() {
		for {
			runtime.GC()
			time.Sleep(20 * time.Millisecond)
		}
	}()
	fmt.Fprintln(os.Stderr, "ready")
	for i := 0; ; i++ {
		fmt.Println("line", i)
		time.Sleep(20 * time.Millisecond)
	}
}
