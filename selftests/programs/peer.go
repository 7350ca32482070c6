// SPDX-License-Identifier: GPL-2.0
//
// Both ends of HTTP, and of a question that ends before its answer begins, in Go, which
// makes its system calls itself.
//
//	peer [-p PROTOCOL] serve ADDRESS:PORT FOLDER	its files over HTTP
//	peer [-p PROTOCOL] get URL...		prints what is there; one after the other
//	peer [-p PROTOCOL] answer ADDRESS:PORT	what is asked, in capitals, once it has ended
//	peer [-p PROTOCOL] ask ADDRESS:PORT	asks its standard input, prints the answer
//
// With -p, sockets have that number as the third argument of socket(2); without, what Go
// itself gives them.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
)

var protocol = flag.Int("p", 0, "socket's third argument")

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// open makes a socket of that protocol's, and has use (bind or connect) done to it.
func open(where string, use func(int, syscall.Sockaddr) error) (*os.File, error) {
	there, err := netip.ParseAddrPort(where)
	if err != nil {
		return nil, err
	}
	family := syscall.AF_INET6
	var address syscall.Sockaddr = &syscall.SockaddrInet6{
		Port: int(there.Port()), Addr: there.Addr().As16()}
	if there.Addr().Is4() {
		family = syscall.AF_INET
		address = &syscall.SockaddrInet4{
			Port: int(there.Port()), Addr: there.Addr().As4()}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, *protocol)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), where)
	if err := use(fd, address); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func dial(_ context.Context, _, where string) (net.Conn, error) {
	if *protocol == 0 {
		return net.Dial("tcp", where)
	}
	f, err := open(where, syscall.Connect)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileConn(f)
}

func listen(where string) (net.Listener, error) {
	if *protocol == 0 {
		return net.Listen("tcp", where)
	}
	f, err := open(where, func(fd int, address syscall.Sockaddr) error {
		// What is in TIME-WAIT there is no reason, as Go itself has it.
		err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		if err != nil {
			return err
		}
		if err := syscall.Bind(fd, address); err != nil {
			return err
		}
		return syscall.Listen(fd, syscall.SOMAXCONN)
	})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileListener(f)
}

func get(urls []string) {
	dialled := 0
	client := http.Client{Transport: &http.Transport{
		DialContext: func(c context.Context, network, where string) (net.Conn, error) {
			dialled++
			return dial(c, network, where)
		}}}
	for _, url := range urls {
		answer, err := client.Get(url)
		check(err)
		_, err = io.Copy(os.Stdout, answer.Body)
		check(err)
		answer.Body.Close()
	}
	fmt.Fprintln(os.Stderr, "connections:", dialled)
}

func answer(c net.Conn) {
	question, err := io.ReadAll(c)
	check(err)
	_, err = c.Write(bytes.ToUpper(question))
	check(err)
	check(c.Close())
}

func ask(where string) {
	c, err := dial(context.Background(), "tcp", where)
	check(err)
	_, err = io.Copy(c, os.Stdin)
	check(err)
	check(c.(*net.TCPConn).CloseWrite())
	_, err = io.Copy(os.Stdout, c)
	check(err)
}

func main() {
	flag.Parse()
	words := flag.Args()
	switch {
	case len(words) == 3 && words[0] == "serve":
		l, err := listen(words[1])
		check(err)
		check(http.Serve(l, http.FileServer(http.Dir(words[2]))))
	case len(words) > 1 && words[0] == "get":
		get(words[1:])
	case len(words) == 2 && words[0] == "answer":
		l, err := listen(words[1])
		check(err)
		for {
			c, err := l.Accept()
			check(err)
			go answer(c)
		}
	case len(words) == 2 && words[0] == "ask":
		ask(words[1])
	default:
		check(fmt.Errorf("what is %q?", words))
	}
}
