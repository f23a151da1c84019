package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/coreos/go-systemd/v22/dbus"
)

// sandbox are the properties of the daemon's unit that cut it off, and how each reads where it does.
var sandbox = []struct {
	property string
	cut      func(value any) bool
}{
	{"PrivateNetwork", isTrue},
	{"RestrictAddressFamilies", onlyUnix},
	{"IPAddressDeny", someDenied},
	{"NoNewPrivileges", isTrue},
	{"CapabilityBoundingSet", isZero},
	{"ProtectSystem", isText("strict")},
	{"ProtectHome", isText("yes")},
	{"MemoryDenyWriteExecute", isTrue},
	{"NoExecPaths", isList("/")},
	{"PrivateDevices", isTrue},
}

// unitSeals asks systemd, over the system's bus, for the unit of the daemon's process.
func unitSeals(ctx context.Context, pid uint32) []sealAnswer {
	unknown := func(err error) []sealAnswer { return []sealAnswer{{"unit", false, "not known: " + err.Error()}} }
	bus, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return unknown(err)
	}
	defer bus.Close()
	unit, err := bus.GetUnitNameByPID(ctx, pid)
	if err != nil {
		return unknown(err)
	}
	if !strings.HasSuffix(unit, ".service") {
		return []sealAnswer{{"unit", false, fmt.Sprintf("the daemon is in %s, and no service of systemd's", unit)}}
	}
	properties, err := bus.GetUnitTypePropertiesContext(ctx, unit, "Service")
	if err != nil {
		return unknown(err)
	}
	all := []sealAnswer{}
	for _, s := range sandbox {
		value, there := properties[s.property]
		text := fmt.Sprintf("%s: %s=%v", unit, s.property, value)
		if !there {
			text = fmt.Sprintf("%s: this systemd does not know %s", unit, s.property)
		}
		all = append(all, sealAnswer{"unit " + s.property, there && s.cut(value), text})
	}
	return all
}

func isTrue(value any) bool { is, ok := value.(bool); return ok && is }

func isZero(value any) bool { n, ok := value.(uint64); return ok && n == 0 }

func isText(want string) func(any) bool {
	return func(value any) bool { return fmt.Sprint(value) == want }
}

func isList(want string) func(any) bool {
	return func(value any) bool { list, ok := value.([]string); return ok && len(list) == 1 && list[0] == want }
}

// onlyUnix reads (allow list, families).
func onlyUnix(value any) bool {
	pair, ok := value.([]any)
	if !ok || len(pair) != 2 {
		return false
	}
	families, ok := pair[1].([]string)
	return ok && isTrue(pair[0]) && len(families) == 1 && families[0] == "AF_UNIX"
}

// someDenied reads a list of address ranges, which has both families where all are denied.
func someDenied(value any) bool { return strings.Count(fmt.Sprint(value), "[") > 2 }
