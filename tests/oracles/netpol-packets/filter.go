package main

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
	core "k8s.io/api/core/v1"
)

// filter writes the rules of every node: what a pod sends is judged where it
// leaves, what it is sent where it arrives. It returns how many rules there are.
func (n *network) filter(world *cluster) (int, error) {
	count := 0
	for name, space := range n.nodes {
		table, err := newTable(space)
		if err != nil {
			return count, err
		}
		err = table.fill(world, name)
		count += table.rules
		if err != nil {
			return count, fmt.Errorf("nftables: %w", err)
		}
	}
	return count, nil
}

// table is the one of a node.
type table struct {
	connection *nftables.Conn
	table      *nftables.Table
	rules      int
}

func newTable(space *space) (*table, error) {
	connection, err := nftables.New(nftables.WithNetNSFd(int(space.file.Fd())))
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	made := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "netpol"})
	return &table{connection: connection, table: made}, nil
}

func (t *table) fill(world *cluster, node string) error {
	forward := t.hook("forward", nftables.ChainHookForward)
	// What a pod sends to its own node is not forwarded. What its node sends
	// it passes neither hook: no policy forbids that.
	input := t.hook("input", nftables.ChainHookInput)
	for _, chain := range []*nftables.Chain{forward, input} {
		// Replies pass, and what policies say nothing of: messages about the network itself.
		t.add(chain, established(), verdict(expr.VerdictAccept))
		for _, protocol := range []byte{unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6} {
			t.add(chain, isProtocol(protocol), verdict(expr.VerdictAccept))
		}
	}
	for number, pod := range world.pods {
		if pod.node != node || pod.hostNetwork {
			continue
		}
		for _, way := range directions {
			first, err := t.pod(world, pod, number, way)
			if err != nil {
				return err
			}
			for _, address := range pod.addresses {
				own := isIn(netip.PrefixFrom(address, address.BitLen()), way == egress, expr.CmpOpEq)
				t.add(forward, own, verdict(expr.VerdictJump, first))
				if way == egress {
					t.add(input, own, verdict(expr.VerdictJump, first))
				}
			}
		}
	}
	return t.connection.Flush()
}

// pod writes the chains of one direction, tier by tier, and returns the name of
// the first. To return from a chain is to let the packet go on.
func (t *table) pod(world *cluster, subject *pod, number int, way direction) (string, error) {
	name := func(tier string) string { return fmt.Sprintf("%s-%d-%s", way, number, tier) }
	names := []string{name("admin"), name("policy"), name("baseline")}
	chains := make([]*nftables.Chain, len(names))
	for at, name := range names {
		chains[at] = t.connection.AddChain(&nftables.Chain{Name: name, Table: t.table})
	}
	// A jump needs a chain that is there.
	if err := t.connection.Flush(); err != nil {
		return "", err
	}
	// Out of the pod the other side is the destination.
	source := way == ingress
	for _, at := range []int{0, 2} {
		lines, err := world.tier(subject, way, at == 2)
		if err != nil {
			return "", err
		}
		for _, line := range lines {
			does := verdict(expr.VerdictReturn)
			switch {
			case line.action == deny:
				does = reject()
			case line.action == pass && at == 0:
				does = verdict(expr.VerdictGoto, names[1])
			}
			t.add(chains[at], line.matches(source), does)
		}
	}
	t.add(chains[0], verdict(expr.VerdictGoto, names[1]))
	lines, isolated, err := world.allowed(subject, way)
	if err != nil {
		return "", err
	}
	if !isolated {
		t.add(chains[1], verdict(expr.VerdictGoto, names[2]))
		return names[0], t.connection.Flush()
	}
	for _, line := range lines {
		t.add(chains[1], line.matches(source), verdict(expr.VerdictReturn))
	}
	t.add(chains[1], reject())
	return names[0], t.connection.Flush()
}

func (t *table) hook(name string, at *nftables.ChainHook) *nftables.Chain {
	return t.connection.AddChain(&nftables.Chain{
		Name: name, Table: t.table, Type: nftables.ChainTypeFilter,
		Hooknum: at, Priority: nftables.ChainPriorityFilter,
	})
}

// add writes one rule of several parts.
func (t *table) add(chain *nftables.Chain, parts ...[]expr.Any) {
	var all []expr.Any
	for _, part := range parts {
		all = append(all, part...)
	}
	t.connection.AddRule(&nftables.Rule{Table: t.table, Chain: chain, Exprs: all})
	t.rules++
}

// matches are the conditions of a line; source says whether the other side is
// where the packet comes from.
func (l *line) matches(source bool) []expr.Any {
	var all []expr.Any
	if l.block != nil {
		all = append(all, isIn(l.block.within, source, expr.CmpOpEq)...)
		for _, hole := range l.block.except {
			all = append(all, isIn(hole, source, expr.CmpOpNeq)...)
		}
	}
	if l.port != nil {
		all = append(all, isProtocol(numbers[l.port.protocol])...)
		all = append(all,
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
			&expr.Range{
				Op: expr.CmpOpEq, Register: 1,
				FromData: binaryutil.BigEndian.PutUint16(l.port.first),
				ToData:   binaryutil.BigEndian.PutUint16(l.port.last),
			})
	}
	return all
}

var numbers = map[core.Protocol]byte{
	core.ProtocolTCP:  unix.IPPROTO_TCP,
	core.ProtocolUDP:  unix.IPPROTO_UDP,
	core.ProtocolSCTP: unix.IPPROTO_SCTP,
}

// isIn compares the source or the destination with a block. A packet of the
// other family never fits.
func isIn(block netip.Prefix, source bool, is expr.CmpOp) []expr.Any {
	family, offset := byte(unix.NFPROTO_IPV4), uint32(16)
	if block.Addr().Is6() {
		family, offset = unix.NFPROTO_IPV6, 24
	}
	size := uint32(block.Addr().BitLen() / 8)
	if source {
		offset -= size
	}
	mask := make([]byte, size)
	for bit := range block.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: size, Mask: mask, Xor: make([]byte, size)},
		&expr.Cmp{Op: is, Register: 1, Data: block.Addr().AsSlice()},
	}
}

func isProtocol(number byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{number}},
	}
}

func established() []expr.Any {
	states := uint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	return []expr.Any{
		&expr.Ct{Register: 1, Key: expr.CtKeySTATE},
		&expr.Bitwise{
			SourceRegister: 1, DestRegister: 1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(states), Xor: make([]byte, 4),
		},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

func verdict(kind expr.VerdictKind, chain ...string) []expr.Any {
	made := &expr.Verdict{Kind: kind}
	if len(chain) > 0 {
		made.Chain = chain[0]
	}
	return []expr.Any{made}
}

// reject says no in a way that nothing else does: administratively prohibited.
func reject() []expr.Any {
	return []expr.Any{&expr.Reject{
		Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED,
	}}
}
