package attest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"stellad/attest"
)

// A mutation changes one place of a bundle. What it makes is refused, or the
// place is named as not authenticated and all else of the verdict stays.

// TestMutatedFields changes each field of each fixture in turn, as the bundle's
// own description lists them: other values, none, one more, one less.
func TestMutatedFields(t *testing.T) { testMutatedFields(t, fixtures(t)) }

// TestMutatedFieldsOfVectors is TestMutatedFields for the published bundles.
func TestMutatedFieldsOfVectors(t *testing.T) { testMutatedFields(t, published(t)) }

func testMutatedFields(t *testing.T, all []fixture) {
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			whole := f.verify(t, f.bundle)
			tried := 0
			eachMutation(f.proto(t), func(path string, b *protobundle.Bundle) {
				tried++
				text, err := protojson.Marshal(b)
				if err != nil {
					return // no JSON says this
				}
				f.holds(t, whole, path, text)
			})
			if tried < 40 {
				t.Errorf("only %d mutations were tried", tried)
			}
		})
	}
}

// TestMutatedBytes changes each byte of the small fixtures' text in turn, and
// of the larger ones each seventh: coprime to base64's four, so that each
// position in a group is met.
func TestMutatedBytes(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			whole, before := f.verify(t, f.bundle), f.proto(t)
			stride := 1
			if len(f.bundle) > 4096 {
				stride = 7
			}
			for i := 0; i < len(f.bundle); i += stride {
				text := append([]byte{}, f.bundle...)
				text[i] ^= 1 << (i % 7)
				var after protobundle.Bundle
				if protojson.Unmarshal(text, &after) != nil || proto.Equal(before, &after) {
					continue // no bundle, or the same one in other letters
				}
				f.holds(t, whole, changedPath(before, &after), text)
			}
		})
	}
}

// holds checks one mutated bundle.
func (f fixture) holds(t *testing.T, whole *attest.Verdict, path string, text []byte) {
	t.Helper()
	v := f.verify(t, text)
	if v == nil || !v.Verified {
		if v != nil && (v.Reason == "" || strings.Contains(v.Reason, "\n")) {
			t.Errorf("%s: a refusal's reason is one line, not %q", path, v.Reason)
		}
		return
	}
	// sigstore-go compares a DSSE key ID with the key's; to DSSE it is a hint.
	if err := f.peerVerifies(text, v); err != nil && !strings.HasSuffix(path, ".keyid") {
		t.Errorf("%s was changed; this package verifies it and sigstore-go does not: %v", path, err)
	}
	if !namesPath(v.NotAuthenticated, path) && !isLess(v, whole) {
		t.Errorf("%s was changed, the bundle verifies, and the field is not named: %q", path, v.NotAuthenticated)
	}
	if !reflect.DeepEqual(v.Established, whole.Established) && !isLess(v, whole) {
		t.Errorf("%s was changed and the verdict with it:\n%s\n%s", path, asJSON(v.Established), asJSON(whole.Established))
	}
}

// isLess tells whether a verdict says what another says with proofs fewer, and
// says so: whoever holds a bundle can take an optional proof out of it.
func isLess(v, whole *attest.Verdict) bool {
	less, more := v.Established, whole.Established
	for _, l := range less.Logs {
		if !slices.ContainsFunc(more.Logs, func(m attest.LogRef) bool {
			return m.KeyID == l.KeyID && (m.Proof || !l.Proof) && (m.Promise || !l.Promise)
		}) {
			return false
		}
	}
	for _, at := range less.Times {
		if !slices.Contains(more.Times, at) {
			return false
		}
	}
	fewer := len(less.Logs) < len(more.Logs) || len(less.Times) < len(more.Times) || !reflect.DeepEqual(less.Logs, more.Logs)
	less.Logs, less.Times, more.Logs, more.Times = nil, nil, nil, nil
	return fewer && reflect.DeepEqual(less, more)
}

// namesPath tells whether a named field is the path, or holds it. A name may
// say after a colon which part of the field is meant.
func namesPath(named []string, path string) bool {
	for _, n := range named {
		field, _, _ := strings.Cut(n, ":")
		if path == field || strings.HasPrefix(path, field+".") || strings.HasPrefix(path, field+"[") {
			return true
		}
	}
	return false
}

func asJSON(v any) string {
	text, _ := json.MarshalIndent(v, "", " ")
	return string(text)
}

// eachMutation calls try with a changed copy for each field below b.
func eachMutation(b *protobundle.Bundle, try func(path string, b *protobundle.Bundle)) {
	walk(b.ProtoReflect(), "", func(path string, reach func(protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor)) {
		for _, change := range changes {
			copied := proto.Clone(b).(*protobundle.Bundle)
			parent, field := reach(copied.ProtoReflect())
			if within, changed := change(parent, field); changed {
				try(path+within, copied)
			}
		}
	})
}

// A reach finds, in a copy of the message that a walk began at, the message and
// the field that the walk has come to.
type reach = func(protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor)

// walk visits every field of m and below, those that are not set too.
func walk(m protoreflect.Message, prefix string, visit func(string, reach)) {
	walkFrom(m, prefix, func(top protoreflect.Message) protoreflect.Message { return top }, visit)
}

