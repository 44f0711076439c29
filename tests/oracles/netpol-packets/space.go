package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// space is a network namespace. It has no name and no process: it is gone when
// its last file is closed, however this process ends.
type space struct {
	file   *os.File
	handle *netlink.Handle
	// links counts those to the children.
	links int
}

// becomeRoot starts this program again as root of a user namespace, where it is
// not root and may do that. It tells whether to go on in this process.
func becomeRoot() bool {
	const again = "NETPOL_PACKETS_AGAIN"
	if os.Geteuid() == 0 || os.Getenv(again) != "" {
		return true
	}
	child := exec.Command("/proc/self/exe")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), again+"=1")
	one := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: one(os.Getuid()), GidMappings: one(os.Getgid()),
		Pdeathsig: syscall.SIGKILL,
	}
	runtime.LockOSThread()
	if err := child.Start(); err != nil {
		// Then what is missing is said when it is asked for.
		return true
	}
	if err := child.Wait(); err != nil {
		warn(err)
		os.Exit(1)
	}
	return false
}

// newSpace makes a namespace. One that forwards is a node or the net between.
func newSpace(forwards bool) (made *space, err error) {
	failed := inThread(func() {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("network namespaces (run as root): %w", err)
			return
		}
		made = &space{}
		if made.file, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return
		}
		if made.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return
		}
		if err = settings(forwards); err != nil {
			return
		}
		err = made.up("lo")
	})
	if err == nil {
		err = failed
	}
	if err != nil && made != nil {
		made.close()
	}
	return made, err
}

// settings are those of the namespace that the thread is in.
func settings(forwards bool) error {
	wanted := []struct {
		path, value string
		optional    bool
	}{
		// An address can be used at once.
		{path: "ipv6/conf/all/accept_dad", value: "0"},
		{path: "ipv6/conf/default/accept_dad", value: "0"},
		{path: "ipv6/conf/default/disable_ipv6", value: "0"},
		{path: "ipv4/conf/all/rp_filter", value: "0"},
		{path: "ipv4/conf/default/rp_filter", value: "0"},
		// Every packet that is refused is told of.
		{path: "ipv4/icmp_ratelimit", value: "0"},
		{path: "ipv6/icmp/ratelimit", value: "0"},
		// Before Linux 6.11 these are of the whole machine.
		{path: "ipv4/icmp_msgs_per_sec", value: "1000000", optional: true},
		{path: "ipv4/icmp_msgs_burst", value: "1000000", optional: true},
	}
	if forwards {
		wanted = append(wanted, []struct {
			path, value string
			optional    bool
		}{
			{path: "ipv4/ip_forward", value: "1"},
			{path: "ipv6/conf/all/forwarding", value: "1"},
			{path: "ipv6/conf/default/forwarding", value: "1"},
		}...)
	}
	for _, one := range wanted {
		err := os.WriteFile("/proc/sys/net/"+one.path, []byte(one.value), 0)
		if err != nil && !one.optional {
			return fmt.Errorf("settings of a network namespace: %w", err)
		}
	}
	return nil
}

