// Answers HTTP requests on a loopback port, a goroutine each, and prints a line for each.
package main

import (
	"fmt"
	"net"
	"os"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED", err)
		os.Exit(9)
	}
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	fail(err)
	fmt.Fprintln(os.Stderr, "ready", listener.Addr().(*net.TCPAddr).Port)
	for {
		client, err := listener.Accept()
		fail(err)
		go func() {
			request := make([]byte, 4096)
			_, err := client.Read(request)
			fail(err)
			_, err = fmt.Println("request")
			fail(err)
			_, err = client.Write([]byte("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"))
			fail(err)
			client.Close()
		}()
	}
}
