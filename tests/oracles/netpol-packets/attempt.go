package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Only what goes wrong takes this long: a denial is said at once.
const (
	patience = 3 * time.Second
	tries    = 3
)

var (
	errProhibited = errors.New("administratively prohibited")
	errSilence    = errors.New("no answer")
)

// try sends until something is said, and puts it in a word.
func (a *attempt) try() string {
	var err error
	for range tries {
		if err = a.once(); !errors.Is(err, errSilence) {
			break
		}
	}
	switch err {
	case nil:
		return allowed
	case errProhibited:
		return denied
	default:
		return "lost: " + err.Error()
	}
}

// once sends in the thread of the caller, which is in the sender's namespace.
//
// The kernel keeps what ICMP says of a connection in the queue of its errors;
// a TCP socket that is just being used would not be told otherwise
// (tcp_v6_err in net/ipv6/tcp_ipv6.c).
func (a *attempt) once() error {
	family, level, option := unix.AF_INET, unix.SOL_IP, unix.IP_RECVERR
	if a.to.Addr().Is6() {
		family, level, option = unix.AF_INET6, unix.SOL_IPV6, unix.IPV6_RECVERR
	}
	kind := unix.SOCK_STREAM
	if a.protocol == "UDP" {
		kind = unix.SOCK_DGRAM
	}
	socket, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	if err := unix.SetsockoptInt(socket, level, option, 1); err != nil {
		return err
	}
	// No port waits after the end.
	if err := unix.SetsockoptLinger(socket, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return err
	}
	if err := unix.Bind(socket, sockaddr(a.from)); err != nil {
		return err
	}
	err = a.talk(socket)
	if err != nil && prohibited(socket) {
		return errProhibited
	}
	return err
}

func (a *attempt) talk(socket int) error {
	if err := unix.Connect(socket, sockaddr(a.to)); err != nil && err != unix.EINPROGRESS {
		return err
	}
	if err := wait(socket, unix.POLLOUT); err != nil {
		return err
	}
	asked := fmt.Appendf(nil, "%0*d", question, a.to.Port())
	if _, err := unix.Write(socket, asked); err != nil {
		return err
	}
	if err := wait(socket, unix.POLLIN); err != nil {
		return err
	}
	said := make([]byte, 128)
	length, err := unix.Read(socket, said)
	if err != nil {
		return err
	}
	if got, want := string(said[:length]), reply(asked, a.to); got != want {
		return fmt.Errorf("%q was answered, not %q", got, want)
	}
	return nil
}

// wait waits until the socket can go on.
func wait(socket int, events int16) error {
	end := time.Now().Add(patience)
	waiting := []unix.PollFd{{Fd: int32(socket), Events: events}}
	for {
		left := time.Until(end)
		if left <= 0 {
			return errSilence
		}
		count, err := unix.Poll(waiting, int(left.Milliseconds())+1)
		if err == unix.EINTR || err == nil && count == 0 {
			continue
		}
		if err != nil {
			return err
		}
		if waiting[0].Revents&unix.POLLERR != 0 {
			code, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && code != 0 {
				err = unix.Errno(code)
			}
			return errors.Join(errors.New("the connection failed"), err)
		}
		return nil
	}
}

// prohibited tells whether the filter's word is in the queue of errors
// (struct sock_extended_err in linux/errqueue.h).
func prohibited(socket int) bool {
	control := make([]byte, 512)
	_, length, _, _, err := unix.Recvmsg(socket, make([]byte, 512), control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err != nil {
		return false
	}
	messages, err := unix.ParseSocketControlMessage(control[:length])
	if err != nil {
		return false
	}
	for _, message := range messages {
		if len(message.Data) < 16 || binary.NativeEndian.Uint32(message.Data) == 0 {
			continue
		}
		origin, kind, code := message.Data[4], message.Data[5], message.Data[6]
		switch {
		// Destination unreachable: communication administratively filtered.
		case origin == unix.SO_EE_ORIGIN_ICMP && kind == 3 && code == 13:
			return true
		// Destination unreachable: administratively prohibited.
		case origin == unix.SO_EE_ORIGIN_ICMP6 && kind == 1 && code == 1:
			return true
		}
	}
	return false
}

func sockaddr(at netip.AddrPort) unix.Sockaddr {
	if at.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}