// within runs something in the namespace: sockets that it opens are there.
func (s *space) within(do func() error) error {
	var err error
	failed := inThread(func() {
		if err = unix.Setns(int(s.file.Fd()), unix.CLONE_NEWNET); err == nil {
			err = do()
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// inThread runs something in a thread that may change its namespace: the thread
// ends with the goroutine that never unlocks it.
func inThread(do func()) error {
	ended := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		defer func() {
			if panicked := recover(); panicked != nil {
				ended <- fmt.Errorf("%v", panicked)
			}
		}()
		do()
	}()
	return <-ended
}

func (s *space) close() {
	if s.handle != nil {
		s.handle.Close()
	}
	if s.file != nil {
		s.file.Close()
	}
}

func (s *space) up(name string) error {
	link, err := s.handle.LinkByName(name)
	if err != nil {
		return err
	}
	return s.handle.LinkSetUp(link)
}

// wire is how the two ends of a link call each other.
type wire struct {
	router4, child4, router6, child6 netip.Addr
}

var (
	toPod  = newWire("169.254.1.1", "169.254.1.2", "fe80::1", "fe80::2")
	toCore = newWire("169.254.0.1", "169.254.0.2", "fe80::a", "fe80::b")
)

func newWire(router4, child4, router6, child6 string) wire {
	parse := netip.MustParseAddr
	return wire{parse(router4), parse(child4), parse(router6), parse(child6)}
}

// attach links a child to its router, as its eth0, with these addresses. What
// else lies behind it is routed there too.
func (s *space) attach(child *space, by wire, addresses, behind []netip.Addr) error {
	name := fmt.Sprintf("c%d", s.links)
	s.links++
	made := netlink.NewLinkAttrs()
	made.Name = name
	veth := &netlink.Veth{LinkAttrs: made, PeerName: "eth0", PeerNamespace: netlink.NsFd(child.file.Fd())}
	if err := s.handle.LinkAdd(veth); err != nil {
		return fmt.Errorf("a veth link: %w", err)
	}
	own, err := s.handle.LinkByName(name)
	if err != nil {
		return err
	}
	far, err := child.handle.LinkByName("eth0")
	if err != nil {
		return err
	}
	if err := s.ready(own, by.router4, by.router6); err != nil {
		return err
	}
	if err := child.ready(far, append([]netip.Addr{by.child4, by.child6}, addresses...)...); err != nil {
		return err
	}
	// Both ends know each other: nothing waits for an answer that got lost.
	if err := s.knows(own, far, append([]netip.Addr{by.child4, by.child6}, addresses...)); err != nil {
		return err
	}
	if err := child.knows(far, own, []netip.Addr{by.router4, by.router6}); err != nil {
		return err
	}
	// Routes of the child: the gateway is on the link, the rest behind it.
	routes := []*netlink.Route{
		{Dst: single(by.router4), Scope: netlink.SCOPE_LINK},
		{Dst: single(netip.IPv4Unspecified()), Gw: by.router4.AsSlice(), Flags: int(netlink.FLAG_ONLINK)},
		{Dst: single(netip.IPv6Unspecified()), Gw: by.router6.AsSlice()},
	}
	routes[1].Dst.Mask, routes[2].Dst.Mask = net.CIDRMask(0, 32), net.CIDRMask(0, 128)
	for _, route := range routes {
		route.LinkIndex = far.Attrs().Index
		if err := child.handle.RouteAdd(route); err != nil {
			return fmt.Errorf("route to %v: %w", route.Dst, err)
		}
	}
	routes = []*netlink.Route{{Dst: single(by.child4), Scope: netlink.SCOPE_LINK}}
	for _, address := range addresses {
		routes = append(routes, &netlink.Route{Dst: single(address), Scope: netlink.SCOPE_LINK})
	}
	for _, address := range behind {
		gateway := by.child4
		if address.Is6() {
			gateway = by.child6
		}
		routes = append(routes, &netlink.Route{Dst: single(address), Gw: gateway.AsSlice(), Flags: int(netlink.FLAG_ONLINK)})
	}
	for _, route := range routes {
		// Every child of a router has the same address on the link itself.
		route.LinkIndex = own.Attrs().Index
		if err := s.handle.RouteReplace(route); err != nil {
			return fmt.Errorf("route to %v: %w", route.Dst, err)
		}
	}
	return nil
}

// ready gives a link addresses, and sets it up.
func (s *space) ready(link netlink.Link, addresses ...netip.Addr) error {
	for _, address := range addresses {
		one := &netlink.Addr{IPNet: single(address), Flags: unix.IFA_F_NODAD}
		if address.IsLinkLocalUnicast() {
			one.Scope = int(netlink.SCOPE_LINK)
			if address.Is6() {
				one.Mask = net.CIDRMask(64, 128)
			}
		}
		if err := s.handle.AddrAdd(link, one); err != nil {
			return fmt.Errorf("address %s: %w", address, err)
		}
	}
	return s.handle.LinkSetUp(link)
}

// knows tells one end of a link by which hardware the addresses at the other are reached.
func (s *space) knows(own, far netlink.Link, addresses []netip.Addr) error {
	for _, address := range addresses {
		err := s.handle.NeighSet(&netlink.Neigh{
			LinkIndex: own.Attrs().Index, State: netlink.NUD_PERMANENT,
			IP: address.AsSlice(), HardwareAddr: far.Attrs().HardwareAddr,
		})
		if err != nil {
			return fmt.Errorf("neighbour %s: %w", address, err)
		}
	}
	return nil
}

// single is the block that holds one address.
func single(address netip.Addr) *net.IPNet {
	return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(address.BitLen(), address.BitLen())}
}
