package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// probe is one connection to try.
type probe struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

// outcome is what came of a probe in each family.
type outcome struct {
	V4 string `json:"v4,omitempty"`
	V6 string `json:"v6,omitempty"`
}

const (
	allowed = "allowed"
	denied  = "denied"
)

// attempt is a probe in one family.
type attempt struct {
	from, to netip.AddrPort
	protocol string
	said     *string
}

// send tries every probe. Those of one sender go one after another, the senders
// at once.
func (n *network) send(probes []probe) ([]*outcome, error) {
	var answers []*outcome
	waiting := map[*space][]attempt{}
	listens := map[string]bool{}
	for _, probe := range probes {
		from, to := n.ends[probe.From], n.ends[probe.To]
		if from == nil || to == nil {
			return nil, fmt.Errorf("no end of this network: %s or %s", probe.From, probe.To)
		}
		answer := &outcome{}
		answers = append(answers, answer)
		for _, four := range []bool{true, false} {
			source, here := from.address(four)
			target, there := to.address(four)
			if !here || !there {
				continue
			}
			said := &answer.V4
			if !four {
				said = &answer.V6
			}
			at := netip.AddrPortFrom(target, probe.Port)
			waiting[from.space] = append(waiting[from.space],
				attempt{netip.AddrPortFrom(source, 0), at, probe.Protocol, said})
			key := probe.Protocol + at.String()
			if !listens[key] {
				listens[key] = true
				if err := n.listen(to.space, probe.Protocol, at); err != nil {
					return nil, err
				}
			}
		}
	}
	var all sync.WaitGroup
	var lock sync.Mutex
	var failed error
	for space, attempts := range waiting {
		all.Go(func() {
			err := space.within(func() error {
				for _, one := range attempts {
					*one.said = one.try()
				}
				return nil
			})
			lock.Lock()
			defer lock.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	all.Wait()
	return answers, failed
}

func (e *end) address(four bool) (netip.Addr, bool) {
	for _, address := range e.addresses {
		if address.Is4() == four {
			return address, true
		}
	}
	return netip.Addr{}, false
}

// listen answers on a port: with what was sent, and to whom it was sent.
func (n *network) listen(space *space, protocol string, at netip.AddrPort) error {
	return space.within(func() error {
		switch protocol {
		case "TCP":
			listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
			if err != nil {
				return err
			}
			n.closes = append(n.closes, func() { listener.Close() })
			go answerStreams(listener, at)
			return nil
		case "UDP":
			socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
			if err != nil {
				return err
			}
			n.closes = append(n.closes, func() { socket.Close() })
			go answerDatagrams(socket, at)
			return nil
		default:
			return fmt.Errorf("protocol %s cannot be sent by this judge", protocol)
		}
	})
}

// question is as long as every message: what came is known to be whole.
const question = 8

func answerStreams(listener *net.TCPListener, at netip.AddrPort) {
	for {
		connection, err := listener.AcceptTCP()
		if err != nil {
			return
		}
		asked := make([]byte, question)
		connection.SetDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(connection, asked); err == nil {
			connection.Write([]byte(reply(asked, at)))
		}
		connection.Close()
	}
}

func answerDatagrams(socket *net.UDPConn, at netip.AddrPort) {
	asked := make([]byte, 64)
	for {
		length, sender, err := socket.ReadFromUDPAddrPort(asked)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			socket.WriteToUDPAddrPort([]byte(reply(asked[:length], at)), sender)
		}
	}
}

func reply(asked []byte, at netip.AddrPort) string {
	return string(asked) + " at " + at.String()
}