func walkFrom(m protoreflect.Message, prefix string, find func(protoreflect.Message) protoreflect.Message, visit func(string, reach)) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		path := strings.TrimPrefix(prefix+"."+fd.JSONName(), ".")
		visit(path, func(top protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor) {
			return find(top), fd
		})
		switch {
		case !m.Has(fd) || fd.Kind() != protoreflect.MessageKind:
		case fd.IsList():
			for j := range m.Get(fd).List().Len() {
				walkFrom(m.Get(fd).List().Get(j).Message(), fmt.Sprintf("%s[%d]", path, j),
					func(top protoreflect.Message) protoreflect.Message { return find(top).Get(fd).List().Get(j).Message() }, visit)
			}
		default:
			walkFrom(m.Get(fd).Message(), path,
				func(top protoreflect.Message) protoreflect.Message { return find(top).Get(fd).Message() }, visit)
		}
	}
}

// changes are the ways to change a field. Each tells whether it did, and where
// within the field.
var changes = []func(protoreflect.Message, protoreflect.FieldDescriptor) (within string, changed bool){
	clearField, otherScalar(0), otherScalar(1), otherScalar(-1), longer, emptyMessage,
	dropFirst, dropLast, doubleFirst, otherElement,
}

func clearField(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	had := m.Has(fd)
	m.Clear(fd)
	return "", had
}

// otherScalar changes a scalar: a number by one, a byte or letter at a place.
func otherScalar(at int) func(protoreflect.Message, protoreflect.FieldDescriptor) (string, bool) {
	return func(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
		if fd.IsList() || fd.IsMap() || fd.Kind() == protoreflect.MessageKind {
			return "", false
		}
		m.Set(fd, otherValue(m.Get(fd), fd, at))
		return "", true
	}
}

func otherValue(v protoreflect.Value, fd protoreflect.FieldDescriptor, at int) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(otherBytes(v.Bytes(), at))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(string(otherBytes([]byte(v.String()), at)))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(v.Enum() + 1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(v.Int() + 1 - 2*int64(at&1))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(v.Int()) + 1)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(!v.Bool())
	}
	panic("a kind of field that this test does not know: " + fd.Kind().String())
}

// otherBytes changes the lowest bit of a byte: the first, the middle or the last.
func otherBytes(b []byte, at int) []byte {
	if len(b) == 0 {
		return []byte("x")
	}
	changed := append([]byte{}, b...)
	i := map[int]int{0: 0, 1: len(b) / 2, -1: len(b) - 1}[at]
	changed[i] ^= 1
	return changed
}

func longer(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	if fd.IsList() || !m.Has(fd) {
		return "", false
	}
	switch fd.Kind() {
	case protoreflect.BytesKind:
		m.Set(fd, protoreflect.ValueOfBytes(append(m.Get(fd).Bytes(), 0)))
	case protoreflect.StringKind:
		m.Set(fd, protoreflect.ValueOfString(m.Get(fd).String()+"x"))
	default:
		return "", false
	}
	return "", true
}

// emptyMessage empties a message, or puts an empty one where another of its
// oneof stands. An empty message in an empty place says nothing.
func emptyMessage(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	if fd.IsList() || fd.Kind() != protoreflect.MessageKind || !m.Has(fd) && fd.ContainingOneof() == nil {
		return "", false
	}
	m.Set(fd, m.NewField(fd))
	if only := fd.Message().Fields(); only.Len() == 1 {
		return "." + only.Get(0).JSONName(), true
	}
	return "", true
}

func dropFirst(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	return "[0]", relist(m, fd, func(l []protoreflect.Value) []protoreflect.Value { return l[1:] })
}

func dropLast(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	return lastOf(m, fd, -1), relist(m, fd, func(l []protoreflect.Value) []protoreflect.Value { return l[:len(l)-1] })
}

func doubleFirst(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	return lastOf(m, fd, 0), relist(m, fd, func(l []protoreflect.Value) []protoreflect.Value { return append(l, l[0]) })
}

func lastOf(m protoreflect.Message, fd protoreflect.FieldDescriptor, more int) string {
	if !fd.IsList() {
		return ""
	}
	return fmt.Sprintf("[%d]", m.Get(fd).List().Len()+more)
}

func otherElement(m protoreflect.Message, fd protoreflect.FieldDescriptor) (string, bool) {
	if fd.Kind() != protoreflect.BytesKind {
		return "", false
	}
	return "[0]", relist(m, fd, func(l []protoreflect.Value) []protoreflect.Value {
		l[0] = protoreflect.ValueOfBytes(otherBytes(l[0].Bytes(), 1))
		return l
	})
}

func relist(m protoreflect.Message, fd protoreflect.FieldDescriptor, change func([]protoreflect.Value) []protoreflect.Value) bool {
	if !fd.IsList() || m.Get(fd).List().Len() == 0 {
		return false
	}
	old := m.Get(fd).List()
	values := make([]protoreflect.Value, old.Len())
	for i := range values {
		values[i] = old.Get(i)
	}
	fresh := m.NewField(fd)
	for _, v := range change(values) {
		fresh.List().Append(v)
	}
	m.Set(fd, fresh)
	return true
}

// changedPath finds the one field in which two bundles differ.
func changedPath(a, b *protobundle.Bundle) string {
	found := "?"
	walk(a.ProtoReflect(), "", func(path string, reach reach) {
		defer func() { _ = recover() }() // b lacks the message that a has here
		ma, fd := reach(a.ProtoReflect())
		mb, _ := reach(b.ProtoReflect())
		if !ma.Get(fd).Equal(mb.Get(fd)) && len(path) >= len(found) {
			found = path
		}
	})
	return found
}
