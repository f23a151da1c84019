package faults

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// kept are the fields of requests whose text may be found again, and what the names of those places begin with.
var kept = map[string][]string{
	"/stella.v1.KeyService/RotateKey.new_label": {""}, // a key's name is in its record, and in what is published
}

// A canary is a text that stands nowhere but in one field of one request.
type canary struct{ field, text string }

// A cage makes canaries.
type cage struct{ all []canary }

func (c *cage) hatch(field string) string {
	text := fmt.Sprintf("canary%05dxyzzy", len(c.all))
	c.all = append(c.all, canary{field, text})
	return text
}

// spellings are how a text may stand somewhere: as it is, in hex, and in base64 wherever it begins.
func (c canary) spellings() []string {
	all := []string{c.text, hex.EncodeToString([]byte(c.text))}
	for before := range 3 {
		coded := base64.StdEncoding.EncodeToString(append(make([]byte, before), c.text...))
		all = append(all, coded[(before*8+5)/6:(before+len(c.text))*8/6])
	}
	return all
}

// TestCanaries puts a canary into each text and each bytes field of each request, all fields at once and one by one,
// into the metadata of a call, and into the name of a method that is not there. None of them is found in what the daemon
// keeps, tells its log, counts, or exports.
func TestCanaries(t *testing.T) {
	h := newHomeOf(t, "", serveToken(t))
	config, err := os.ReadFile(h.config())
	must(t, err)
	must(t, os.WriteFile(h.config(), append(config, "log = \"debug\"\n"...), 0o600))
	a := h.start(t)
	var c cage
	for _, socket := range []string{api.AdminSocket, api.VerifySocket} {
		conn, err := grpc.NewClient("unix:"+h.path("run/"+socket+".sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		must(t, err)
		c.callAll(t, conn)
		must(t, conn.Close())
	}
	must(t, os.WriteFile(h.path("access.toml"), fmt.Appendf(nil, "version = 2\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n", os.Geteuid()), 0o600))
	_, err = a.access.Reload(within(t), &stellav1.ReloadRequest{})
	must(t, err)
	places := map[string]string{}
	metrics, err := a.status.Metrics(within(t), &stellav1.MetricsRequest{})
	must(t, err)
	places["the metrics"] = string(metrics.GetText())
	for name, text := range a.export(t) {
		places["export: "+name] = text
	}
	a.stop(t)
	places["the log"] = a.log.String()
	for _, name := range files(t, h.state) {
		data, _ := trimmed(t, filepath.Join(h.state, name))
		places[name] = string(data)
	}
	places["the HSM's log"] = h.token.log.String()
	c.search(t, places)
	t.Logf("%-24s %6d canaries in %d places", "canaries", len(c.all), len(places))
}

// callAll calls every method with canaries in its request.
func (c *cage) callAll(t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	methods, err := api.Methods()
	must(t, err)
	for _, m := range methods {
		name := protoreflect.FullName(strings.ReplaceAll(m.Name[1:], "/", "."))
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		must(t, err)
		method, ok := found.(protoreflect.MethodDescriptor)
		if !ok {
			t.Fatalf("%s is no method", name)
		}
		for _, only := range append([]string{""}, fieldsOf(method.Input(), "", 0)...) {
			req := dynamicpb.NewMessage(method.Input())
			c.fill(req, m.Name, "", only, 0)
			call(conn, method, m.Name, req, c.hatch(m.Name+" metadata"))
		}
	}
	unknown := protoreflect.FullName("stella.v1.StatusService.Status")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(unknown)
	must(t, err)
	method, _ := found.(protoreflect.MethodDescriptor)
	for _, format := range []string{"/stella.v1.StatusService/%s", "/%s/Status"} {
		call(conn, method, fmt.Sprintf(format, c.hatch("a method's name")), dynamicpb.NewMessage(method.Input()), "")
	}
}

// deep is how far messages within messages are gone into.
const deep = 4

// fieldsOf gives the paths of a message's text and bytes fields.
func fieldsOf(m protoreflect.MessageDescriptor, path string, depth int) (all []string) {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		name := path + "." + string(f.Name())
		switch f.Kind() {
		case protoreflect.StringKind, protoreflect.BytesKind:
			all = append(all, name)
		case protoreflect.MessageKind, protoreflect.GroupKind:
			if depth < deep {
				all = append(all, fieldsOf(f.Message(), name, depth+1)...)
			}
		default:
		}
	}
	return all
}

// fill puts canaries into the fields of a message: into all, or into the one only.
func (c *cage) fill(m *dynamicpb.Message, method, path, only string, depth int) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		name := path + "." + string(f.Name())
		if f.IsMap() || only != "" && only != name && !strings.HasPrefix(only, name+".") {
			continue
		}
		var value protoreflect.Value
		switch f.Kind() {
		case protoreflect.StringKind:
			value = protoreflect.ValueOfString(c.hatch(method + name))
		case protoreflect.BytesKind:
			value = protoreflect.ValueOfBytes([]byte(c.hatch(method + name)))
		case protoreflect.MessageKind, protoreflect.GroupKind:
			if depth == deep {
				continue
			}
			inner := dynamicpb.NewMessage(f.Message())
			c.fill(inner, method, name, only, depth+1)
			value = protoreflect.ValueOfMessage(inner)
		default:
			continue
		}
		if f.IsList() {
			m.Mutable(f).List().Append(value)
		} else {
			m.Set(f, value)
		}
	}
}

// call makes a call, whatever becomes of it, with a secret in its metadata.
func call(conn *grpc.ClientConn, method protoreflect.MethodDescriptor, name string, req proto.Message, secret string) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if secret != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+secret)
	}
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(ctx, desc, name)
	if err != nil || stream.SendMsg(req) != nil || stream.CloseSend() != nil {
		return
	}
	for range 100 {
		if stream.RecvMsg(dynamicpb.NewMessage(method.Output())) != nil {
			return
		}
	}
}

// search wants no canary in any place where it may not be, in any spelling. It gives those fields whose text is where it
// may be.
func (c *cage) search(t *testing.T, places map[string]string) (there map[string]bool) {
	t.Helper()
	there = map[string]bool{}
	told := map[string]bool{}
	for _, canary := range c.all {
		for place, text := range places {
			for _, spelling := range canary.spellings() {
				at := strings.Index(text, spelling)
				if at < 0 {
					continue
				}
				if slices.ContainsFunc(kept[canary.field], func(where string) bool { return strings.HasPrefix(place, where) }) {
					there[canary.field] = true
				} else if !told[canary.field+place] {
					told[canary.field+place] = true
					t.Errorf("%s is found in %s: …%s", canary.field, place, text[max(0, at-160):min(len(text), at+60)])
				}
			}
		}
	}
	return there
}
